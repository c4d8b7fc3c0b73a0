/** Why a rule did or did not call: now, by what the line holds; or then, by what is stored of before. */

import { scoreSources } from '@ausculta/rules/detectors/score-sources';
import { Monitor } from '@ausculta/rules/protocol/monitor';
import type { Explained } from '@ausculta/rules/protocol/monitor-input';
import type { Rule } from '@ausculta/rules/protocol/protocol';
import { metricsOfVital } from '@ausculta/vitals/lookup';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { PlannedWatch } from '../line/planned.ts';
import type { SeriesRange } from '../telemetry/merge.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

const DAY_MS = 86_400_000;
/** A trend looks back over a month at most; anything else over less than a day. */
const TREND_DAYS = 32;

export interface ExplainingPorts {
  readonly telemetry: Pick<Telemetry, 'windows'>;
}

/**
 * By the plan of now and the readings as they are stored, each as if it had been received when it was
 * measured: what came late then, or was answered, is not in it.
 */
export async function explainedThen(
  { telemetry }: ExplainingPorts,
  subject: RegisteredSubject,
  asked: { readonly planned: PlannedWatch; readonly rule: string; readonly atMs: number },
): Promise<readonly Explained[]> {
  const { planned, rule: key, atMs } = asked;
  const rules = planned.plan.rules.map(({ rule }) => rule);
  const rule = rules.find((one) => one.key === key);
  const metrics = rule === undefined ? [] : metricsOf(rule, rules);
  const fromMs = atMs - (rule?.detector.kind === 'trend' ? TREND_DAYS : 1) * DAY_MS;
  const monitor = new Monitor(planned.plan, fromMs);
  if (metrics.length > 0) {
    const question = { subjectId: subject.id, metrics, fromMs, toMs: atMs };
    const windows = telemetry.windows({ ...question, newestFirst: false, unreadable: [] });
    for await (const ranges of windows) replay(monitor, ranges, atMs);
  }
  monitor.take({ kind: 'clock', receivedAtMs: atMs });
  return monitor.explain(key, atMs);
}

/** What a rule reads; a composite what its parts read. */
function metricsOf({ detector }: Rule, rules: readonly Rule[]): string[] {
  if ('vital' in detector) return metricsOfVital(detector.vital).map(({ key }) => key);
  if (detector.kind === 'score') return [...scoreSources(detector.score).keys()];
  if (detector.kind !== 'composite') return [];
  const parts = rules.filter(({ key }) => detector.parts.includes(key));
  const simple = parts.filter((part) => part.detector.kind !== 'composite');
  return [...new Set(simple.flatMap((part) => metricsOf(part, rules)))];
}

function replay(monitor: Monitor, ranges: readonly SeriesRange[], untilMs: number): void {
  const readings = ranges.flatMap(({ series, timesMs, values, flags }) =>
    Array.from(timesMs, (atMs, index) => ({
      kind: 'reading' as const,
      device: series.deviceId,
      metric: series.metric.key,
      atMs,
      receivedAtMs: atMs,
      value: values[index] ?? 0,
      flags: flags[index] ?? 0,
    })),
  );
  readings.sort((one, other) => one.atMs - other.atMs);
  for (const reading of readings) if (reading.atMs <= untilMs) monitor.take(reading);
}
