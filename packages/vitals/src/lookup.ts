import { CATALOGUE } from './catalogue.ts';
import { expect } from './expect.ts';
import type { Metric } from './metric.ts';

/** A metric as somebody named it, with the unit that the name implies where the sender gives none. */
export interface NamedMetric {
  readonly metric: Metric;
  /** The canonical unit, except for LOINC codes that name another: 14743-9 is glucose in mmol/L. */
  readonly unit: string;
}

/** Maps rather than objects: a metric called "__proto__" or "constructor" is simply unknown. */
const byName = new Map<string, NamedMetric>();
const byVital = new Map<string, readonly Metric[]>();

for (const metric of CATALOGUE) {
  const named = { metric, unit: metric.unit };
  expect(!byName.has(metric.key), `the metric ${metric.key} is listed once`);
  byName.set(metric.key, named);
  byVital.set(
    metric.vital,
    [...(byVital.get(metric.vital) ?? []), metric].sort((a, b) => a.sourceRank - b.sourceRank),
  );
}
for (const metric of CATALOGUE) {
  const named = byName.get(metric.key) as NamedMetric;
  for (const term of metric.mdc) {
    claim(term.refId, named);
    claim(String(term.code), named);
  }
  for (const code of [...metric.loinc, ...metric.loincUnverified]) claim(code, named);
  for (const { code, unit } of metric.loincOfUnit) claim(code, { metric, unit });
}

/** The first metric of the catalogue to carry a code owns it. */
function claim(name: string, named: NamedMetric): void {
  if (!byName.has(name)) byName.set(name, named);
}

/** Finds by catalogue key, LOINC code, MDC code in decimal, or MDC reference id. */
export function findMetric(name: string): NamedMetric | undefined {
  return byName.get(name);
}

/** Finds by catalogue key alone: for series, rules and URLs, where a code would be a mistake. */
export function metricByKey(key: string): Metric | undefined {
  const metric = byName.get(key)?.metric;
  return metric?.key === key ? metric : undefined;
}

/** Of a room, a fridge or the device itself: nobody's body is told of by it. */
export function isOfSurroundings({ key, kind }: Metric): boolean {
  return kind === 'technical' || key.startsWith('ambient-');
}

/** For keys written in our own code: the catalogue holds them, or we have made a mistake. */
export function metricOf(key: string): Metric {
  const metric = metricByKey(key);
  expect(metric !== undefined, `the catalogue has the metric ${key}`);
  return metric;
}

/**
 * Finds a term of which sender gave both halves. Codes in the field are often wrong where the
 * reference id is right, so the id is believed first; `disagrees` asks the caller to log it.
 */
export function findMdcTerm(term: {
  readonly refId?: string;
  readonly code?: number;
}): (NamedMetric & { readonly disagrees: boolean }) | undefined {
  const byRefId = term.refId?.startsWith('MDC_') ? byName.get(term.refId) : undefined;
  const byCode = term.code === undefined ? undefined : byName.get(String(term.code));
  const found = byRefId ?? byCode;
  if (found === undefined) return undefined;
  const bothGiven = term.refId !== undefined && term.code !== undefined;
  return { ...found, disagrees: bothGiven && byRefId?.metric !== byCode?.metric };
}

/** All metrics of one vital, the best source first; empty for a vital nobody knows. */
export function metricsOfVital(vital: string): readonly Metric[] {
  return byVital.get(vital) ?? [];
}
