/**
 * One value by itself: a spot check that somebody wrote down, of which no reading before or after is
 * known. There is nothing to wait for, so no limit has a delay; and it says nothing of the time after it.
 */
import { priorityRank } from '@ausculta/vitals/alarm';
import { isOfSurroundings } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { isOneSided } from '@ausculta/vitals/reading';
import { type LimitRule, limitsOfMetric, settingsFor } from './adult-limits.ts';
import type { AlarmRule } from './alarm-rule.ts';
import { onSample, QUIET } from './limit.ts';
import { outOfRangeRule } from './out-of-range.ts';

export interface SpotCheck {
  readonly metric: Metric;
  /** In the metric's canonical unit. */
  readonly value: number;
  readonly flags: number;
}

/** What it breaks, one rule for each condition: the limits of its patient, and what can be true at all. */
export function brokenBySpot(spot: SpotCheck, limits: readonly LimitRule[]): readonly AlarmRule[] {
  const { metric, value, flags } = spot;
  if (isOfSurroundings(metric)) return [];
  const sample = { atMs: 0, receivedAtMs: 0, value, flags };
  const byCondition = new Map<string, AlarmRule>();
  for (const rule of limitsOfMetric(limits, metric)) {
    const settings = { ...settingsFor(rule, metric), delayMs: 0 };
    if (onSample(QUIET, sample, settings).transition?.kind !== 'raised') continue;
    const before = byCondition.get(rule.episodeKey);
    const isFirst = before === undefined;
    if (isFirst || priorityRank(rule.priority) < priorityRank(before.priority))
      byCondition.set(rule.episodeKey, rule);
  }
  const { low, high } = metric.plausible;
  const isPlausible = isOneSided(flags) || (value >= low && value <= high);
  return [...byCondition.values(), ...(isPlausible ? [] : [outOfRangeRule(metric, value)])];
}
