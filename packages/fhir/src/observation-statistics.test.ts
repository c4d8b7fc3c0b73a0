import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf } from '@ausculta/vitals/lookup';
import {
  isStatistic,
  metricsMeantBy,
  type StatisticsTold,
  toStatistics,
  type ValueFigures,
} from './observation-statistics.ts';
import { SYSTEM } from './systems.ts';

const FIGURES: ValueFigures = {
  ...{ count: 4, mean: 70, sd: 2, min: 67, max: 73 },
  percentiles: [20, 25, 40, 50, 60, 75, 80].map((percent) => ({ percent, value: 50 + percent })),
};

const TOLD: StatisticsTold = {
  subjectId: 'a',
  code: { text: 'Heart rate' },
  metric: metricOf('heart-rate'),
  period: { fromMs: 0, untilMs: 60_000 },
  statistics: [],
  figures: FIGURES,
  implausible: 1,
  isPartial: false,
};

const CASES = [
  { statistic: 'average', value: 70 },
  { statistic: 'minimum', value: 67 },
  { statistic: 'maximum', value: 73 },
  { statistic: 'sum', value: 280 },
  { statistic: 'std-dev', value: 2 },
  { statistic: 'variance', value: 4 },
  { statistic: 'median', value: 100 },
  { statistic: '20-percent', value: 70 },
  { statistic: '80-percent', value: 130 },
  { statistic: '4-lower', value: 75 },
  { statistic: '4-upper', value: 125 },
  { statistic: '4-dev', value: 50 },
  { statistic: '5-1', value: 70 },
  { statistic: '5-2', value: 90 },
  { statistic: '5-3', value: 110 },
  { statistic: '5-4', value: 130 },
  { statistic: 'count', value: 4 },
  { statistic: 'total-count', value: 5 },
] as const;

for (const { statistic, value } of CASES) {
  test(`${statistic} of four values is ${value}`, () => {
    const { component } = toStatistics({ ...TOLD, statistics: [statistic] });
    assert.equal(component?.[0]?.valueQuantity?.value, value);
    assert.ok(isStatistic(statistic));
  });
}

test('of nothing there is a count and no other figure; of one value no spread', () => {
  const statistics = ['average', 'count'];
  const none = toStatistics({ ...TOLD, statistics, figures: undefined });
  assert.deepEqual(
    none.component?.map((part) => part.valueQuantity?.value ?? part.dataAbsentReason?.coding),
    [[{ system: SYSTEM.DATA_ABSENT, code: 'unknown' }], 0],
  );
  const one = { ...TOLD, statistics: ['variance'], figures: { ...FIGURES, sd: null } };
  assert.equal(toStatistics(one).component?.[0]?.valueQuantity, undefined);
});

test('what is missing from the record is said beside the figures', () => {
  const { status, note } = toStatistics({ ...TOLD, isPartial: true });
  assert.deepEqual([status, note?.length], ['preliminary', 1]);
  assert.equal(toStatistics(TOLD).status, 'final');
});

test('a code means every metric that carries it, and a panel none', () => {
  const meant = (code: string, system?: string) =>
    metricsMeantBy({ system, code }).map(({ key }) => key);
  assert.ok(meant('8867-4').includes('heart-rate'));
  assert.deepEqual(meant('8867-4', 'http://example.org'), []);
  assert.deepEqual(meant('8480-6', SYSTEM.LOINC), ['nibp-systolic']);
  assert.deepEqual(meant('85354-9'), []);
  assert.equal(isStatistic('kurtosis'), false);
});
