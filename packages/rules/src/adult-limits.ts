import { metricsOfVital } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { AlarmRule } from './alarm-rule.ts';
import type { LimitSettings } from './limit.ts';

/**
 * Limits that are ready for adults, and for nobody else (safety S18): each bound is the one at which
 * a single parameter of NEWS2 (Royal College of Physicians, 2017) scores 3, or 2 where NEWS2 has no 3
 * on that side. SpO2 follows scale 1: a patient on scale 2 needs limits of their own.
 *
 * Delays (safety S6): on-delays belong to SpO2 and respiration. A heart rate is annunciated within
 * 10 s including its averaging of up to 8 s, so 2 s remain; they keep out a single stray value.
 */
export interface LimitRule extends AlarmRule {
  readonly kind: 'limit';
  readonly vital: string;
  readonly delayMs: number;
  readonly clearance: number;
  /** Where the bound comes from. */
  readonly source: string;
}

const HEART_RATE_DELAY_MS = 2_000;
const SPO2_DELAY_MS = 10_000;
const RESP_RATE_DELAY_MS = 15_000;

type Written = Omit<LimitRule, 'kind' | 'key' | 'episodeKey'> & { readonly isOuter?: true };

function rule({ isOuter, ...written }: Written): LimitRule {
  const episodeKey = `limit/${written.vital}/${written.direction}`;
  const key = isOuter ? `${episodeKey}/outer` : episodeKey;
  return { kind: 'limit', key, episodeKey, ...written };
}

export const ADULT_LIMITS: readonly LimitRule[] = [
  rule({
    vital: 'heart-rate',
    direction: 'high',
    limit: 131,
    delayMs: HEART_RATE_DELAY_MS,
    clearance: 2,
    priority: 'high',
    source: 'NEWS2: pulse ≥ 131 scores 3',
  }),
  rule({
    vital: 'heart-rate',
    direction: 'low',
    limit: 40,
    delayMs: HEART_RATE_DELAY_MS,
    clearance: 2,
    priority: 'high',
    source: 'NEWS2: pulse ≤ 40 scores 3',
  }),
  rule({
    vital: 'spo2',
    direction: 'low',
    limit: 91,
    delayMs: SPO2_DELAY_MS,
    clearance: 1,
    priority: 'high',
    source: 'NEWS2 scale 1: SpO2 ≤ 91 scores 3',
  }),
  rule({
    isOuter: true,
    vital: 'spo2',
    direction: 'low',
    limit: 80,
    delayMs: 0,
    clearance: 1,
    priority: 'high',
    source: 'Safety S6: SpO2 ≤ 80 without delay',
  }),
  rule({
    vital: 'resp-rate',
    direction: 'high',
    limit: 25,
    delayMs: RESP_RATE_DELAY_MS,
    clearance: 1,
    priority: 'high',
    source: 'NEWS2: respiration ≥ 25 scores 3',
  }),
  rule({
    vital: 'resp-rate',
    direction: 'low',
    limit: 8,
    delayMs: RESP_RATE_DELAY_MS,
    clearance: 1,
    priority: 'high',
    source: 'NEWS2: respiration ≤ 8 scores 3',
  }),
  rule({
    vital: 'blood-pressure-systolic',
    direction: 'high',
    limit: 220,
    delayMs: 0,
    clearance: 4,
    priority: 'high',
    source: 'NEWS2: systolic pressure ≥ 220 scores 3',
  }),
  rule({
    vital: 'blood-pressure-systolic',
    direction: 'low',
    limit: 90,
    delayMs: 0,
    clearance: 2,
    priority: 'high',
    source: 'NEWS2: systolic pressure ≤ 90 scores 3',
  }),
  rule({
    vital: 'body-temperature',
    direction: 'high',
    limit: 39.1,
    delayMs: 0,
    clearance: 0.2,
    priority: 'medium',
    source: 'NEWS2: temperature ≥ 39.1 scores 2',
  }),
  rule({
    vital: 'body-temperature',
    direction: 'low',
    limit: 35,
    delayMs: 0,
    clearance: 0.2,
    priority: 'high',
    source: 'NEWS2: temperature ≤ 35.0 scores 3',
  }),
];

const NO_LIMITS: readonly LimitRule[] = [];

/** The limits that may apply to a patient of this category before anybody has set any. */
export function readyLimits(category: PatientCategory): readonly LimitRule[] {
  return category === 'adult' ? ADULT_LIMITS : NO_LIMITS;
}

/** The rules that watch this metric: every source of a vital is held against its limits. */
export function limitsOfMetric(rules: readonly LimitRule[], metric: Metric): readonly LimitRule[] {
  return rules.filter((one) => metricsOfVital(one.vital).some(({ key }) => key === metric.key));
}

/**
 * A rule as it runs on one metric's series. A delay needs readings to wait for, so an episodic source,
 * such as the pulse of a cuff, has none: its one value is all there will be for a long while.
 */
export function settingsFor(limit: LimitRule, metric: Metric): LimitSettings {
  const { cadence, resolution } = metric;
  const { direction, clearance } = limit;
  const judged = { direction, limit: limit.limit, clearance, step: resolution };
  if (cadence.kind !== 'continuous') return { ...judged, delayMs: 0 };
  return { ...judged, delayMs: limit.delayMs, expectedIntervalMs: cadence.intervalMs };
}
