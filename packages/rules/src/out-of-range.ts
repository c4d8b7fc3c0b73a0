import { FLAG, hasFlag, isOneSided } from '@ausculta/vitals/reading';

/**
 * "Value out of range, check patient" (safety S2): a value that no sensor can truthfully give is
 * judged by the limits like any other, and told as a technical alarm of medium priority beside. A
 * meter's HI and LO are no artefacts: they satisfy the limits and are not told here.
 */
export interface OutOfRangeState {
  readonly isRaised: boolean;
  /** Stamp of the opening reading; 0 unless raised. */
  readonly sinceMs: number;
  readonly lastAtMs: number;
}

export const IN_RANGE: OutOfRangeState = { isRaised: false, sinceMs: 0, lastAtMs: 0 };

export const OUT_OF_RANGE_PRIORITY = 'medium';

export function outOfRangeKey(vital: string): string {
  return `technical/${vital}/out-of-range`;
}

export interface OutOfRangeStep {
  readonly state: OutOfRangeState;
  readonly transition?: 'raised' | 'ended';
}

/** Late readings neither raise nor end: what a sensor did a while ago needs no look at the patient. */
export function onRangeSample(
  state: OutOfRangeState,
  sample: { readonly atMs: number; readonly flags: number },
): OutOfRangeStep {
  const { atMs, flags } = sample;
  if (atMs < state.lastAtMs) return { state };
  const isOut = hasFlag(flags, FLAG.IMPLAUSIBLE) && !isOneSided(flags);
  if (isOut === state.isRaised) return { state: { ...state, lastAtMs: atMs } };
  const next = { isRaised: isOut, sinceMs: isOut ? atMs : 0, lastAtMs: atMs };
  return { state: next, transition: isOut ? 'raised' : 'ended' };
}
