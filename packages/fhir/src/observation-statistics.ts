/** What `Observation/$stats` tells: one Observation for a code, with a component for each figure (R4). */
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import type { Metric, MetricKind } from '@ausculta/vitals/metric';
import type { CodeableConcept, Observation, ObservationComponent } from '@medplum/fhirtypes';
import type { Interval } from './date-range.ts';
import { codingsOf } from './observation.ts';
import type { Token } from './observation-query.ts';
import { withoutNoise } from './observation-value.ts';
import { SYSTEM } from './systems.ts';

/** Of at least one value. */
export interface ValueFigures {
  readonly count: number;
  readonly mean: number;
  /** Over count - 1; null for a single value. */
  readonly sd: number | null;
  readonly min: number;
  readonly max: number;
  readonly percentiles: readonly { readonly percent: number; readonly value: number }[];
}

/** Every percentile that a figure is made of. */
export const STATISTIC_PERCENTS = [20, 25, 40, 50, 60, 75, 80] as const;

type Figure = (figures: ValueFigures) => number | undefined;

const percentile =
  (percent: (typeof STATISTIC_PERCENTS)[number]): Figure =>
  ({ percentiles }) =>
    percentiles.find((one) => one.percent === percent)?.value;

const FIGURES: ReadonlyMap<string, Figure> = new Map<string, Figure>([
  ['average', ({ mean }) => mean],
  ['minimum', ({ min }) => min],
  ['maximum', ({ max }) => max],
  ['sum', ({ mean, count }) => mean * count],
  ['median', percentile(50)],
  ['std-dev', ({ sd }) => sd ?? undefined],
  ['variance', ({ sd }) => (sd === null ? undefined : sd ** 2)],
  ['20-percent', percentile(20)],
  ['80-percent', percentile(80)],
  ['4-lower', percentile(25)],
  ['4-upper', percentile(75)],
  ['4-dev', (figures) => (percentile(75)(figures) ?? 0) - (percentile(25)(figures) ?? 0)],
  ['5-1', percentile(20)],
  ['5-2', percentile(40)],
  ['5-3', percentile(60)],
  ['5-4', percentile(80)],
]);

/** Of all values that were plausible, and of all there were. */
const COUNTS = ['count', 'total-count'] as const;

export function isStatistic(code: string): boolean {
  return FIGURES.has(code) || COUNTS.some((count) => count === code);
}

/** The numbers that a code names, whichever of a patient's devices measures them. */
export function metricsMeantBy(
  { system, code }: Token,
  kind: MetricKind = 'numeric',
): readonly Metric[] {
  return CATALOGUE.filter(
    (metric) =>
      metric.kind === kind &&
      codingsOf(metric).some(
        (one) => one.code === code && (system === undefined || one.system === system),
      ),
  );
}

export interface StatisticsTold {
  readonly subjectId: string;
  /** As it was asked for. */
  readonly code: CodeableConcept;
  /** In whose canonical unit the figures are. */
  readonly metric: Metric;
  readonly period: Interval;
  readonly statistics: readonly string[];
  /** Undefined where no value is plausible. */
  readonly figures: ValueFigures | undefined;
  readonly implausible: number;
  /** Part of the record does not open, and is in no figure. */
  readonly isPartial: boolean;
}

export function toStatistics(told: StatisticsTold): Observation {
  const { subjectId, code, period, statistics, isPartial } = told;
  const [start, end] = [period.fromMs, period.untilMs].map((ms) => new Date(ms).toISOString());
  return {
    resourceType: 'Observation',
    status: isPartial ? 'preliminary' : 'final',
    code,
    subject: { reference: `Patient/${subjectId}` },
    effectivePeriod: { start: start ?? '', end: end ?? '' },
    ...(isPartial && { note: [{ text: 'Part of the record does not open: it is in no figure.' }] }),
    component: statistics.map((statistic) => componentOf(statistic, told)),
  };
}

export function componentOf(
  statistic: string,
  told: Pick<StatisticsTold, 'metric' | 'figures' | 'implausible'>,
): ObservationComponent {
  const { metric, figures, implausible } = told;
  const coding = [{ system: SYSTEM.STATISTICS, code: statistic }];
  const count = figures?.count ?? 0;
  if (statistic === 'count' || statistic === 'total-count') {
    const value = statistic === 'count' ? count : count + implausible;
    return { code: { coding }, valueQuantity: quantity(value, '1') };
  }
  const value = figures && FIGURES.get(statistic)?.(figures);
  if (value === undefined) {
    const dataAbsentReason = { coding: [{ system: SYSTEM.DATA_ABSENT, code: 'unknown' }] };
    return { code: { coding }, dataAbsentReason };
  }
  // Squares of a unit are another unit; UCUM writes them so.
  const unit = statistic === 'variance' ? `(${metric.unit})2` : metric.unit;
  return { code: { coding }, valueQuantity: quantity(withoutNoise(metric, value), unit) };
}

export function quantity(value: number, unit: string) {
  return { value, unit, system: SYSTEM.UCUM, code: unit };
}
