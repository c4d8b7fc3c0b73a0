import { Link } from '@tanstack/react-router';
import classes from './odd-pages.module.css';

export function MissingPage() {
  return (
    <main className={classes.page}>
      <h1>There is no such page</h1>
      <p>
        <Link to="/watch">Go to Watch</Link>
      </p>
    </main>
  );
}

/** Something broke that we did not foresee: said plainly, because this screen may stand on a ward. */
export function FailedPage({ error }: { readonly error: unknown }) {
  return (
    <main className={classes.page} role="alert">
      <h1>This screen has stopped</h1>
      <p>No alarms are shown or sounded here until it is loaded again.</p>
      <p className={classes.detail}>{error instanceof Error ? error.message : 'Unknown reason'}</p>
      <button type="button" className={classes.button} onClick={() => window.location.reload()}>
        Load again
      </button>
    </main>
  );
}
