import { FLAG } from '@ausculta/vitals/reading';
import type { LimitSettings, LimitState } from './limit.ts';

/**
 * The quiet path. Nearly every reading of nearly every patient lies within every limit of its series
 * while nothing is pending or raised; then each rule's next state is the same plain one, and no rule
 * has to be asked. `onSample` stays the truth: this only says, in whole steps, where all of them
 * would answer "within".
 */
export interface CalmRange {
  readonly step: number;
  /** The lowest and the highest count of steps that lie within every limit. */
  readonly lowest: number;
  readonly highest: number;
}

/** A value that is one-sided or implausible is always looked at by every rule. */
const TELLING = FLAG.ABOVE | FLAG.BELOW | FLAG.IMPLAUSIBLE;

/** `limits`: those of one series, so they share its step. */
export function calmRange(limits: readonly LimitSettings[], step: number): CalmRange {
  let lowest = Number.NEGATIVE_INFINITY;
  let highest = Number.POSITIVE_INFINITY;
  for (const { direction, limit } of limits) {
    const breach = Math.round(limit / step);
    if (direction === 'high') highest = Math.min(highest, breach - 1);
    else lowest = Math.max(lowest, breach + 1);
  }
  return { step, lowest, highest };
}

export function isCalm(range: CalmRange, value: number, flags: number): boolean {
  if ((flags & TELLING) !== 0) return false;
  const steps = Math.round(value / range.step);
  return steps >= range.lowest && steps <= range.highest;
}

/** What `onSample` makes of a quiet state and a calm reading that is no older than the last. */
export function quietAfter(last: {
  readonly atMs: number;
  readonly value: number;
  readonly flags: number;
}): LimitState {
  return { phase: 'quiet', sinceMs: 0, raisedAtMs: 0, withinAtMs: last.atMs, last };
}
