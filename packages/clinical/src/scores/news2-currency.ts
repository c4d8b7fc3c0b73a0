import type { News2Observations, News2Score } from './news2.ts';

/**
 * How long an observation may stand in the score: the monitoring frequency that NEWS2 sets for the
 * score last found (Royal College of Physicians 2017, ISBN 978-1-86016-682-2, clinical response
 * table). Older ones are missing, and the score is partial (safety S19).
 */
export function observationAgeMaxMs(last: News2Score | undefined): number {
  if (last === undefined || last.risk === null) return HOUR_MS;
  switch (last.risk) {
    case 'low':
      return last.total === 0 ? 12 * HOUR_MS : 6 * HOUR_MS;
    // From 7 the table says "continuous" without an interval. The hour of the band below it bounds
    // what people chart; what a monitor sends grows stale by its own cadence long before.
    case 'low-medium':
    case 'medium':
    case 'high':
      return HOUR_MS;
    default:
      return last.risk satisfies never;
  }
}

const HOUR_MS = 3_600_000;

type TimedKey = Exclude<keyof News2Observations, 'scale'>;
export type ObservedAtMs = Readonly<Partial<Record<TimedKey, number>>>;

export interface TimedObservations {
  readonly seen: News2Observations;
  readonly observedAtMs: ObservedAtMs;
}

/** What of `seen` still counts at `nowMs`. The scale is a clinician's order and does not age. */
export function currentObservations(
  { seen, observedAtMs }: TimedObservations,
  { nowMs, last }: { readonly nowMs: number; readonly last: News2Score | undefined },
): News2Observations {
  const ageMaxMs = observationAgeMaxMs(last);
  const isCurrent = (key: TimedKey) => {
    const atMs = observedAtMs[key];
    // An observation without its time cannot be called current; one from the future is a clock's fault.
    return atMs !== undefined && nowMs - atMs <= ageMaxMs;
  };
  return {
    scale: seen.scale,
    rr: isCurrent('rr') ? seen.rr : undefined,
    spo2: isCurrent('spo2') ? seen.spo2 : undefined,
    o2: isCurrent('o2') ? seen.o2 : undefined,
    sbp: isCurrent('sbp') ? seen.sbp : undefined,
    hr: isCurrent('hr') ? seen.hr : undefined,
    acvpu: isCurrent('acvpu') ? seen.acvpu : undefined,
    temp: isCurrent('temp') ? seen.temp : undefined,
  };
}
