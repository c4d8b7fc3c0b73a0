import type { ReadingsMoved } from '@ausculta/contract/subjects';
import { movedText } from './moved-text.ts';
import classes from './patient-header.module.css';

/** Whoever looked at this record before may have been misled: it is said for some days, on both sides. */
export function MovedReadings({ moved }: { readonly moved: readonly ReadingsMoved[] }) {
  if (moved.length === 0) return null;
  return (
    <ul className={classes.moved} aria-label="Readings that were moved">
      {moved.map((one) => (
        <li key={`${one.device} ${one.way} ${one.atMs} ${one.fromMs}`}>{movedText(one)}</li>
      ))}
    </ul>
  );
}
