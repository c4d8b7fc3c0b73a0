import classes from './problem-note.module.css';

/** Why an act was not done; it is read aloud. */
export function ProblemNote({ problem }: { readonly problem: string | undefined }) {
  if (problem === undefined) return null;
  return (
    <p className={classes.note} role="alert">
      <b>Nothing has changed.</b> {problem}
    </p>
  );
}
