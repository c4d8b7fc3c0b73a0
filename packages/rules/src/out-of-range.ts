import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { isOfSurroundings } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { FLAG, hasFlag, isOneSided } from '@ausculta/vitals/reading';
import type { AlarmRule } from './alarm-rule.ts';
import { quietAfter } from './calm.ts';
import type { LimitState, LimitStep, Sample } from './limit.ts';

/**
 * "Value out of range, check patient" (safety S2): a value that no sensor can truthfully give is
 * judged by the limits like any other, and told as a technical alarm of medium priority beside. Of a
 * fridge or a battery it says nothing about a patient: then it is low, and ends by itself. A meter's HI and LO are no artefacts: they satisfy the limits and are not told here.
 *
 * It is the plainest of limits, without delay or band, and keeps the same state as one.
 */
function priorityOf(metric: Metric): AlarmPriority {
  return isOfSurroundings(metric) ? 'low' : 'medium';
}

export function outOfRangeKey(vital: string): string {
  return `technical/${vital}/out-of-range`;
}

/** The rule as `value` has broken it: the bound of the plausible range that it lies beyond. */
export function outOfRangeRule(metric: Metric, value: number): AlarmRule {
  const { vital, plausible } = metric;
  const key = outOfRangeKey(vital);
  const isHigh = value > plausible.high;
  return {
    kind: 'out-of-range',
    key,
    episodeKey: key,
    priority: priorityOf(metric),
    direction: isHigh ? 'high' : 'low',
    limit: isHigh ? plausible.high : plausible.low,
  };
}

/** Late readings neither raise nor end: what a sensor did a while ago needs no look at the patient. */
export function onRangeSample(state: LimitState, sample: Sample): LimitStep {
  const { value, flags } = sample;
  const atMs = Math.min(sample.atMs, sample.receivedAtMs);
  if (state.last !== null && atMs < state.last.atMs) return { state };
  const last = { atMs, value, flags };
  const isOut = hasFlag(flags, FLAG.IMPLAUSIBLE) && !isOneSided(flags);
  if (!isOut) {
    const next = quietAfter(last);
    if (state.phase === 'quiet') return { state: next };
    return { state: next, transition: { kind: 'ended', sinceMs: state.sinceMs, atMs } };
  }
  if (state.phase === 'raised') return { state: { ...state, last } };
  const { withinAtMs } = state;
  const raised: LimitState = { phase: 'raised', sinceMs: atMs, raisedAtMs: atMs, withinAtMs, last };
  return { state: raised, transition: { kind: 'raised', sinceMs: atMs, atMs } };
}
