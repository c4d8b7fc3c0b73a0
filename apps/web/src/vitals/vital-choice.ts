import { metricByKey } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import { type Freshness, freshnessOf } from './freshness.ts';

export interface Candidate {
  readonly metric: string;
  readonly device: string;
  readonly timeMs: number;
  readonly value: number;
  readonly flags: number;
  readonly decimals: number;
}

/** The one number that a tile shows for a vital, with what must be said about it. */
export interface VitalNumber {
  readonly metric: Metric;
  readonly reading: Candidate;
  readonly ageMs: number;
  readonly freshness: Freshness;
}

const FRESHNESS_ORDER: Record<Freshness, number> = { fresh: 0, stale: 1, absent: 2 };

/**
 * Of all series of a vital the best-ranked that is fresh and of good quality; when none is fresh,
 * the one that was seen last. Undefined when the vital was never measured.
 */
export function chooseVital(
  readings: Iterable<Candidate>,
  wanted: { readonly vital: string; readonly nowMs: number; readonly silent: boolean },
): VitalNumber | undefined {
  let best: VitalNumber | undefined;
  for (const reading of readings) {
    const metric = metricByKey(reading.metric);
    if (metric === undefined || metric.vital !== wanted.vital) continue;
    if (metric.kind === 'waveform') continue;
    const ageMs = wanted.nowMs - reading.timeMs;
    const freshness = freshnessOf({ metric, ageMs, silent: wanted.silent });
    const candidate = { metric, reading, ageMs: Math.max(0, ageMs), freshness };
    if (best === undefined || isBetter(candidate, best)) best = candidate;
  }
  return best;
}

function isBetter(one: VitalNumber, other: VitalNumber): boolean {
  const byFreshness = FRESHNESS_ORDER[one.freshness] - FRESHNESS_ORDER[other.freshness];
  if (byFreshness !== 0) return byFreshness < 0;
  if (one.freshness !== 'fresh') return one.reading.timeMs > other.reading.timeMs;
  const byQuality = doubt(one) - doubt(other);
  if (byQuality !== 0) return byQuality < 0;
  const byRank = one.metric.sourceRank - other.metric.sourceRank;
  if (byRank !== 0) return byRank < 0;
  return one.reading.timeMs > other.reading.timeMs;
}

function doubt({ reading }: VitalNumber): number {
  return hasFlag(reading.flags, FLAG.QUESTIONABLE) ? 1 : 0;
}
