import { midnightOf, usualStepMinutes } from './glucose-grid.ts';
import type { GlucoseSeries } from './glucose-series.ts';
import { ascending, quantileOf } from './statistics.ts';

/**
 * The ambulatory glucose profile: percentiles by time of day, and whether there is enough data for it.
 * Bergenstal et al. 2013, doi:10.1089/dia.2013.0051; sufficiency (14 days, 70 % of them) and
 * percentiles by Battelino et al. 2019, doi:10.2337/dci19-0028. Readings of an hour around each point
 * are taken together, which is the smoothing; nothing is drawn where fewer than five days have any.
 */
export interface AgpPoint {
  readonly minuteOfDay: number;
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  /** On how many days there was a reading. */
  readonly days: number;
}

const BIN_MINUTES = 30;
const HALF_WINDOW_MINUTES = 30;
const DAYS_MIN = 5;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

export function agpProfile({ timesMs, mgDl }: GlucoseSeries): AgpPoint[] {
  const points: AgpPoint[] = [];
  for (let minute = 0; minute < DAY_MINUTES; minute += BIN_MINUTES) {
    const near: number[] = [];
    const days = new Set<number>();
    for (const [i, timeMs] of timesMs.entries()) {
      const off = Math.abs(minuteOfDay(timeMs) - minute);
      if (Math.min(off, DAY_MINUTES - off) > HALF_WINDOW_MINUTES) continue;
      near.push(mgDl[i] as number);
      days.add(midnightOf(timeMs));
    }
    if (days.size < DAYS_MIN) continue;
    const sorted = ascending(near);
    points.push({
      minuteOfDay: minute,
      p5: quantileOf(sorted, 0.05),
      p25: quantileOf(sorted, 0.25),
      p50: quantileOf(sorted, 0.5),
      p75: quantileOf(sorted, 0.75),
      p95: quantileOf(sorted, 0.95),
      days: days.size,
    });
  }
  return points;
}

function minuteOfDay(timeMs: number): number {
  return (timeMs - midnightOf(timeMs)) / MINUTE_MS;
}

export interface DataSufficiency {
  readonly days: number;
  readonly activePercent: number;
  /** For the profile and the time in ranges to stand for the patient. */
  readonly isSufficient: boolean;
}

const SUFFICIENT_DAYS = 14;
const SUFFICIENT_PERCENT = 70;

/** Over the 14 days that end with the last reading. */
export function dataSufficiency(series: GlucoseSeries): DataSufficiency {
  const { timesMs } = series;
  const stepMinutes = usualStepMinutes(series);
  const lastMs = timesMs.at(-1) ?? 0;
  const fromMs = lastMs - SUFFICIENT_DAYS * DAY_MINUTES * MINUTE_MS;
  const recent = timesMs.filter((timeMs) => timeMs > fromMs);
  const expected = (SUFFICIENT_DAYS * DAY_MINUTES) / stepMinutes;
  const activePercent = Math.min(100, (100 * recent.length) / expected);
  const days = new Set(Array.from(recent, midnightOf)).size;
  return { days, activePercent, isSufficient: activePercent >= SUFFICIENT_PERCENT };
}
