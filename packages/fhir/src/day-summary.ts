/**
 * What a metric was in a day, as one Observation for another record: figures, of how much of the day they
 * are, and how they were made. It has no value of its own: nobody is to take a mean for a measurement.
 */
import type { Metric } from '@ausculta/vitals/metric';
import type { Identifier, Observation, ObservationComponent } from '@medplum/fhirtypes';
import type { LocalDays } from './local-day.ts';
import { categoryOf, codingsOf } from './observation.ts';
import { componentOf, quantity, type StatisticsTold } from './observation-statistics.ts';
import { SYSTEM } from './systems.ts';

/** Which day of whom: what the other record knows the summary by, whatever is said in it. */
export interface SummaryName {
  readonly subjectId: string;
  readonly metric: Metric;
  readonly day: string;
}

export interface DaySummary
  extends SummaryName,
    Pick<StatisticsTold, 'figures' | 'implausible' | 'isPartial'> {
  /** The patient, as the other record refers to it. */
  readonly patient: string;
  readonly days: LocalDays;
  /** Readings beyond what their device can tell; they stand at its bound. */
  readonly oneSided: number;
  /** Of the day; undefined for what is measured now and then. */
  readonly measuredMs: number | undefined;
  readonly devices: readonly string[];
  /** Of an invented person. */
  readonly isInvented: boolean;
  /** It was told before, otherwise. */
  readonly isAmended: boolean;
  readonly madeMs: number;
}

export const SUMMARY_STATISTICS = [
  'average',
  'minimum',
  'maximum',
  'median',
  'count',
  'total-count',
] as const;

/** What has a LOINC code, is a number, and is of a patient. */
export function isSummarised(metric: Metric): boolean {
  return metric.kind === 'numeric' && metric.loinc.length > 0 && categoryOf(metric) !== undefined;
}

export function summaryIdentifier({ subjectId, metric, day }: SummaryName): Identifier & {
  readonly system: string;
  readonly value: string;
} {
  return { system: SYSTEM.SUMMARY, value: `${subjectId}.${metric.key}.${day}` };
}

export function toDaySummary(summary: DaySummary): Observation {
  const { isPartial, isAmended, devices, madeMs } = summary;
  const [device] = devices;
  const component = SUMMARY_STATISTICS.map((statistic) => componentOf(statistic, summary));
  return {
    ...frameOf(summary),
    status: isPartial ? 'preliminary' : isAmended ? 'amended' : 'final',
    issued: new Date(madeMs).toISOString(),
    method: METHOD,
    ...(device !== undefined &&
      devices.length === 1 && { device: { identifier: { system: SYSTEM.DEVICE, value: device } } }),
    ...(isPartial && { note: [{ text: 'Part of the record does not open: it is in no figure.' }] }),
    component: [...component, ...ownFigures(summary)],
  };
}

export type WithdrawnSummary = SummaryName &
  Pick<DaySummary, 'patient' | 'days' | 'isInvented' | 'madeMs'>;

/** Of a day that has turned out to have none of these readings. */
export function toWithdrawnSummary(summary: WithdrawnSummary): Observation {
  return {
    ...frameOf(summary),
    status: 'entered-in-error',
    issued: new Date(summary.madeMs).toISOString(),
    dataAbsentReason: { coding: [{ system: SYSTEM.DATA_ABSENT, code: 'error' }] },
  };
}

function frameOf(
  name: WithdrawnSummary,
): Pick<
  Observation,
  'resourceType' | 'meta' | 'identifier' | 'category' | 'code' | 'subject' | 'effectivePeriod'
> {
  const { metric, patient, days, day, isInvented } = name;
  const { fromMs, untilMs } = days.spanOf(day);
  const category = categoryOf(metric);
  return {
    resourceType: 'Observation',
    ...(isInvented && { meta: { security: [{ system: SYSTEM.ACT_REASON, code: 'HTEST' }] } }),
    identifier: [summaryIdentifier(name)],
    ...(category !== undefined && {
      category: [{ coding: [{ system: SYSTEM.OBSERVATION_CATEGORY, code: category }] }],
    }),
    code: { coding: codingsOf(metric), text: `${metric.label}, figures of a day` },
    subject: { reference: patient },
    // The end of a Period belongs to it.
    effectivePeriod: { start: days.dateTimeOf(fromMs), end: days.dateTimeOf(untilMs - 1) },
  };
}

const METHOD = {
  coding: [{ system: SYSTEM.SUMMARY_FIGURE, code: 'statistics-of-a-day' }],
  text: 'Figures of all plausible readings of the day, each counted once, of whichever device; the median by definition 7 of Hyndman and Fan (1996). Readings themselves are in Ausculta.',
};

function ownFigures(summary: DaySummary): ObservationComponent[] {
  const { oneSided, measuredMs, days, day } = summary;
  const figures: ObservationComponent[] = [];
  if (measuredMs !== undefined) {
    const { fromMs, untilMs } = days.spanOf(day);
    const percent = Math.round((1000 * measuredMs) / (untilMs - fromMs)) / 10;
    figures.push(ownFigure('measured', 'Share of the day in which it was measured', percent, '%'));
  }
  if (oneSided > 0) {
    const text = 'Readings beyond what the device can tell, counted at its bound';
    figures.push(ownFigure('one-sided', text, oneSided, '1'));
  }
  return figures;
}

function ownFigure(code: string, text: string, value: number, unit: string): ObservationComponent {
  return {
    code: { coding: [{ system: SYSTEM.SUMMARY_FIGURE, code }], text },
    valueQuantity: quantity(value, unit),
  };
}

/** Whether two tell the same of the day, whoever has kept them and under whichever id. */
export function isSameSummary(one: Observation, other: Observation): boolean {
  return canonical(contentOf(one)) === canonical(contentOf(other));
}

function contentOf(observation: Observation): unknown {
  const { status, code, subject, effectivePeriod, device, component = [] } = observation;
  const isWhole = status === 'final' || status === 'amended' || status === 'corrected';
  return {
    status: isWhole ? 'final' : status,
    codes: codesOf(code.coding),
    subject: subject?.reference,
    fromMs: Date.parse(effectivePeriod?.start ?? ''),
    untilMs: Date.parse(effectivePeriod?.end ?? ''),
    device: device?.identifier?.value,
    figures: component.map((one) => ({
      codes: codesOf(one.code.coding),
      value: one.valueQuantity?.value,
      unit: one.valueQuantity?.code,
      isAbsent: one.dataAbsentReason !== undefined,
    })),
  };
}

function codesOf(codings: Observation['code']['coding'] = []): string[] {
  return codings.map(({ system, code }) => `${system}|${code}`).sort();
}

/** Keys stand in the order in which `contentOf` writes them; figures in any order are the same. */
function canonical(content: unknown): string {
  const { figures, ...rest } = content as { figures: unknown[] };
  return JSON.stringify([rest, figures.map((one) => JSON.stringify(one)).sort()]);
}
