/** Questions of any width, on chunks as a year leaves them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnreadablePart } from '@ausculta/contract/readings';
import { expect } from '@ausculta/vitals/expect';
import fc from 'fast-check';
import {
  chunkOf,
  collect,
  fill,
  MINUTE_MS,
  openArchive,
  QUESTION,
} from '../../../../tests/support/archive.ts';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { NOON, subjectId } from '../../../../tests/support/line.ts';
import { recallLast } from './last-readings.ts';
import type { SeriesRange } from './merge.ts';
import type { QueryPorts } from './query-ports.ts';
import { range, windows } from './reading-windows.ts';
import { insertChunks } from './store.ts';

const CHUNKS = 1_000;

test('a wide question is answered in windows: all of it, in order, either way, never much at once', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  await fill(archive, CHUNKS);
  // What came late spans a week, and corrects two readings that lie far apart.
  const late = { generation: CHUNKS + 1, stampsMs: [NOON, NOON + 900 * MINUTE_MS] };
  const week = [...late.stampsMs, NOON + 7 * 24 * 60 * MINUTE_MS];
  const long = chunkOf(archive.series, { ...late, stampsMs: week, valueOf: (i) => -1 - i });
  await insertChunks(archive.sql, [long]);
  archive.heads.insertReading(
    archive.series,
    { stampMs: NOON + 8 * 24 * 60 * MINUTE_MS, value: 5, flags: 0 },
    0,
  );
  const expected = Array.from({ length: CHUNKS * 10 }, (_, i) => i);
  expected[0] = -1;
  expected[9_000] = -2;
  expected.push(-3, 5);
  const [whole] = await range(archive, QUESTION);
  assert.deepEqual([...(whole?.values ?? [])], expected);
  const forward = await collect(windows(archive, { ...QUESTION, newestFirst: false }));
  assert.deepEqual(forward.flat(), expected);
  const back = await collect(windows(archive, { ...QUESTION, newestFirst: true }));
  assert.deepEqual(back.toReversed().flat(), expected);
  for (const found of [forward, back]) {
    assert.ok(found.length >= 4);
    for (const part of found) assert.ok(part.length <= 2_600, `${part.length} at once`);
  }
});

/** Chunks of any place and size, stamps a second or more apart; some overlap, some are alone. */
const anyChunks = fc.array(
  fc.record({
    from: fc.nat({ max: 60_000 }),
    count: fc.constantFrom(1, 3, 4_095, 4_096, 6_000),
    everyS: fc.constantFrom(1, 1, 2),
    flaw: fc.constantFrom('none', 'none', 'none', 'none', 'twins', 'damage'),
  }),
  { minLength: 1, maxLength: 6 },
);
/** From the first stamp on, and from 20,000 seconds later: a clock that went wrong, or back. */
const anyClock = fc.constantFrom([0, 0], [-777, -777], [1_250, 900], [1_250, -9_000_000]);

test('pieces, either way, hold what the whole holds, however chunks lie', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  const device = archive.registry.devices.get(archive.series.deviceId);
  let generation = 0;
  const property = fc.asyncProperty(anyChunks, anyClock, async (chunks, offsetsMs) => {
    await database.line`DELETE FROM chunk`;
    for (const [at, offsetMs = 0] of offsetsMs.entries())
      device?.addOffset(1, { fromStampMs: NOON + at * 20_000_000, offsetMs });
    for (const { from, count, everyS, flaw } of chunks) {
      generation += 1;
      const second = (i: number): number => from + (flaw === 'twins' ? i >> 1 : i) * everyS;
      const stampsMs = Array.from({ length: count }, (_, i) => NOON + second(i) * 1_000);
      const first = generation * 10_000;
      const row = chunkOf(archive.series, { generation, stampsMs, valueOf: (i) => first + i });
      if (flaw === 'damage') row.sealed[40] = (row.sealed[40] ?? 0) ^ 1;
      await insertChunks(archive.sql, [row]);
    }
    const ofAll: UnreadablePart[] = [];
    const whole = await range(archive, { ...QUESTION, unreadable: ofAll });
    const rowsOf = (ranges: readonly SeriesRange[]): number[][] =>
      ranges.flatMap(({ timesMs, stampsMs, values, flags }) =>
        Array.from(timesMs, (t, i) => [t, stampsMs[i] ?? 0, values[i] ?? 0, flags[i] ?? 0]),
      );
    for (const newestFirst of [false, true]) {
      const unreadable: UnreadablePart[] = [];
      const found: number[][][] = [];
      for await (const ranges of windows(archive, { ...QUESTION, newestFirst, unreadable }))
        found.push(rowsOf(ranges));
      if (newestFirst) found.reverse();
      assert.deepEqual(found.flat(), rowsOf(whole));
      assert.deepEqual(
        unreadable.map(({ chunk }) => chunk).sort(),
        ofAll.map(({ chunk }) => chunk).sort(),
      );
    }
  });
  await fc.assert(property, { seed: 7, numRuns: 40 });
});

test('the newest few of years cost the newest chunks alone', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  await fill(archive, CHUNKS);
  for await (const ranges of windows(archive, { ...QUESTION, newestFirst: true })) {
    assert.equal(ranges[0]?.values.at(-1), CHUNKS * 10 - 1);
    break;
  }
  assert.ok(archive.opened() <= 4, `${archive.opened()} chunks were opened`);
});

test('the newest minutes of what is sent now cost one question, and what lies behind them follows', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  await fill(archive, CHUNKS);
  await recallLast(archive);
  let asked = 0;
  const read: QueryPorts['read'] = (organisationId, work) => {
    asked += 1;
    return archive.read(organisationId, work);
  };
  const newest: number[] = [];
  for await (const ranges of windows({ ...archive, read }, { ...QUESTION, newestFirst: true })) {
    newest.push(...(ranges[0]?.values ?? []));
    break;
  }
  // Two minutes before the last reading, and it.
  assert.deepEqual([newest[0], newest.length, asked], [CHUNKS * 10 - 21, 21, 1]);
  const back = await collect(windows(archive, { ...QUESTION, newestFirst: true }));
  assert.deepEqual(
    back.toReversed().flat(),
    Array.from({ length: CHUNKS * 10 }, (_, i) => i),
  );
  const before = { ...QUESTION, toMs: NOON + 10 * MINUTE_MS, newestFirst: true };
  const earlier = await collect(windows(archive, before));
  assert.deepEqual(
    earlier.toReversed().flat(),
    Array.from({ length: 100 }, (_, i) => i),
  );
});

test('the next window is looked for while one is read, and its fault is told to who goes on', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  // Large enough to be pieces of their own, and more than one window.
  const rows = Array.from({ length: 24 }, (_, at) =>
    chunkOf(archive.series, {
      generation: at + 1,
      stampsMs: Array.from({ length: 4_096 }, (_, i) => NOON + (at * 4_096 + i) * 1_000),
      valueOf: (i) => i,
    }),
  );
  await insertChunks(archive.sql, rows);
  let asked = 0;
  // The first window's end and chunks, then the next one's.
  const read: QueryPorts['read'] = (organisationId, work) => {
    asked += 1;
    return asked <= 2
      ? archive.read(organisationId, work)
      : Promise.reject(new Error('the store has gone'));
  };
  const pieces = windows({ ...archive, read }, { ...QUESTION, newestFirst: false });
  await pieces.next();
  assert.equal(asked, 2);
  for (let piece = 1; piece < 16; piece += 1) {
    const { value } = await pieces.next();
    assert.equal(value?.[0]?.values.length, 4_096);
    assert.equal(asked, 3);
  }
  await assert.rejects(pieces.next(), /the store has gone/);
  // Who does not go on is not told.
  asked = 0;
  for await (const _ of windows({ ...archive, read }, { ...QUESTION, newestFirst: false }))
    if (asked > 2) break;
});

test('a clock that is understood anew while a question is answered takes nothing out of the answer', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  await fill(archive, CHUNKS);
  const device = archive.registry.devices.get('monitor-1');
  for (const newestFirst of [true, false]) {
    let told = 0;
    for await (const ranges of windows(archive, { ...QUESTION, newestFirst })) {
      told += ranges.reduce((sum, { values }) => sum + values.length, 0);
      // Into what has been told by now, were it placed by this.
      const offsetMs = newestFirst ? 24 * 60 * MINUTE_MS : -48 * 60 * MINUTE_MS;
      device?.addOffset(1, { fromStampMs: NOON, offsetMs });
    }
    assert.equal(told, CHUNKS * 10, newestFirst ? 'from the newest back' : 'from the oldest on');
  }
  const [later] = await range(archive, QUESTION);
  assert.equal(later?.timesMs[0], NOON - 48 * 60 * MINUTE_MS, 'the next question goes by it');
});

test('a window of chunks that are full ends before it is too large for memory', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  await fill(archive, 10);
  await database.line`UPDATE chunk SET count = 800000`;
  const found = await collect(windows(archive, { ...QUESTION, newestFirst: false }));
  assert.equal(found.flat().length, 100);
  for (const { length } of found) assert.ok(length <= 20, `${length} at once`);
});

test('a question between two chunks, or of no series at all, has no readings', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  await fill(archive, 3);
  const span = { fromMs: NOON + 54_001, toMs: NOON + MINUTE_MS };
  assert.deepEqual(await range(archive, { ...QUESTION, ...span }), []);
  for (const question of [
    { ...QUESTION, ...span },
    { ...QUESTION, metrics: ['spo2'] },
    { ...QUESTION, subjectId: subjectId(2) },
  ])
    for (const newestFirst of [true, false])
      assert.deepEqual((await collect(windows(archive, { ...question, newestFirst }))).flat(), []);
});

test('a flush that ends while its chunks are asked for is not missed', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  const { heads, series } = archive;
  heads.insertReading(series, { stampMs: NOON, value: 70, flags: 0 }, 0);
  let asked = 0;
  const found = await range(
    {
      ...archive,
      read: async (organisationId, work) => {
        asked += 1;
        const rows = await archive.read(organisationId, work);
        if (asked > 1) return rows;
        // After the answer was made, before it has arrived.
        heads.readingHead(series).beginFlush();
        const chunk = chunkOf(series, { generation: 1, stampsMs: [NOON], valueOf: () => 70 });
        await insertChunks(archive.sql, [chunk]);
        heads.flushes += 1;
        heads.readingHead(series).endFlush();
        return rows;
      },
    },
    QUESTION,
  );
  assert.deepEqual([...(found[0]?.values ?? [])], [70]);
  assert.equal(asked, 2);
});

test('after a restart every clock is known as far as it came, of waveforms as of readings', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  const row = chunkOf(archive.series, { generation: 1, stampsMs: [NOON], valueOf: () => 70 });
  await insertChunks(archive.sql, [{ ...row, kind: 'waveform', last_ms: NOON + 4_000 }]);
  await recallLast(archive);
  assert.equal(archive.registry.devices.get('monitor-1')?.clock, undefined, 'it had none');
  const device = archive.registry.devices.get('monitor-1');
  expect(device !== undefined, 'the device is known');
  device.clock = { epoch: 1, offsetMs: 0, newestStampMs: 0, suspect: undefined };
  await recallLast(archive);
  assert.equal(device.clock.newestStampMs, NOON + 4_000);
});
