import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesSample } from '../../../../tests/support/line.ts';
import type { SeriesRange } from '../telemetry/merge.ts';
import { StoredHistory } from './stored-history.ts';

const range = (series: SeriesRange['series'], times: readonly number[]): SeriesRange => ({
  series,
  timesMs: Float64Array.from(times),
  stampsMs: Float64Array.from(times),
  values: Float64Array.from(times),
  flags: new Uint8Array(times.length),
});

const fall = (atMs: number) => ({ what: 'fall', device: 'monitor-1', atMs }) as const;
const SPO2 = { metric: 'spo2' };

test('an event comes with the readings of its time, and once', () => {
  const history = new StoredHistory([fall(5), fall(10), fall(11)]);
  const series = seriesSample({ id: 1, ...SPO2 });
  const eventsOf = (times: readonly number[]) =>
    history.piece([range(series, times)]).events?.map(({ atMs }) => atMs);
  assert.deepEqual(eventsOf([1, 4]), []);
  assert.deepEqual(eventsOf([6, 10]), [5, 10]);
  assert.deepEqual(
    history.rest().events?.map(({ atMs }) => atMs),
    [11],
  );
  assert.deepEqual(history.rest().events, []);
});

test('two epochs of one device’s clock are one series, in order of time', () => {
  const ranges = [1, 2].map((id) => seriesSample({ id, ...SPO2 }));
  const [first, second] = ranges;
  assert.ok(first !== undefined && second !== undefined);
  const { stretches } = new StoredHistory([]).piece([
    range(first, [1, 5, 6]),
    range(second, [2, 7]),
  ]);
  const [stretch, ...others] = stretches;
  assert.deepEqual(others, []);
  assert.equal(stretch?.count, 5);
  assert.deepEqual([...(stretch?.read().timesMs ?? [])], [1, 2, 5, 6, 7]);
});
