/**
 * What was measured of somebody while nobody knew that it was theirs, judged by their own limits as
 * what it is: late. A breach that lasted as long as its delay calls, as "happened 40 min ago" (safety
 * S5). The detectors that watch over them now are not asked: these judge what lies behind, alone.
 */
import { type LimitRule, limitsOfMetric } from '@ausculta/rules/adult-limits';
import type { Metric } from '@ausculta/vitals/metric';
import type { PatientCategory } from '@ausculta/vitals/subject';
import { Evaluator } from '../line/evaluate.ts';
import type { Finding } from '../line/finding.ts';
import type { PlannedWatch } from '../line/planned.ts';
import type { SeriesRange } from '../telemetry/merge.ts';

type Told = Extract<Finding, { kind: 'raised' | 'passed' }>;

/** Whether a metric has limits at all among those of a patient. */
export function isJudged(limits: readonly LimitRule[], metric: Metric): boolean {
  return limitsOfMetric(limits, metric).length > 0;
}

export class LateJudge {
  readonly #evaluator: Evaluator;
  readonly #found = new Map<string, Told>();

  /** By the limits of their plan, where they have one. */
  constructor(category: PatientCategory, planned?: PlannedWatch) {
    this.#evaluator = new Evaluator(
      () => category,
      () => planned?.assigned.protocol,
    );
    if (planned === undefined) return;
    const { place, given } = planned;
    const act = { kind: 'plan', given } as const;
    this.#evaluator.plans.watchCare({ kind: 'care', ...place, receivedMs: 0, offsetMs: 0, act });
  }

  /** In time order, window by window. */
  add({ series, stampsMs, timesMs, values, flags }: SeriesRange): void {
    for (let i = 0; i < timesMs.length; i += 1) {
      const timeMs = timesMs[i] as number;
      const reading = {
        stampMs: stampsMs[i] as number,
        value: values[i] as number,
        flags: flags[i] as number,
      };
      const arrival = { series, reading, timeMs, receivedMs: timeMs, insertion: 'late' } as const;
      for (const finding of this.#evaluator.evaluate(arrival)) this.#note(finding);
    }
  }

  #note(finding: Finding): void {
    if (finding.kind === 'raised' || finding.kind === 'passed') {
      // What is wrong with a device in the past calls nobody to the patient.
      if (finding.rule.kind === 'limit' && !finding.rule.key.startsWith('technical/')) {
        this.#found.set(finding.alarmId, finding);
      }
      return;
    }
    const known = this.#found.get(finding.alarmId);
    if (known === undefined) return;
    if (finding.kind === 'worsened')
      this.#found.set(known.alarmId, { ...known, value: finding.value });
    if (finding.kind === 'risen')
      this.#found.set(known.alarmId, { ...known, priority: finding.priority });
  }

  /** All as over, told now. */
  findings(atMs: number): Finding[] {
    return [...this.#found.values()].map((told) => ({ ...told, kind: 'passed', atMs }));
  }
}
