import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { PERCENTS, ValueCounts } from './statistics.ts';

function statisticsOf(values: readonly number[], flags = 0) {
  const counts = new ValueCounts();
  for (const value of values) counts.add(value, flags);
  return counts.statistics();
}

/** NumPy's default: numpy.percentile([2, 4, 4, 4, 5, 5, 7, 9], [5, …, 95]), numpy.std(ddof=1). */
test('eight numbers of a textbook have the figures that NumPy gives them', () => {
  const found = statisticsOf([9, 2, 4, 5, 4, 7, 4, 5]);
  assert.deepEqual([found?.count, found?.mean, found?.min, found?.max], [8, 5, 2, 9]);
  assert.ok(Math.abs((found?.sd ?? 0) - 2.138089935299395) < 1e-12);
  assert.ok(Math.abs((found?.cvPercent ?? 0) - 42.7617987059879) < 1e-10);
  const expected = [2.7, 3.4, 4, 4.5, 5.5, 7.6, 8.3];
  for (const [i, { percent, value }] of (found?.percentiles ?? []).entries()) {
    assert.equal(percent, PERCENTS[i]);
    assert.ok(Math.abs(value - (expected[i] ?? 0)) < 1e-12, `${percent} %: ${value}`);
  }
});

test('of nothing there are no figures, and of one reading no variation', () => {
  assert.equal(statisticsOf([]), undefined);
  const one = statisticsOf([70]);
  assert.deepEqual([one?.mean, one?.sd, one?.cvPercent], [70, null, null]);
  assert.deepEqual(new Set(one?.percentiles.map(({ value }) => value)), new Set([70]));
});

test('what is implausible is left out and counted; what is one-sided stands at its bound and is counted', () => {
  const counts = new ValueCounts();
  counts.add(100, 0);
  counts.add(600, FLAG.ABOVE);
  counts.add(20, FLAG.BELOW);
  counts.add(9_999, FLAG.IMPLAUSIBLE);
  const found = counts.statistics();
  assert.deepEqual(
    [found?.count, found?.above, found?.below, found?.implausible, found?.max],
    [3, 1, 1, 1, 600],
  );
  assert.equal(statisticsOf([1, 2], FLAG.IMPLAUSIBLE), undefined);
});

test('a mean around zero has no coefficient of variation', () => {
  assert.equal(statisticsOf([-1, 1])?.cvPercent, null);
});

function naively(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (percent / 100) * (sorted.length - 1);
  const [low = 0, high = 0] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
  return low + (high - low) * (rank - Math.floor(rank));
}

test('whatever the values, the figures are those of the plainest way', () => {
  const tenths = fc.integer({ min: 300, max: 420 }).map((value) => value / 10);
  fc.assert(
    fc.property(fc.array(tenths, { minLength: 2, maxLength: 200 }), (values) => {
      const found = statisticsOf(values);
      assert.ok(found !== undefined);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      assert.ok(Math.abs(found.mean - mean) < 1e-9);
      assert.ok(Math.abs((found.sd ?? 0) - Math.sqrt(squares / (values.length - 1))) < 1e-9);
      for (const { percent, value } of found.percentiles)
        assert.ok(Math.abs(value - naively(values, percent)) < 1e-9, `${percent} %`);
    }),
  );
});

test('large numbers that differ little keep their variation', () => {
  const found = statisticsOf([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]);
  assert.ok(Math.abs((found?.sd ?? 0) ** 2 - 30) < 1e-6);
});
