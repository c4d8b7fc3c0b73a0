import type { GlucoseSeries } from './glucose-series.ts';
import { ascending, quantileOf } from './statistics.ts';

/**
 * Readings at even steps from midnight, linear between neighbours that are at most 45 minutes apart and
 * absent across longer gaps: Broll et al. 2021, "Interpreting blood glucose data with R package
 * iglu", doi:10.1371/journal.pone.0248560. A day's points are those after its midnight up to and with
 * the next.
 */
export interface GlucoseGrid {
  readonly stepMinutes: number;
  readonly pointsPerDay: number;
  /** Every day from the first reading's to the last's, `pointsPerDay` long; NaN where there is no value. */
  readonly days: readonly Float64Array[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
export const GAP_MAX_MINUTES = 45;

/** The usual step between readings, in whole minutes: 5 of most sensors, 15 of some. */
export function usualStepMinutes({ timesMs }: GlucoseSeries): number {
  const steps = Array.from(timesMs.subarray(1), (timeMs, i) => timeMs - (timesMs[i] as number));
  const median = quantileOf(ascending(steps), 0.5) / MINUTE_MS;
  return Math.max(1, Math.round(median) || 1);
}

export function gridOf(series: GlucoseSeries, gapMaxMinutes = GAP_MAX_MINUTES): GlucoseGrid {
  const stepMinutes = usualStepMinutes(series);
  const pointsPerDay = Math.floor(1440 / stepMinutes);
  const firstMs = series.timesMs[0] ?? 0;
  const lastMs = series.timesMs.at(-1) ?? 0;
  const days: Float64Array[] = [];
  let at = 0;
  for (let midnightMs = midnightOf(firstMs); midnightMs <= lastMs; midnightMs += DAY_MS) {
    const values = new Float64Array(pointsPerDay).fill(Number.NaN);
    for (let point = 0; point < pointsPerDay; point++) {
      const atMs = midnightMs + (point + 1) * stepMinutes * MINUTE_MS;
      if (atMs < firstMs || atMs > lastMs) continue;
      while (at + 1 < series.timesMs.length && (series.timesMs[at + 1] as number) <= atMs) at += 1;
      const value = between(series, { at, atMs, gapMaxMinutes });
      if (value !== undefined) values[point] = value;
    }
    days.push(values);
  }
  return { stepMinutes, pointsPerDay, days };
}

/** All days one after another. */
export function joined({ days, pointsPerDay }: GlucoseGrid): Float64Array {
  const values = new Float64Array(days.length * pointsPerDay);
  for (const [index, day] of days.entries()) values.set(day, index * pointsPerDay);
  return values;
}

export function midnightOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS) * DAY_MS;
}

/** `at`: the last reading not after `atMs`. */
function between(
  { timesMs, mgDl }: GlucoseSeries,
  { at, atMs, gapMaxMinutes }: { at: number; atMs: number; gapMaxMinutes: number },
): number | undefined {
  const earlierMs = timesMs[at] as number;
  const earlier = mgDl[at] as number;
  if (earlierMs === atMs) return earlier;
  const laterMs = timesMs[at + 1];
  if (laterMs === undefined || laterMs - earlierMs > gapMaxMinutes * MINUTE_MS) return undefined;
  const share = (atMs - earlierMs) / (laterMs - earlierMs);
  return earlier + ((mgDl[at + 1] as number) - earlier) * share;
}
