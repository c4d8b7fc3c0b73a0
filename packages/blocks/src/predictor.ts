/**
 * Four ways to guess the next integer of a column from the three before it. A group of 32 picks the
 * one that fits best, because a waveform changes its nature within a beat: flat and noisy between
 * beats, straight on a slope, bent at a peak.
 *
 * With d = a - b and e = b - c (a the latest value, c the oldest), the guess is
 * a + ((d * slope + e * bend) >> 2) in 32-bit wrapping arithmetic, so that it exists, and can be undone, for any
 * integers at all.
 */
export interface Predictor {
  /** Quarters of the last step. */
  readonly slope: number;
  /** Quarters of the step before it. */
  readonly bend: number;
}

export const PREDICTORS: readonly [Predictor, Predictor, Predictor, Predictor] = [
  { slope: 0, bend: 0 }, // the last value again
  { slope: 2, bend: 0 }, // half of the last step
  { slope: 4, bend: 0 }, // the last step again: delta of delta
  { slope: 6, bend: -3 }, // three quarters of the step that a parabola would take
];
