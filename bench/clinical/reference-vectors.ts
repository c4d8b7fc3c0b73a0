// Scores and glucose metrics against the vectors of others.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gridOf } from '../../packages/clinical/src/glucose/glucose-grid.ts';
import { glucoseMetrics } from '../../packages/clinical/src/glucose/glucose-metrics.ts';
import {
  type GlucoseSeries,
  readGlucoseCsv,
  seriesOf,
} from '../../packages/clinical/src/glucose/glucose-series.ts';
import { mageOf } from '../../packages/clinical/src/glucose/mage.ts';
import { type News2Observations, news2 } from '../../packages/clinical/src/scores/news2.ts';
import { type QsofaObservations, qsofa } from '../../packages/clinical/src/scores/qsofa.ts';
import { sofa } from '../../packages/clinical/src/scores/sofa.ts';
import { expect } from '../../packages/vitals/src/expect.ts';
import { sharedData } from '../../tools/test-data.ts';
import type { Report } from '../report.ts';

const BENCH = 'clinical';

interface Vectors {
  readonly news2: readonly { readonly input: News2Observations; readonly rcp_total: number }[];
  readonly qsofa: readonly { readonly input: QsofaObservations; readonly qsofa: number }[];
  readonly sofa_single_parameter: readonly {
    readonly parameter: string;
    readonly value: number;
    readonly points: number;
  }[];
}

export function measureScores(report: Report): void {
  const directory = sharedData('early-warning-scores');
  if (directory === undefined) return;
  const vectors = JSON.parse(readFileSync(join(directory, 'vectors.json'), 'utf8')) as Vectors;
  const wrong = [
    ...vectors.news2.filter(({ input, rcp_total }) => news2(input).total !== rcp_total),
    ...vectors.qsofa.filter((vector) => qsofa(vector.input).total !== vector.qsofa),
    ...vectors.sofa_single_parameter.filter(
      ({ parameter, value, points }) => sofa({ [parameter]: value }).total !== points,
    ),
  ];
  const count = vectors.news2.length + vectors.qsofa.length + vectors.sofa_single_parameter.length;
  report.add({
    bench: BENCH,
    metric: `NEWS2, qSOFA and SOFA vectors that differ, of ${count}`,
    value: wrong.length,
    unit: 'vectors',
    target: { bound: 'atMost', value: 0 },
  });
}

export function measureGlucose(report: Report): void {
  const directory = sharedData('cgm-iglu');
  if (directory === undefined) return;
  const reference = JSON.parse(readFileSync(join(directory, 'reference_metrics.json'), 'utf8'));
  const errors: { where: string; percent: number }[] = [];
  for (const set of ['dexcom_5subject', 'hall2018']) {
    for (const series of readSeries(join(directory, `${set}.csv`))) {
      compare(glucoseMetrics(series), reference[set][series.id], series.id, errors);
    }
  }
  const beyond = errors.filter(({ percent }) => percent > 1);
  const named = beyond.map(({ where, percent }) => `${where} ${percent.toFixed(1)} %`).join('; ');
  report.add({
    bench: BENCH,
    metric: `glucose metrics within 1 % of the reference, of ${errors.length}${named && `; beyond: ${named}`}`,
    value: (100 * (errors.length - beyond.length)) / errors.length,
    unit: 'percent',
    target: { bound: 'atLeast', value: 99.5 },
  });
  measureMage(report, directory);
}

function readSeries(file: string): GlucoseSeries[] {
  const rows = readGlucoseCsv(readFileSync(file, 'utf8'));
  expect(rows.ok, 'the bench reads only what is sound');
  const series = seriesOf(rows.value);
  expect(series.ok, 'the bench reads only what is sound');
  return series.value;
}

function compare(
  ours: unknown,
  expected: unknown,
  where: string,
  errors: { where: string; percent: number }[],
): void {
  if (typeof expected === 'number') {
    const own = typeof ours === 'number' ? ours : Number.NaN;
    const error = expected === 0 ? Math.abs(own) : Math.abs(own / expected - 1);
    errors.push({ where, percent: Number.isNaN(error) ? 100 : 100 * error });
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      compare((ours as Record<string, unknown>)?.[key], value, `${where} ${key}`, errors);
    }
  }
}

function measureMage(report: Report, directory: string): void {
  const series = readSeries(join(directory, 'dexcom_5subject.csv'));
  const lines = readFileSync(join(directory, 'mage_manual.csv'), 'utf8').trim().split('\n');
  const errors = lines.slice(1).map((line) => {
    const [id, from, to, , , , manual] = line.split(',');
    const whole = series.find((each) => each.id === id);
    expect(whole !== undefined, 'every hand-counted day is a piece of a series');
    const timesMs = whole.timesMs.slice(Number(from) - 1, Number(to));
    const mgDl = whole.mgDl.slice(Number(from) - 1, Number(to));
    const mage = mageOf(gridOf({ id: whole.id, timesMs, mgDl }));
    return 100 * Math.abs(mage.service / Number(manual) - 1);
  });
  errors.sort((one, other) => one - other);
  const upper = errors[errors.length >> 1] ?? 100;
  const lower = errors[(errors.length - 1) >> 1] ?? 100;
  report.add({
    bench: BENCH,
    metric: `MAGE against ${errors.length} days counted by hand, median absolute error`,
    value: (upper + lower) / 2,
    unit: 'percent',
    target: { bound: 'atMost', value: 5 },
  });
}
