import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { seriesSample } from '../../../../tests/support/line.ts';
import { Lane, plainGrid } from './trend-lane.ts';

const HEART_RATE = seriesSample({ id: 1 });
const SPAN = { fromMs: 0, toMs: 100_000 };

interface Reading {
  readonly timeMs: number;
  readonly value: number;
  readonly flags?: number;
}

function laneOf(readings: readonly Reading[], points: number, series = HEART_RATE) {
  const lane = new Lane(series, plainGrid(SPAN, points), points);
  for (const { timeMs, value, flags = 0 } of readings) lane.add(timeMs, value, flags);
  return lane.answer();
}

test('a chart gets every point while they fit, else bands that keep the extremes and leave gaps open', () => {
  const values = [70, 71, 200, 71, 70, 30, 71, 72];
  const flags = [0, 0, FLAG.CONFLICT, 0, 0, FLAG.SIMULATED, 0, 0];
  const readings = [0, 1, 2, 3, 60, 61, 62, 63].map((second, i) => {
    return { timeMs: second * 1000, value: values[i] ?? 0, flags: flags[i] ?? 0 };
  });
  const points = laneOf(readings, 8);
  assert.deepEqual([points?.form, points?.values], ['points', values]);
  const bands = laneOf(readings, 7);
  assert.equal(bands?.form, 'bands');
  assert.deepEqual(bands?.lows, [70, 30]);
  assert.deepEqual(bands?.highs, [200, 72]);
  assert.deepEqual(bands?.values, [103, 60.75]);
  assert.deepEqual(bands?.flags, [FLAG.CONFLICT, FLAG.SIMULATED]);
  assert.deepEqual(
    bands?.timesMs,
    [0, (4 * 100_000) / 7],
    'a band is where it begins, a gap stays a gap',
  );
  assert.equal(laneOf([], 8), undefined);
});

test('single measurements are drawn by some of them, and every extreme is kept', () => {
  const glucose = seriesSample({ id: 2, metric: 'glucose-capillary' });
  const readings = Array.from({ length: 30 }, (_, i) => {
    return { timeMs: i * 3_000, value: i === 13 ? 300 : 100 + (i % 3) };
  });
  const lane = laneOf(readings, 10, glucose);
  assert.equal(lane?.form, 'bands');
  assert.ok(lane.values.every((value) => readings.some((reading) => reading.value === value)));
  assert.deepEqual([lane.values[0], lane.values.at(-1)], [100, 102], 'the ends stay');
  assert.ok(lane.values.includes(300), 'what stands out is chosen');
  assert.deepEqual([Math.max(...lane.highs), Math.min(...lane.lows)], [300, 100]);
  assert.equal(laneOf(readings, 7, glucose)?.values.includes(300), false, 'many: their mean');
});

test('a band holds what a recount finds, whether it comes as readings or in amounts', () => {
  const readings = fc.array(
    fc.record({ timeMs: fc.nat(99_999), value: fc.integer({ min: 20, max: 300 }) }),
    { minLength: 61, maxLength: 200 },
  );
  fc.assert(
    fc.property(readings, fc.integer({ min: 10, max: 60 }), (all, points) => {
      const lane = new Lane(HEART_RATE, plainGrid(SPAN, points), points);
      for (const { timeMs, value } of all)
        lane.addAmount(timeMs, { count: 1, sum: value, low: value, high: value, flags: 0 });
      assert.deepEqual(lane.answer(), laneOf(all, points));
    }),
  );
});
