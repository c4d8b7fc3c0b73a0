/**
 * What a rhythm is called when it calls (safety S7): asystole from 4 s, ventricular tachycardia from five
 * ventricular beats at 100 a minute. The algorithms that see beats stand in `clinical`; here is only where
 * the line lies. A poor signal never hides any of these, it only says so (safety S1).
 */
export const RHYTHM_FINDINGS = [
  'asystole',
  'ventricular-fibrillation',
  'ventricular-tachycardia',
  'extreme-bradycardia',
  'extreme-tachycardia',
  'short-ventricular-run',
] as const;

export type RhythmFinding = (typeof RHYTHM_FINDINGS)[number];

const ASYSTOLE_FROM_MS = 4_000;
const TACHYCARDIA_BEATS = 5;
const TACHYCARDIA_PER_MINUTE = 100;
const SHORT_RUN_BEATS = 3;

export function findingOfPause(pauseMs: number): RhythmFinding | undefined {
  return pauseMs >= ASYSTOLE_FROM_MS ? 'asystole' : undefined;
}

/** Consecutive ventricular beats. Five or more that are slower are no tachycardia. */
export function findingOfRun({
  beats,
  perMinute,
}: {
  readonly beats: number;
  readonly perMinute: number;
}): RhythmFinding | undefined {
  if (beats >= TACHYCARDIA_BEATS)
    return perMinute >= TACHYCARDIA_PER_MINUTE ? 'ventricular-tachycardia' : undefined;
  return beats >= SHORT_RUN_BEATS ? 'short-ventricular-run' : undefined;
}
