import type { Metric } from '@ausculta/vitals/metric';

/** How a number may be shown: as it is, greyed with its age, or not at all ("--"). */
export type Freshness = 'fresh' | 'stale' | 'absent';

/** Network and batching are given this much beyond the expected interval. */
const GRACE_MS = 2_000;
/** What is further ahead of now was measured before the clock was set back, and nobody knows when. */
const AHEAD_MS = 5_000;
const STALE_INTERVALS = 1.5;
const ABSENT_INTERVALS = 3;

/**
 * Grey past 1.5 expected intervals + 2 s, "--" past 3 intervals + 2 s. Episodic metrics have no
 * interval and only show their age. On a silent connection nothing is fresh, whatever its age.
 */
export function freshnessOf(number: {
  readonly metric: Metric;
  readonly ageMs: number;
  readonly silent: boolean;
}): Freshness {
  const { cadence } = number.metric;
  if (isAhead(number.ageMs)) return 'absent';
  if (cadence.kind !== 'continuous') return number.silent ? 'stale' : 'fresh';
  if (number.ageMs > ABSENT_INTERVALS * cadence.intervalMs + GRACE_MS) return 'absent';
  if (number.silent) return 'stale';
  return number.ageMs > STALE_INTERVALS * cadence.intervalMs + GRACE_MS ? 'stale' : 'fresh';
}

/** Of a moment that has not come yet: its age is not known, and it is not of now. */
export function isAhead(ageMs: number): boolean {
  return ageMs < -AHEAD_MS;
}

/** Two readings further apart than this are not joined by a line. */
export function gapMs(metric: Metric): number {
  if (metric.cadence.kind !== 'continuous') return Number.POSITIVE_INFINITY;
  return ABSENT_INTERVALS * metric.cadence.intervalMs + GRACE_MS;
}
