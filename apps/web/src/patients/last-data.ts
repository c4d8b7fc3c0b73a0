import { ageText } from '../vitals/number-text.ts';

/** The age of the newest number; a screen watches only so many patients. */
export function lastDataText(known: {
  readonly lastMs: number | undefined;
  readonly isWatched: boolean;
  readonly nowMs: number;
}): string {
  const { lastMs, isWatched, nowMs } = known;
  if (lastMs !== undefined) return ageText(nowMs - lastMs);
  return isWatched ? 'None yet' : 'Not watched here';
}
