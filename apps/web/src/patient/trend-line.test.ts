import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrendLane } from '@ausculta/contract/readings';
import {
  bestLane,
  gapsOf,
  laneRange,
  lonesOf,
  type TrendLine,
  trendLine,
  valueNear,
} from './trend-line.ts';

function points(metric: string, timesMs: number[]): TrendLane {
  const values = timesMs.map((_, index) => 70 + index);
  return {
    metric,
    device: 'patch-1',
    form: 'points',
    bandMs: 0,
    timesMs,
    values,
    lows: [],
    highs: [],
    flags: values.map(() => 0),
  };
}

function line(
  lane: TrendLane,
  recent: { timeMs: number; value: number; flags: number }[] = [],
): TrendLine {
  const made = trendLine(lane, recent);
  assert.ok(made);
  return made;
}

test('the best source of a vital that holds anything is drawn', () => {
  const lanes = [
    points('pulse-rate-oximeter', [1, 2]),
    points('heart-rate', []),
    points('spo2', [1]),
  ];
  assert.equal(bestLane(lanes, 'heart-rate')?.metric, 'pulse-rate-oximeter');
  assert.equal(bestLane([...lanes, points('heart-rate', [1])], 'heart-rate')?.metric, 'heart-rate');
  assert.equal(bestLane(lanes, 'body-temperature'), undefined);
});

test('a pause longer than three intervals and two seconds breaks the line', () => {
  assert.deepEqual(line(points('heart-rate', [0, 5_000])).mids, [70, 71]);
  assert.deepEqual(line(points('heart-rate', [0, 5_001])).mids, [70, null, 71]);
});

test('measurements made now and then stay joined', () => {
  assert.deepEqual(line(points('nibp-systolic', [0, 3_600_000])).mids, [70, 71]);
});

test('a point is its own lowest and highest, so that lanes open for it and bars have ends', () => {
  const drawn = line(points('nibp-systolic', [0, 3_600_000]));
  assert.deepEqual([drawn.lows, drawn.highs], [drawn.mids, drawn.mids]);
});

test('bands stand at their middle and a band left out is a gap', () => {
  const lane: TrendLane = {
    ...points('heart-rate', [0, 60_000, 180_000]),
    form: 'bands',
    bandMs: 60_000,
    lows: [60, 61, 62],
    highs: [80, 81, 82],
  };
  const drawn = line(lane);
  assert.deepEqual(drawn.timesMs, [30_000, 90_000, 90_001, 210_000]);
  assert.deepEqual(drawn.lows, [60, 61, null, 62]);
  assert.deepEqual(drawn.highs, [80, 81, null, 82]);
});

test('live readings go on where the answer ended, none twice', () => {
  const recent = [1_000, 2_000, 3_000].map((timeMs) => ({ timeMs, value: 99, flags: 16 }));
  const drawn = line(points('heart-rate', [0, 1_000, 2_000]), recent);
  assert.deepEqual(drawn.mids, [70, 71, 72, 99]);
  assert.equal(drawn.flags.at(-1), 16);
});

test('a gap reaches from the last value before it to the first after it', () => {
  assert.deepEqual(gapsOf(line(points('heart-rate', [0, 1_000, 60_000]))), [
    { fromMs: 1_000, toMs: 60_000 },
  ]);
  assert.deepEqual(gapsOf(undefined), []);
});

test('a value with nothing on either side stands alone, one with a neighbour does not', () => {
  const lonesAt = (timesMs: number[]) =>
    lonesOf(line(points('heart-rate', timesMs))).map(({ timeMs }) => timeMs);
  assert.deepEqual(lonesAt([0]), [0]);
  assert.deepEqual(lonesAt([0, 1_000]), []);
  assert.deepEqual(lonesAt([0, 60_000]), [0, 60_000]);
  assert.deepEqual(lonesAt([0, 1_000, 60_000, 120_000, 121_000]), [60_000]);
  assert.deepEqual(lonesOf(line(points('heart-rate', [0]))), [{ timeMs: 0, value: 70 }]);
  assert.deepEqual(lonesOf(undefined), []);
});

test('a cursor in a gap reads nothing', () => {
  const drawn = line(points('heart-rate', [0, 60_000]));
  assert.equal(valueNear(drawn, { atMs: 900, withinMs: 2_000 }), 70);
  assert.equal(valueNear(drawn, { atMs: 30_000, withinMs: 2_000 }), undefined);
});

test('a lane opens for what lies beyond its usual heights, and only then', () => {
  assert.deepEqual(laneRange([40, 140], [60, null, 90]), [40, 140]);
  const [low, high] = laneRange([40, 140], [60, 190]);
  assert.equal(low, 40);
  assert.ok(high > 190);
});
