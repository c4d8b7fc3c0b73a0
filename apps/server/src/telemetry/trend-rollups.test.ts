/** Charts over roll-ups against a recount: late, contradicted, damaged, and with a clock that changed. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { expect } from '@ausculta/vitals/expect';
import type { DeviceId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { oneKey } from '../../../../tests/support/keys.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import { NOON, ORGANISATION, runSample, subjectId } from '../../../../tests/support/line.ts';
import { RegisteredDevice } from '../devices/known-device.ts';
import { Registry } from '../devices/registry.ts';
import type { Series } from '../line/entry.ts';
import { createSeal } from '../vault/seal.ts';
import { type ChunkContent, encodeContent } from './chunk-content.ts';
import { sealChunk } from './chunk-row.ts';
import { Heads } from './heads.ts';
import type { QueryPorts } from './query-ports.ts';
import { range } from './reading-windows.ts';
import { insertChunks } from './store.ts';
import { trend } from './trend.ts';

const SUBJECT = subjectId(1);
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const HOURS = 40;
const seal = createSeal(randomBytes(32), randomBytes);

interface Archive extends QueryPorts {
  readonly device: RegisteredDevice;
  readonly rate: Series;
  readonly ecg: Series;
}

async function openArchive(database: TestDatabase): Promise<Archive> {
  await database.line`INSERT INTO organisation (id, name) VALUES (${ORGANISATION}, 'Sample')`;
  const registry = await Registry.load({
    sql: database.line,
    inLane: aloneIn(database.line),
    keys: oneKey(seal),
  });
  const identity = { familyName: 'S', givenName: '', sex: 'unknown', recordNumber: '1' } as const;
  const person = { kind: 'patient', category: 'adult', paced: 'no', identity } as const;
  await registry.addSubject({ organisationId: ORGANISATION, id: SUBJECT, ...person });
  const tokenHash = randomBytes(32);
  const whose = { id: 'monitor-1' as DeviceId, organisationId: ORGANISATION };
  const device = new RegisteredDevice({ ...whose, model: 'm', tokenHash });
  await registry.addDevice(device, SUBJECT, 0);
  const placement = device.subjectAt(NOON);
  expect(placement !== undefined, 'the device is worn');
  const wanted = ['heart-rate', 'ecg-ii'].map((key) => {
    return { placement, metric: metricOf(key), epoch: 1 };
  });
  await registry.provide(device, { clock: undefined, series: wanted }, NOON);
  const [rate, ecg] = registry.seriesOfSubject(SUBJECT);
  expect(rate !== undefined && ecg !== undefined, 'series that were asked for are there');
  const archive = {
    sql: database.line,
    read: database.read,
    sealOf: () => seal,
    heads: new Heads(),
    registry,
    offsetsOf: (series: Series) => registry.offsetsOf(series),
    onProblem: () => undefined,
    pause: async () => undefined,
    device,
    rate,
    ecg,
  };
  return archive;
}

/** Readings from one hour to another, every so often, with a wave of their own. */
function readings(part: { from: number; until: number; everyMs: number; value?: number }) {
  const count = Math.round(((part.until - part.from) * HOUR_MS) / part.everyMs);
  const stampsMs = Float64Array.from(
    { length: count },
    (_, i) => NOON + part.from * HOUR_MS + i * part.everyMs,
  );
  const wave = (_: number, i: number): number =>
    Math.round(80 + 15 * Math.sin(i / 900) + (i % 7)) / 1;
  const values = stampsMs.map((stampMs, i) => part.value ?? wave(stampMs, i));
  return { stampsMs, values, flags: new Uint8Array(count).fill(part.value === undefined ? 0 : 2) };
}

let generation = 0;

async function store(archive: Archive, series: Series, content: ChunkContent) {
  generation += 1;
  const isWave = content.kind === 'waveform';
  const [run] = isWave ? content.runs : [];
  const stampsMs = isWave ? [] : content.columns.stampsMs;
  const firstMs = run?.startMs ?? stampsMs[0] ?? 0;
  const lastMs = run === undefined ? (stampsMs.at(-1) ?? 0) : firstMs + run.samples.length * 10;
  const count = run?.samples.length ?? stampsMs.length;
  const place = { series, kind: content.kind, generation, firstMs, lastMs, count, closed: true };
  const row = sealChunk(seal, { ...encodeContent(content), ...place });
  await insertChunks(archive.sql, [row]);
  return generation;
}

describe('a chart over roll-ups', () => {
  let database: TestDatabase;
  let archive: Archive;
  before(async () => {
    database = await freshDatabase();
    archive = await openArchive(database);
    const add = (part: Parameters<typeof readings>[0]) =>
      store(archive, archive.rate, { kind: 'readings', columns: readings(part) });
    for (let from = 0; from < HOURS; from += 8)
      await add({ from, until: from + 8, everyMs: 1_000 });
    // Late, contradicting, across a border; and a chunk of before, and one whose summary is damaged.
    await add({ from: 7.5, until: 8.6, everyMs: 10_000, value: 190 });
    await add({ from: 20, until: 20.1, everyMs: 500, value: 20 });
    const older = await add({ from: HOURS, until: HOURS + 1, everyMs: 1_000 });
    const damaged = await add({ from: HOURS + 2, until: HOURS + 3, everyMs: 1_000 });
    await database.line`UPDATE chunk SET summary = NULL WHERE generation = ${older}`;
    await database.line`
      UPDATE chunk SET summary = set_byte(summary, 30, get_byte(summary, 30) # 1) WHERE generation = ${damaged}`;
    for (let i = 0; i < 100; i += 1) {
      const stampMs = NOON + (HOURS + 2.99) * HOUR_MS + i * 1000;
      archive.heads.insertReading(archive.rate, { stampMs, value: 55, flags: FLAG.CONFLICT }, 0);
    }
  });
  after(() => database[Symbol.asyncDispose]());

  async function compare(span: { fromMs: number; toMs: number }, points: number): Promise<number> {
    const question = { subjectId: SUBJECT, metrics: ['heart-rate'], unreadable: [], ...span };
    const [lane] = (await trend(archive, { ...question, points })) ?? [];
    const wide = { fromMs: span.fromMs - 24 * HOUR_MS, toMs: span.toMs + 24 * HOUR_MS };
    const [all] = await range(archive, { ...question, ...wide });
    expect(lane !== undefined && all !== undefined, 'there is something to draw');
    assert.equal(lane.form, 'bands');
    assert.ok(lane.timesMs.length <= points, 'no wider than was asked for');
    const [originMs = 0] = lane.timesMs;
    const found = new Map<number, number[]>();
    for (const [i, stampMs] of all.stampsMs.entries()) {
      const rowMs = Math.floor(stampMs / MINUTE_MS) * MINUTE_MS;
      const timeMs = rowMs + archive.offsetsOf(archive.rate).at(rowMs);
      if (timeMs + MINUTE_MS <= span.fromMs || timeMs >= span.toMs) continue;
      const band = Math.floor((timeMs - originMs) / lane.bandMs);
      const values = found.get(band) ?? [];
      values.push(all.values[i] as number);
      found.set(band, values);
    }
    const bands = [...found].sort(([a], [b]) => a - b);
    assert.deepEqual(
      lane.timesMs,
      bands.map(([band]) => originMs + band * lane.bandMs),
    );
    assert.deepEqual(
      lane.lows,
      bands.map(([, values]) => Math.min(...values)),
    );
    assert.deepEqual(
      lane.highs,
      bands.map(([, values]) => Math.max(...values)),
    );
    for (const [i, [, values]] of bands.entries()) {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      assert.ok(Math.abs((lane.values[i] as number) - mean) < 1e-9);
    }
    return lane.bandMs;
  }

  const SPANS = [
    { from: 0, until: HOURS + 3, points: 100 },
    { from: 0.123, until: HOURS + 2.777, points: 333 },
    { from: 7.9, until: 9.3, points: 12 },
    { from: 19.999, until: 20.05 + 12, points: 40 },
  ];
  for (const { from, until, points } of SPANS) {
    const span = { fromMs: NOON + from * HOUR_MS, toMs: NOON + until * HOUR_MS };
    test(`of hours ${from} to ${until} at ${points} points equals a recount`, async () => {
      const bandMs = await compare(span, points);
      assert.equal(bandMs % MINUTE_MS, 0, 'its bands are whole minutes');
    });
  }

  test('equals a recount when the clock was found to be wrong in between', async () => {
    archive.device.addOffset(1, { fromStampMs: NOON, offsetMs: -17_345 });
    archive.device.addOffset(1, { fromStampMs: NOON + 21.3 * HOUR_MS, offsetMs: 95_432 });
    await compare({ fromMs: NOON, toMs: NOON + HOURS * HOUR_MS }, 150);
  });

  test('of a waveform equals a recount of its samples', async () => {
    const rate = { numerator: 100, denominator: 1 };
    const sampleAt = (i: number): number =>
      Math.round(900 * Math.sin(i / 37)) + (i % 1000 === 0 ? 500 : 0);
    for (let chunk = 0; chunk < 20; chunk += 1) {
      const samples = Int32Array.from({ length: 18_000 }, (_, i) => sampleAt(chunk * 18_000 + i));
      const startMs = NOON + chunk * 180_000;
      const run = runSample({ startMs, samples, rate, gain: 250, zero: 12 });
      await store(archive, archive.ecg, { kind: 'waveform', runs: [run] });
    }
    const span = { fromMs: NOON, toMs: NOON + HOUR_MS - 10_000 };
    const asked = { subjectId: SUBJECT, metrics: ['ecg-ii'], unreadable: [], ...span, points: 100 };
    const offsetMs = archive.offsetsOf(archive.ecg).at(NOON);
    const [lane] = (await trend(archive, asked)) ?? [];
    expect(lane !== undefined, 'a waveform has a lane');
    assert.equal(lane.bandMs, 37_000);
    for (const [band, beginMs] of lane.timesMs.entries()) {
      const from = Math.max(0, (beginMs - offsetMs - NOON) / 10);
      const until = Math.min((HOUR_MS + 8_000) / 10, from + 3_700);
      // The last band ends where the question does; the others hold all of theirs.
      if (band === lane.timesMs.length - 1) continue;
      const values = Array.from(
        { length: until - from },
        (_, i) => (sampleAt(from + i) - 12) / 250,
      );
      if (band > 0) assert.equal(lane.lows[band], Math.min(...values));
      if (band > 0) assert.equal(lane.highs[band], Math.max(...values));
    }
  });
});
