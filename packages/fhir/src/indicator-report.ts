/** Indicators as a MeasureReport (R4) with its Measure, and as CSV. A number that is not told is masked. */
import type {
  Extension,
  Measure,
  MeasureReport,
  MeasureReportGroup,
  MeasureReportGroupPopulation,
} from '@medplum/fhirtypes';
import type { Cell, IndicatorCells } from './indicator-cells.ts';
import type { IndicatorPeriod } from './indicator-period.ts';
import { EXTENSION, SYSTEM } from './systems.ts';

export const MEASURE_URL = 'urn:ausculta:measure:monitoring';

/** What each tells of; a change of meaning is another version. */
const INDICATORS = {
  patients: 'Patients and beds of whom at least one reading is kept.',
  devices: 'Devices of which at least one reading is kept.',
  readings: 'Readings that are kept, by vital.',
  'glucose-below': 'Of all readings of glucose, how many are below 70 mg/dL, in percent.',
  'glucose-above': 'Of all readings of glucose, how many are above 180 mg/dL, in percent.',
  alarms:
    'Alarms that were raised, by priority; how many a person acknowledged (numerator), and the median time until then, in seconds.',
} as const;

type Indicator = keyof typeof INDICATORS;

export function toMeasure(): Measure {
  return {
    resourceType: 'Measure',
    url: MEASURE_URL,
    version: '1',
    name: 'Monitoring',
    title: 'Monitoring of an organisation',
    status: 'active',
    description: 'Numbers that rest on too few people are not told.',
    group: Object.entries(INDICATORS).map(([code, description]) => ({
      code: codeOf(code),
      description,
    })),
  };
}

export interface ReportOf {
  readonly period: IndicatorPeriod;
  /** The ends of the period, as instants of its place. */
  readonly start: string;
  readonly end: string;
  readonly cells: IndicatorCells;
  /** When it is made. */
  readonly at: string;
}

export const reportIdentifier = ({ name }: Pick<IndicatorPeriod, 'name'>) => ({
  system: SYSTEM.INDICATORS,
  value: name,
});

export function toMeasureReport({ period, start, end, cells, at }: ReportOf): MeasureReport {
  const { patients, devices, readings, glucoseBelow, glucoseAbove, alarms } = cells;
  const { all, ...byPriority } = alarms;
  return {
    resourceType: 'MeasureReport',
    identifier: [reportIdentifier(period)],
    status: 'complete',
    type: 'summary',
    measure: `${MEASURE_URL}|1`,
    date: at,
    period: { start, end },
    group: [
      group('patients', { population: [population(patients)] }),
      group('devices', { population: [population(devices)] }),
      group(
        'readings',
        strata(
          'vital',
          [...readings].map(([vital, cell]) => [vital, { population: [population(cell)] }]),
        ),
      ),
      group('glucose-below', score(glucoseBelow, '%')),
      group('glucose-above', score(glucoseAbove, '%')),
      group('alarms', {
        ...answered(all),
        ...strata(
          'priority',
          Object.entries(byPriority).map(([priority, one]) => [priority, answered(one)]),
        ),
      }),
    ],
  };
}

type Told = Pick<MeasureReportGroup, 'population' | 'measureScore'>;

const group = (code: Indicator, told: Omit<MeasureReportGroup, 'code'>): MeasureReportGroup => ({
  code: codeOf(code),
  ...told,
});

const codeOf = (code: string) => ({ coding: [{ system: SYSTEM.INDICATOR, code }] });

function strata(by: string, all: readonly (readonly [string, Told])[]) {
  if (all.length === 0) return {};
  const stratum = all.map(([value, told]) => ({ value: { text: value }, ...told }));
  return { stratifier: [{ code: [{ text: by }], stratum }] };
}

function answered({ raised, acknowledged, medianSeconds }: IndicatorCells['alarms']['all']): Told {
  const counts = [population(raised), population(acknowledged, 'numerator')];
  return { population: counts, ...score(medianSeconds, 's') };
}

const MASKED: Extension = { url: EXTENSION.DATA_ABSENT, valueCode: 'masked' };

function population(
  cell: Cell,
  code: 'initial-population' | 'numerator' = 'initial-population',
): MeasureReportGroupPopulation {
  const coding = [{ system: SYSTEM.MEASURE_POPULATION, code }];
  if (cell !== 'masked') return { code: { coding }, count: cell };
  return { code: { coding }, ...{ _count: { extension: [MASKED] } } };
}

function score(cell: Cell | undefined, unit: string): Told {
  if (cell === undefined) return {};
  if (cell === 'masked') return { measureScore: { extension: [MASKED] } };
  return { measureScore: { value: cell, unit, system: SYSTEM.UCUM, code: unit } };
}

const HEAD = [
  'period',
  'start',
  'end',
  'indicator',
  'stratum',
  'measure',
  'value',
  'unit',
  'masked',
];

/** One number a line, as RFC 4180 has it. */
export function reportCsv(report: MeasureReport): string {
  const { identifier, period, group: groups = [] } = report;
  const head = [identifier?.[0]?.value, period.start, period.end].map((text) => text ?? '');
  const lines = groups.flatMap((one) => {
    const indicator = one.code?.coding?.[0]?.code ?? '';
    const ofStrata = (one.stratifier ?? []).flatMap(({ stratum = [] }) => stratum);
    return [
      ...numbersOf(one).map((number) => [indicator, '', ...number]),
      ...ofStrata.flatMap((each) =>
        numbersOf(each).map((number) => [indicator, each.value?.text ?? '', ...number]),
      ),
    ];
  });
  return [HEAD, ...lines.map((line) => [...head, ...line])]
    .map((line) => `${line.map(quoted).join()}\r\n`)
    .join('');
}

/** measure, value, unit, masked */
function numbersOf({ population: counts = [], measureScore }: Told): string[][] {
  const told = counts.map(({ code, count }) => [
    ...[code?.coding?.[0]?.code ?? '', String(count ?? ''), '', count === undefined ? 'yes' : ''],
  ]);
  if (measureScore === undefined) return told;
  const { value, unit = '' } = measureScore;
  return [...told, ['score', String(value ?? ''), unit, value === undefined ? 'yes' : '']];
}

/** Documents may be changed by others: a text that a spreadsheet would take for a formula is none. */
function quoted(text: string): string {
  const plain = /^[=+@\t\r]|^-\D/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
