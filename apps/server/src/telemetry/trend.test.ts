import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { seriesSample } from '../../../../tests/support/line.ts';
import type { SeriesRange } from './merge.ts';
import { TrendLanes } from './trend.ts';

const series = seriesSample({ id: 1 });
const SPAN = { fromMs: 0, toMs: 100_000 };

function rangeOf(timesMs: number[], values: number[], flags = timesMs.map(() => 0)): SeriesRange {
  const times = Float64Array.from(timesMs);
  return {
    series,
    stampsMs: times,
    timesMs: times,
    values: Float64Array.from(values),
    flags: Uint8Array.from(flags),
  };
}

function lanesOf(parts: readonly SeriesRange[], points: number) {
  const trend = new TrendLanes(SPAN, points);
  for (const part of parts) trend.add(part);
  return trend.lanes();
}

test('a chart gets every point while they fit, else bands that keep the extremes and leave gaps open', () => {
  const timesMs = [0, 1, 2, 3, 60, 61, 62, 63].map((second) => second * 1000);
  const values = [70, 71, 200, 71, 70, 30, 71, 72];
  const found = rangeOf(timesMs, values, [0, 0, FLAG.CONFLICT, 0, 0, FLAG.SIMULATED, 0, 0]);
  const [points] = lanesOf([found], 8);
  assert.deepEqual([points?.form, points?.values], ['points', values]);
  const [bands] = lanesOf([found], 7);
  assert.equal(bands?.form, 'bands');
  assert.deepEqual(bands?.lows, [70, 30]);
  assert.deepEqual(bands?.highs, [200, 72]);
  assert.deepEqual(bands?.values, [103, 60.75]);
  assert.deepEqual(bands?.flags, [FLAG.CONFLICT, FLAG.SIMULATED]);
  assert.equal(bands?.timesMs.length, 2, 'a gap stays a gap');
});

test('a chart is the same whether its readings come at once or in pieces', () => {
  const readings = fc.array(
    fc.record({ timeMs: fc.nat(99_999), value: fc.integer({ min: 20, max: 300 }) }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(readings, fc.integer({ min: 10, max: 60 }), fc.nat(50), (all, points, size) => {
      const sorted = all.toSorted((a, b) => a.timeMs - b.timeMs);
      const part = (from: number, until?: number) =>
        rangeOf(
          sorted.slice(from, until).map(({ timeMs }) => timeMs),
          sorted.slice(from, until).map(({ value }) => value),
        );
      const pieces: SeriesRange[] = [];
      for (let from = 0; from < sorted.length; from += size + 1)
        pieces.push(part(from, from + size + 1));
      if (sorted.length > 0) assert.deepEqual(lanesOf(pieces, points), lanesOf([part(0)], points));
    }),
  );
});
