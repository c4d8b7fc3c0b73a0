import { Button } from '@mantine/core';
import classes from './list-states.module.css';

interface ErrorStateProps {
  readonly title: string;
  readonly error: Error;
  readonly retry: () => void;
}

/** What happened, and again. */
export function ErrorState({ title, error, retry }: ErrorStateProps) {
  return (
    <div className={classes.state} role="alert">
      <h2>{title}</h2>
      <p>{error.message}</p>
      <Button variant="default" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}

interface EmptyStateProps {
  readonly title: string;
  readonly text: string;
  readonly commands?: readonly string[];
}

/** Nothing here, and what to do next. */
export function EmptyState({ title, text, commands = [] }: EmptyStateProps) {
  return (
    <div className={classes.state}>
      <h2>{title}</h2>
      <p>{text}</p>
      {commands.map((command) => (
        <code key={command} className={classes.command}>
          {command}
        </code>
      ))}
    </div>
  );
}
