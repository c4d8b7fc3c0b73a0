/**
 * Corrections of who wore a device, with kill -9 of server and PostgreSQL in the middle of each. After
 * every restart each reading, sample and event is in exactly one record, and in the one that the last
 * word on its time says.
 *
 * AUSCULTA_SEED repeats a run's moments; the seed is printed.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns, encodeRuns } from '@ausculta/blocks/waveform-block';
import type { DeviceView } from '@ausculta/contract/devices';
import type { EventList } from '@ausculta/contract/readings';
import type { SubjectId } from '@ausculta/vitals/identity';
import {
  type Change,
  rewear,
  type Worn,
  wearerAt,
} from '../apps/server/src/reattribution/wearing.ts';
import { startServerProcess } from './support/program.ts';
import {
  eventually,
  type ServerUnderTest,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

/** Each starts the server and its PostgreSQL anew. AUSCULTA_ROUNDS asks for more. */
const ROUNDS = Number(process.env['AUSCULTA_ROUNDS'] ?? 2);
const KILLED_WITHIN_MS = 250;

const SPAN_MS = 20 * 60_000;
const READING_EACH_MS = 1_000;
const EVENT_EACH_MS = 30_000;
/** Each sample is its own number; ten to a second, so that every one lies on a whole millisecond. */
const SAMPLE_MS = 100;
const SAMPLES_PER_RUN = 600;
/** Of waveforms, at once. */
const ASKED_MS = 120_000;
const METRICS = ['heart-rate', 'spo2'];

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Measured {
  readonly device: TestDevice;
  readonly subjects: readonly SubjectId[];
  readonly fromMs: number;
  untilMs: number;
  history: Worn[];
}

test('corrections that are killed in the middle: everything is in one record, the right one', async (t) => {
  const seed = Number(process.env['AUSCULTA_SEED'] ?? randomInt(2 ** 31));
  t.diagnostic(`seed ${seed}`);
  const chance = mulberry32(seed);
  const dataDir = await temporaryDirectory();
  let running = await startServerProcess(dataDir);
  try {
    const measured = await measure(running.server);
    let moved = 0;
    let interrupted = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      // Whatever is drawn afterwards, the first moves half of what was measured.
      const change = round === 1 ? halfToAnother(measured) : anyChange(measured, chance);
      await correct(running.server, measured, change);
      // What comes while readings move is placed by the new history.
      const sending = sendReading(running.server, measured).catch(() => undefined);
      await sleep(chance() * KILLED_WITHIN_MS);
      await running.kill();
      await sending;
      running = await startServerProcess(dataDir);
      if (await isUnderWay(running.server, measured)) interrupted += 1;
      await checkNobodyElses(running.server, measured);
      moved += await settled(running.server, measured);
      await checkAll(running.server, measured);
    }
    t.diagnostic(`${moved} values moved, ${interrupted} moves gone on with after a restart`);
    assert.ok(moved > 0, 'something was moved');
    // Sent again by a gateway that never heard our answer: known, wherever it lies now.
    await sendReadings(running.server, measured);
    await checkAll(running.server, measured);
    await running.stop();
    running = await startServerProcess(dataDir);
    await checkAll(running.server, measured);
  } finally {
    await running[Symbol.asyncDispose]();
  }
});

async function measure(server: ServerUnderTest): Promise<Measured> {
  const subjects: SubjectId[] = [];
  for (const name of ['Aalto', 'Berg', 'Chen']) {
    subjects.push((await server.addSubject(name)).id as SubjectId);
  }
  const [first] = subjects as [SubjectId];
  const device = await server.addDevice(first);
  const untilMs = Math.floor(Date.now() / 60_000) * 60_000;
  const fromMs = untilMs - SPAN_MS;
  const measured: Measured = { device, subjects, fromMs, untilMs, history: [] };
  await correct(server, measured, {
    fromMs: fromMs - 60_000,
    untilMs: Number.POSITIVE_INFINITY,
    subjectId: first,
  });
  await sendReadings(server, measured);
  await sendRuns(server, measured);
  await sendEvents(server, measured);
  await checkAll(server, measured);
  return measured;
}

const stampsOf = ({ fromMs, untilMs }: Measured, eachMs: number): number[] =>
  Array.from({ length: (untilMs - fromMs) / eachMs }, (_, i) => fromMs + i * eachMs);

const valueAt = (stampMs: number): number => 60 + ((stampMs / 1000) % 40);

async function taken(answer: Promise<Response>): Promise<void> {
  const { status } = await answer;
  assert.equal(status, 202);
}

async function sendReadings(server: ServerUnderTest, measured: Measured): Promise<void> {
  const stamps = stampsOf(measured, READING_EACH_MS);
  for (let at = 0; at < stamps.length; at += 300) {
    const records = stamps.slice(at, at + 300).flatMap((time) => {
      const v = valueAt(time);
      return METRICS.map((n) => ({ n, t: time / 1000, v }));
    });
    await taken(server.send(measured.device, JSON.stringify(records)));
  }
}

async function sendReading(server: ServerUnderTest, measured: Measured): Promise<void> {
  const time = measured.untilMs;
  const values = Object.fromEntries(METRICS.map((metric) => [metric, valueAt(time)]));
  await taken(server.send(measured.device, JSON.stringify({ time, values })));
  measured.untilMs += READING_EACH_MS;
}

const samplesFrom = ({ fromMs }: Measured): number => Math.round(fromMs / SAMPLE_MS) % 1_000_000;

async function sendRuns(server: ServerUnderTest, measured: Measured): Promise<void> {
  const first = samplesFrom(measured);
  const count = SPAN_MS / SAMPLE_MS;
  for (let at = 0; at < count; at += SAMPLES_PER_RUN) {
    const samples = Int32Array.from({ length: SAMPLES_PER_RUN }, (_, i) => first + at + i);
    const startMs = measured.fromMs + at * SAMPLE_MS;
    const rate = { numerator: 10, denominator: 1 };
    const run = { metric: 'pleth', startMs, rate, samples, gain: 1, zero: 0, flags: 0 };
    const block = encodeRuns([run], NO_COMPRESSION);
    assert.ok(block.ok);
    await taken(server.send(measured.device, new Uint8Array(block.value), 'waveforms'));
  }
}

async function sendEvents(server: ServerUnderTest, measured: Measured): Promise<void> {
  for (const [sequence, time] of stampsOf(measured, EVENT_EACH_MS).entries()) {
    const event = JSON.stringify({ time, kind: 'button', boot: 1, sequence });
    await taken(server.send(measured.device, event, 'events'));
  }
}

/** A span anywhere around what was measured, and anybody. */
function anyChange({ fromMs, subjects }: Measured, chance: () => number): Change {
  const [a, b] = [chance(), chance()].map((where) => {
    return fromMs + Math.floor((where * 1.2 - 0.1) * SPAN_MS);
  }) as [number, number];
  const subjectId = subjects[Math.floor(chance() * subjects.length)];
  const isOpen = chance() < 0.4;
  const untilMs = isOpen ? Number.POSITIVE_INFINITY : Math.max(a, b) + 1;
  return { fromMs: Math.min(a, b), untilMs, subjectId };
}

function halfToAnother({ fromMs, subjects }: Measured): Change {
  return { fromMs: fromMs + SPAN_MS / 4, untilMs: fromMs + SPAN_MS * 0.75, subjectId: subjects[1] };
}

async function correct(server: ServerUnderTest, measured: Measured, change: Change): Promise<void> {
  const { fromMs, untilMs, subjectId } = change;
  await server.post(`/api/devices/${measured.device.id}/correction`, {
    subjectId,
    from: new Date(fromMs).toISOString(),
    until: Number.isFinite(untilMs) ? new Date(untilMs).toISOString() : null,
  });
  measured.history = rewear(measured.history, change);
}

async function isUnderWay(server: ServerUnderTest, { device }: Measured): Promise<boolean> {
  const view = await server.get<DeviceView>(`/api/devices/${device.id}`);
  return view.reattributions.some(({ stage }) => stage !== 'done');
}

/** How many values all of its moves have moved. */
async function settled(server: ServerUnderTest, { device }: Measured): Promise<number> {
  const view = await eventually('the moves', async () => {
    const found = await server.get<DeviceView>(`/api/devices/${device.id}`);
    return found.reattributions.every(({ stage }) => stage === 'done') ? found : undefined;
  });
  return view.reattributions[0]?.valuesMoved ?? 0;
}

interface Record {
  readonly readings: Map<string, number>;
  readonly samples: Map<number, number>;
  readonly events: Map<string, number>;
}

async function recordOf(server: ServerUnderTest, subject: string, span: Measured): Promise<Record> {
  const readings = new Map<string, number>();
  for (const { metric, stamp, value } of await server.readings(subject, METRICS.join(','))) {
    const key = `${metric} ${Date.parse(stamp)}`;
    assert.ok(!readings.has(key), `${key} is there once`);
    readings.set(key, value);
  }
  const samples = new Map<number, number>();
  for (let fromMs = span.fromMs - 1; fromMs < span.untilMs; fromMs += ASKED_MS) {
    const query = `metrics=pleth&from=${fromMs}&to=${fromMs + ASKED_MS}`;
    const response = await server.fetch(`/api/subjects/${subject}/waveforms?${query}`);
    const runs = decodeRuns(new Uint8Array(await response.arrayBuffer()), NO_COMPRESSION);
    assert.ok(runs.ok);
    for (const { startMs, samples: found } of runs.value) {
      for (const [i, sample] of found.entries()) {
        assert.ok(!samples.has(sample), `sample ${sample} is there once`);
        samples.set(sample, startMs + i * SAMPLE_MS);
      }
    }
  }
  const list = await server.get<EventList>(`/api/subjects/${subject}/events?limit=500`);
  const events = new Map(list.events.map(({ id, time }) => [id, Date.parse(time)]));
  assert.equal(events.size, list.events.length);
  return { readings, samples, events };
}

/** Whatever is under way: what a record shows is its own. */
async function checkNobodyElses(server: ServerUnderTest, measured: Measured): Promise<void> {
  for (const subject of measured.subjects) {
    const isOwn = (atMs: number): boolean => wearerAt(measured.history, atMs) === subject;
    const record = await recordOf(server, subject, measured);
    for (const key of record.readings.keys()) {
      assert.ok(isOwn(Number(key.split(' ')[1])), `${key} is of ${subject}`);
    }
    for (const atMs of [...record.samples.values(), ...record.events.values()]) {
      assert.ok(isOwn(atMs), `what happened at ${atMs} is of ${subject}`);
    }
  }
}

const sortedEntries = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

async function checkAll(server: ServerUnderTest, measured: Measured): Promise<void> {
  const first = samplesFrom(measured);
  for (const subject of measured.subjects) {
    const isOwn = (atMs: number): boolean => wearerAt(measured.history, atMs) === subject;
    const record = await recordOf(server, subject, measured);
    const readings = stampsOf(measured, READING_EACH_MS).filter(isOwn);
    const expected = new Map<string, number>();
    for (const metric of METRICS) {
      for (const ms of readings) expected.set(`${metric} ${ms}`, valueAt(ms));
      // The next one may have been taken by a server that was killed before it said so.
      const { untilMs: nextMs } = measured;
      const isTaken = isOwn(nextMs) && record.readings.has(`${metric} ${nextMs}`);
      if (isTaken) expected.set(`${metric} ${nextMs}`, valueAt(nextMs));
    }
    assert.deepEqual(sortedEntries(record.readings), sortedEntries(expected));
    const indexes = Array.from({ length: SPAN_MS / SAMPLE_MS }, (_, i) => i);
    const samples = indexes.filter((i) => isOwn(measured.fromMs + i * SAMPLE_MS));
    assert.deepEqual(
      [...record.samples.keys()].sort((a, b) => a - b),
      samples.map((i) => first + i),
    );
    for (const i of samples) {
      assert.equal(record.samples.get(first + i), measured.fromMs + i * SAMPLE_MS);
    }
    const events = [...record.events.values()].sort((a, b) => a - b);
    const all = Array.from({ length: SPAN_MS / EVENT_EACH_MS }, (_, i) => i * EVENT_EACH_MS);
    assert.deepEqual(events, all.map((ms) => measured.fromMs + ms).filter(isOwn));
  }
}
