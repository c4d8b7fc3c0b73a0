/** Questions of any width, on chunks as a year leaves them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { encodeReadings } from '@ausculta/blocks/readings-block';
import type { UnreadablePart } from '@ausculta/contract/readings';
import { expect } from '@ausculta/vitals/expect';
import type { DeviceId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import fc from 'fast-check';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { oneKey } from '../../../../tests/support/keys.ts';
import { NOON, ORGANISATION, subjectId } from '../../../../tests/support/line.ts';
import { readAsOrganisation } from '../database/pool.ts';
import { RegisteredDevice } from '../devices/known-device.ts';
import { Registry } from '../devices/registry.ts';
import type { Series } from '../line/entry.ts';
import { createSeal } from '../vault/seal.ts';
import { chunkContext } from './chunk-row.ts';
import { Heads } from './heads.ts';
import { recallLast } from './last-readings.ts';
import { ALL_TIME, type SeriesRange } from './merge.ts';
import type { QueryPorts } from './query-ports.ts';
import { range, windows } from './reading-windows.ts';
import { insertChunks } from './store.ts';
import { zstd } from './zstd.ts';

const SUBJECT = subjectId(1);
const MINUTE_MS = 60_000;
const CHUNKS = 1_000;
const seal = createSeal(randomBytes(32), randomBytes);
const keys = oneKey(seal);

interface Archive extends QueryPorts {
  readonly series: Series;
  readonly problems: string[];
  /** Chunks that were opened so far. */
  readonly opened: () => number;
}

async function openArchive(database: TestDatabase): Promise<Archive> {
  await database.line`INSERT INTO organisation (id, name) VALUES (${ORGANISATION}, 'Sample')`;
  const registry = await Registry.load(database.line, keys);
  const identity = { familyName: 'S', givenName: '', sex: 'unknown', recordNumber: '1' } as const;
  const person = { kind: 'patient', category: 'adult', paced: 'no', identity } as const;
  await registry.addSubject({ organisationId: ORGANISATION, id: SUBJECT, ...person });
  const id = 'monitor-1' as DeviceId;
  const tokenHash = randomBytes(32);
  const device = new RegisteredDevice({ id, organisationId: ORGANISATION, model: 'm', tokenHash });
  await registry.addDevice(device, SUBJECT, 0);
  const placement = device.subjectAt(NOON);
  expect(placement !== undefined, 'the device is worn');
  const wanted = { placement, metric: metricOf('heart-rate'), epoch: 1 };
  await registry.provide(device, { clock: undefined, series: [wanted] }, NOON);
  const [series] = registry.seriesOfSubject(SUBJECT);
  expect(series !== undefined, 'a series that was asked for is there');
  let opened = 0;
  const problems: string[] = [];
  return {
    sql: database.line,
    read: (organisationId, work) => readAsOrganisation(database.people, organisationId, work),
    sealOf: () => ({
      ...seal,
      open: (bytes, context) => {
        if (context.startsWith('chunk/')) opened += 1;
        return seal.open(bytes, context);
      },
    }),
    heads: new Heads(),
    onProblem: (what) => void problems.push(what),
    problems,
    registry,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    series,
    opened: () => opened,
  };
}

/** Chunks of one minute each, ten readings in a chunk; each value is the number of its reading. */
async function fill(archive: Archive, chunks: number): Promise<void> {
  const rows = Array.from({ length: chunks }, (_, minute) =>
    chunkOf(archive.series, {
      generation: minute + 1,
      stampsMs: Array.from({ length: 10 }, (_, i) => NOON + minute * MINUTE_MS + i * 6_000),
      valueOf: (i) => minute * 10 + i,
    }),
  );
  await insertChunks(archive.sql, rows);
}

function chunkOf(
  series: Series,
  part: { generation: number; stampsMs: number[]; valueOf: (i: number) => number },
) {
  const { generation, stampsMs } = part;
  const block = encodeReadings(
    {
      stampsMs: Float64Array.from(stampsMs),
      values: Float64Array.from(stampsMs, (_, i) => part.valueOf(i)),
      flags: new Uint8Array(stampsMs.length),
    },
    zstd,
  );
  expect(block.ok, 'it can be encoded');
  const first_ms = stampsMs[0] as number;
  const last_ms = stampsMs.at(-1) as number;
  const sealed = seal.seal(block.value, chunkContext(series.id, generation, first_ms));
  return {
    organisation_id: series.organisationId,
    partition: series.partition,
    subject_id: series.subjectId,
    series_id: series.id,
    kind: 'readings' as const,
    ...{ first_ms, last_ms, generation, count: stampsMs.length, bytes: sealed.length, sealed },
  };
}

const QUESTION = {
  subjectId: SUBJECT,
  metrics: ['heart-rate'],
  ...ALL_TIME,
  unreadable: [] as UnreadablePart[],
};

async function collect(from: AsyncIterable<SeriesRange[]>): Promise<number[][]> {
  const found: number[][] = [];
  for await (const ranges of from) found.push(ranges.flatMap(({ values }) => [...values]));
  return found;
}

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
  await insertChunks(archive.sql, [{ ...row, kind: 'waveform', last_ms: NOON + 4_000 } as never]);
  await recallLast(archive);
  assert.equal(archive.registry.devices.get('monitor-1')?.clock, undefined, 'it had none');
  const device = archive.registry.devices.get('monitor-1');
  expect(device !== undefined, 'the device is known');
  device.clock = { epoch: 1, offsetMs: 0, newestStampMs: 0, suspect: undefined };
  await recallLast(archive);
  assert.equal(device.clock.newestStampMs, NOON + 4_000);
});

/** One byte of the sealed bytes is another. */
function flipped(row: ReturnType<typeof chunkOf>, at: number): typeof row {
  const sealed = row.sealed.slice();
  sealed[at] = (sealed[at] as number) ^ 1;
  return { ...row, sealed };
}

const DAMAGES: Record<string, (row: ReturnType<typeof chunkOf>) => typeof row> = {
  'a flipped bit': (row) => flipped(row, row.sealed.length - 20),
  'a flipped bit of its version': (row) => flipped(row, 0),
  'its end cut off': (row) => ({ ...row, sealed: row.sealed.slice(0, -1) }),
  'nearly all of it cut off': (row) => ({ ...row, sealed: row.sealed.slice(0, 3) }),
  'the seal of another key': (row) => ({
    ...row,
    sealed: createSeal(randomBytes(32), randomBytes).seal(randomBytes(40), 'chunk'),
  }),
  'bytes of ours that are no block': (row) => ({
    ...row,
    sealed: seal.seal(randomBytes(40), chunkContext(row.series_id, row.generation, row.first_ms)),
  }),
};

for (const [damage, done] of Object.entries(DAMAGES)) {
  test(`${damage}: the chunk is named, and the rest of the series is read`, async () => {
    await using database = await freshDatabase();
    const archive = await openArchive(database);
    const rows = [0, 1, 2].map((minute) =>
      chunkOf(archive.series, {
        generation: minute + 1,
        stampsMs: [NOON + minute * MINUTE_MS, NOON + minute * MINUTE_MS + 30_000],
        valueOf: () => minute,
      }),
    );
    const [first, second, third] = rows;
    expect(first !== undefined && second !== undefined && third !== undefined, 'three were made');
    await insertChunks(archive.sql, [first, done(second), third]);
    for (const newestFirst of [true, false]) {
      const unreadable: UnreadablePart[] = [];
      const found = await collect(windows(archive, { ...QUESTION, newestFirst, unreadable }));
      const inOrder = newestFirst ? found.toReversed() : found;
      assert.deepEqual(inOrder.flat(), [0, 0, 2, 2]);
      assert.deepEqual(unreadable, [
        {
          metric: 'heart-rate',
          device: 'monitor-1',
          fromMs: NOON + MINUTE_MS,
          toMs: NOON + MINUTE_MS + 30_000,
          chunk: `${archive.series.id}/2/${NOON + MINUTE_MS}`,
        },
      ]);
    }
    assert.match(archive.problems[0] ?? '', /^open chunk \d+\/2\//);
  });
}

test('the newest chunk is damaged: the start goes on, and says so', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  const row = chunkOf(archive.series, { generation: 1, stampsMs: [NOON], valueOf: () => 70 });
  await insertChunks(archive.sql, [flipped(row, 30)]);
  await recallLast(archive);
  assert.equal(archive.problems.length, 1);
});

test('a page that PostgreSQL cannot read hides its own chunk alone', async () => {
  await using database = await freshDatabase();
  const archive = await openArchive(database);
  await fill(archive, 3);
  const damaged = { code: 'XX001' };
  let asked = 0;
  const unreadable: UnreadablePart[] = [];
  const read: QueryPorts['read'] = (organisationId, work) => {
    asked += 1;
    // The question for all, then the one for the second of them; the places are asked for between.
    if (asked === 1 || asked === 4) return Promise.reject(damaged);
    return archive.read(organisationId, work);
  };
  const [found] = await range({ ...archive, read }, { ...QUESTION, unreadable });
  assert.equal(found?.values.length, 20);
  assert.deepEqual(
    unreadable.map(({ fromMs }) => fromMs),
    [NOON + MINUTE_MS],
  );
});
