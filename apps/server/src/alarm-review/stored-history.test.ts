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
    [...history.pieces([range(series, times)])].flatMap(({ events = [] }) =>
      events.map(({ atMs }) => atMs),
    );
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
  const pieces = new StoredHistory([]).pieces([range(first, [1, 5, 6]), range(second, [2, 7])]);
  const [stretch, ...others] = [...pieces].flatMap(({ stretches }) => stretches);
  assert.deepEqual(others, []);
  assert.equal(stretch?.count, 5);
  assert.deepEqual([...(stretch?.read().timesMs ?? [])], [1, 2, 5, 6, 7]);
});

test('what is read at once is handed on in slices of time, and nothing is lost between them', () => {
  const [dense, sparse] = [1, 2].map((id) =>
    seriesSample({ id, device: `monitor-${id}`, ...SPO2 }),
  );
  assert.ok(dense !== undefined && sparse !== undefined);
  const times = Array.from({ length: 300_000 }, (_, second) => second);
  const rare = [0, 150_000, 299_999];
  const history = new StoredHistory([fall(150_000)]);
  const pieces = [...history.pieces([range(dense, times), range(sparse, rare)])];
  assert.equal(pieces.length, 3);
  const read = (device: string): number[] =>
    pieces.flatMap(({ stretches }) =>
      stretches.flatMap((one) => (one.device === device ? [...one.read().timesMs] : [])),
    );
  assert.deepEqual(read('monitor-1'), times);
  assert.deepEqual(read('monitor-2'), rare);
  // In the slice in which it happened, and in no other.
  assert.deepEqual(
    pieces.map(({ events = [] }) => events.length),
    [0, 1, 0],
  );
});

test('a window without readings has no piece', () => {
  assert.deepEqual([...new StoredHistory([fall(1)]).pieces([])], []);
});
