import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { RequestRefused } from '../api/client.ts';
import classes from './list-states.module.css';

interface ErrorStateProps {
  readonly title: string;
  readonly error: Error;
  readonly retry: () => void;
  /** Who may, and whom to ask: for whoever may not. */
  readonly forWhom?: string;
}

const ASK = 'Ask whoever administers the accounts here what you may see.';

/** What happened, and again; to whoever may not, trying again would say the same. */
export function ErrorState({ title, error, retry, forWhom = ASK }: ErrorStateProps) {
  if (isRefusal(error)) return <EmptyState title="This is not for your role" text={forWhom} />;
  return (
    <div className={classes.state} role="alert">
      <h2>{title}</h2>
      <p>{reasonOf(error)}</p>
      <Button variant="default" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}

/** Signed in, and not allowed to. */
export function isRefusal(error: Error | null): boolean {
  return error instanceof RequestRefused && error.status === 403;
}

/** The server's faults speak to whoever sends data; somebody who only looks is told what to expect. */
export function reasonOf(error: Error): string {
  if (error instanceof RequestRefused && error.status >= 500) {
    return `The server cannot answer now (${error.fault}). This page tries again by itself.`;
  }
  return error.message;
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
      <p className={classes.text}>{text}</p>
      {commands.map((command) => (
        <code key={command} className={classes.command}>
          {command}
        </code>
      ))}
    </div>
  );
}

interface MissingStateProps {
  readonly title: string;
  readonly text: string;
  /** The way to where all of them are. */
  readonly children: ReactNode;
}

/** A page about one record that is not there. */
export function MissingState({ title, text, children }: MissingStateProps) {
  return (
    <main className={classes.missing}>
      <EmptyState title={title} text={text} />
      {children}
    </main>
  );
}
