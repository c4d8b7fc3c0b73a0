/**
 * What the readings of a metric are held against, for each category of patients: made once and shared
 * by all series of the metric. With fifty thousand series whatever each has of its own is what the
 * server is filled with.
 */
import {
  type LimitRule,
  limitsOfMetric,
  readyLimits,
  settingsFor,
} from '@ausculta/rules/adult-limits';
import type { AlarmRule } from '@ausculta/rules/alarm-rule';
import { type CalmRange, calmRange } from '@ausculta/rules/calm';
import type { LimitSettings } from '@ausculta/rules/limit';
import { outOfRangeRule } from '@ausculta/rules/out-of-range';
import { TECHNICAL_LIMITS } from '@ausculta/rules/technical-limits';
import type { Metric } from '@ausculta/vitals/metric';
import type { PatientCategory } from '@ausculta/vitals/subject';

export interface Judgement {
  readonly rules: readonly {
    readonly rule: AlarmRule;
    /** Undefined for the plausible range, which has nothing to set. */
    readonly settings: LimitSettings | undefined;
  }[];
  readonly calm: CalmRange;
}

export class Judgements {
  readonly #known = new Map<PatientCategory, Map<Metric, Judgement>>();
  readonly #besidePlan = new Map<Metric, Judgement>();

  /** Of whoever has a plan: its limits are its own, and what can be true at all is the line's. */
  besidePlan(metric: Metric): Judgement {
    const known = this.#besidePlan.get(metric) ?? judgementOf([], metric);
    this.#besidePlan.set(metric, known);
    return known;
  }

  of(category: PatientCategory, metric: Metric): Judgement {
    let ofCategory = this.#known.get(category);
    if (ofCategory === undefined) {
      ofCategory = new Map();
      this.#known.set(category, ofCategory);
    }
    let judgement = ofCategory.get(metric);
    if (judgement === undefined) {
      judgement = judgementOf([...readyLimits(category), ...TECHNICAL_LIMITS], metric);
      ofCategory.set(metric, judgement);
    }
    return judgement;
  }
}

function judgementOf(all: readonly LimitRule[], metric: Metric): Judgement {
  const limits = limitsOfMetric(all, metric);
  const judged = limits.map((rule) => ({ rule, settings: settingsFor(rule, metric) }));
  const settings = judged.map((one) => one.settings);
  const calm = calmRange(settings, metric.resolution);
  // Samples are not judged one by one.
  if (metric.kind === 'waveform') return { rules: judged, calm };
  return { rules: [...judged, { rule: outOfRangeRule(metric, 0), settings: undefined }], calm };
}
