/**
 * The first promise of the house. Ten times the server and its PostgreSQL die by kill -9 at a random
 * moment, while devices send. Whatever was acknowledged is there afterwards, once, with its value;
 * what was sent and not acknowledged may be there, at most once.
 *
 * AUSCULTA_SEED repeats a run's moments; the seed is printed.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns, encodeRuns } from '@ausculta/blocks/waveform-block';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { MqttClient } from 'mqtt';
import { openDataDirectory } from '../apps/server/src/database/data-directory.ts';
import { openDatabase } from '../apps/server/src/database/open.ts';
import { type ServerProcess, startServerProcess } from './support/program.ts';
import {
  eventually,
  type ServerUnderTest,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const ROUNDS = 10;

/** The round that begins after an orderly stop: from then on chunks and head have to be merged. */
const ROUND_AFTER_STOP = 5;

const KILLED_WITHIN_MS = 900;
const OUTSTANDING_MAX = 24;
const SAMPLES_PER_RUN = 25;
const RATE = { numerator: 1000, denominator: 1 };
const SAMPLE_MS = 1000 / RATE.numerator;
const RUN_MS = SAMPLES_PER_RUN * SAMPLE_MS;
/** A run continues the last one when it starts within 1 ms and half a sample. */
const PLACED_WITHIN_MS = 1.5;
const QUIET_RATE = 70;
const ALARM_RATE = 150;

/** One device, its stream, and what became of each message: the number of the message is its name. */
interface Stream {
  readonly kind: 'readings' | 'waveforms' | 'events';
  readonly device: TestDevice;
  readonly sent: Map<number, number>;
  readonly acknowledged: Set<number>;
  nextStampMs: number;
  count: number;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('ten times kill -9 of server and PostgreSQL: nothing acknowledged is lost, nothing is doubled', async (t) => {
  const seed = Number(process.env['AUSCULTA_SEED'] ?? randomInt(2 ** 31));
  t.diagnostic(`seed ${seed}`);
  const chance = mulberry32(seed);
  const dataDir = await temporaryDirectory();
  let running = await startServerProcess(dataDir);
  const streams = await makeStreams(running.server);
  const raised = new Map<string, number>();
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const killAfterMs = Math.round(40 + chance() * KILLED_WITHIN_MS);
      await sendUntilKilled(running, { streams, killAfterMs, raised });
      running = await startServerProcess(dataDir);
      await checkStored(running.server, streams);
      await checkAlarms(running.server, streams, raised);
      if (round === ROUND_AFTER_STOP) {
        await running.stop();
        running = await startServerProcess(dataDir);
        await checkStored(running.server, streams);
      }
    }
    const total = streams.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
    t.diagnostic(`${total} messages acknowledged, ${raised.size} alarms raised`);
    assert.ok(total > ROUNDS * streams.length, 'the devices were heard');
    running = await continuesItsDelays(running, dataDir);
    // An orderly stop leaves everything in its tables.
    await running.stop();
  } finally {
    await running[Symbol.asyncDispose]();
  }
  await checkEvents(dataDir, streams);
});

async function makeStreams(server: ServerUnderTest): Promise<Stream[]> {
  const kinds = ['readings', 'readings', 'readings', 'waveforms', 'events'] as const;
  const streams: Stream[] = [];
  for (const kind of kinds) {
    const device = await server.addPatient();
    const nextStampMs = Date.now();
    streams.push({ kind, device, sent: new Map(), acknowledged: new Set(), nextStampMs, count: 0 });
  }
  return streams;
}

async function sendUntilKilled(
  running: ServerProcess,
  round: { streams: readonly Stream[]; killAfterMs: number; raised: Map<string, number> },
): Promise<void> {
  const { streams, killAfterMs, raised } = round;
  const clients = await Promise.all(streams.map(({ device }) => running.server.connect(device)));
  const over = new AbortController();
  const sending = streams.map((stream, i) => send(stream, clients[i] as MqttClient, over.signal));
  await sleep(killAfterMs / 2);
  // Alarms as a nurse saw them before the fall.
  for (const { device } of streams) {
    for (const alarm of await running.server.alarms(device.subjectId)) {
      raised.set(`${alarm.subjectId} ${alarm.id}`, alarm.openedMs);
    }
  }
  await sleep(killAfterMs / 2);
  await running.kill();
  over.abort();
  await Promise.all(sending);
  for (const client of clients) client.end(true);
}

/** As many at once as a device may have under way; each answer makes room for the next. */
async function send(stream: Stream, client: MqttClient, over: AbortSignal): Promise<void> {
  let outstanding = 0;
  while (!over.aborted && client.connected) {
    // A monitor cannot send what it has not measured yet.
    const isEarly = stream.kind === 'waveforms' && stream.nextStampMs + RUN_MS > Date.now();
    if (outstanding >= OUTSTANDING_MAX || isEarly) {
      await sleep(1);
      continue;
    }
    const number = stream.count;
    stream.count += 1;
    const topic = `devices/${stream.device.id}/${stream.kind}`;
    outstanding += 1;
    client.publish(topic, messageOf(stream, number), { qos: 1 }, (error) => {
      outstanding -= 1;
      if (!error) stream.acknowledged.add(number);
    });
    if (number % 8 === 7) await sleep(1);
  }
}

function messageOf(stream: Stream, number: number): Buffer {
  // Two messages of one millisecond would be one reading; runs follow each other without a gap.
  const isRun = stream.kind === 'waveforms';
  const stampMs = isRun ? stream.nextStampMs : Math.max(Date.now(), stream.nextStampMs);
  stream.sent.set(number, stampMs);
  switch (stream.kind) {
    case 'readings': {
      stream.nextStampMs = stampMs + 1;
      return json({
        time: stampMs,
        values: { 'heart-rate': rateOf(number), 'body-temperature': temperatureOf(number) },
      });
    }
    case 'waveforms': {
      stream.nextStampMs = stampMs + RUN_MS;
      const block = encodeRuns([runOf(stream, number)], NO_COMPRESSION);
      assert.ok(block.ok);
      return Buffer.from(block.value);
    }
    case 'events':
      stream.nextStampMs = stampMs + 1;
      return json({ time: stampMs, kind: 'button', boot: 1, sequence: number });
    default:
      return stream.kind satisfies never;
  }
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** A stretch beyond the limit now and then, so that alarms come and go. */
const rateOf = (number: number): number =>
  (number % 400 < 200 ? QUIET_RATE : ALARM_RATE) + (number % 10);

/** Plausible, within limits, and different for thousands of messages on end. */
const temperatureOf = (number: number): number =>
  Math.round((36 + (number % 20_000) / 10_000) * 10_000) / 10_000;

/** Each sample is its own number, so that it is known wherever it is found. */
function runOf(stream: Stream, number: number): WaveformRun {
  const startMs = stream.sent.get(number) ?? 0;
  const samples = Int32Array.from(
    { length: SAMPLES_PER_RUN },
    (_, i) => number * SAMPLES_PER_RUN + i,
  );
  return { metric: 'ecg-ii', startMs, rate: RATE, samples, gain: 200, zero: 0, flags: 0 };
}

async function checkStored(server: ServerUnderTest, streams: readonly Stream[]): Promise<void> {
  for (const stream of streams) {
    if (stream.kind === 'readings') await checkReadings(server, stream);
    if (stream.kind === 'waveforms') await checkWaveforms(server, stream);
  }
}

async function checkReadings(server: ServerUnderTest, stream: Stream): Promise<void> {
  const { device, sent, acknowledged } = stream;
  const lines = await server.readings(device.subjectId, 'heart-rate,body-temperature');
  const stored = new Map<string, number>();
  for (const { stamp, metric, value } of lines) {
    const key = `${metric} ${Date.parse(stamp)}`;
    assert.ok(!stored.has(key), `${key} is there once`);
    stored.set(key, value);
  }
  for (const [number, stampMs] of sent) {
    const values = { 'heart-rate': rateOf(number), 'body-temperature': temperatureOf(number) };
    for (const [metric, value] of Object.entries(values)) {
      const key = `${metric} ${stampMs}`;
      const found = stored.get(key);
      stored.delete(key);
      if (found === undefined && !acknowledged.has(number)) continue;
      assert.equal(found, value, `message ${number} of ${sent.size}: ${key}`);
    }
  }
  assert.deepEqual([...stored.keys()], [], 'nothing is there that was never sent');
}

async function checkWaveforms(server: ServerUnderTest, stream: Stream): Promise<void> {
  const { device, sent, acknowledged } = stream;
  const samples = new Map<number, number>();
  const first = stream.sent.get(0) ?? 0;
  for (let fromMs = first - 1000; fromMs < stream.nextStampMs; fromMs += 120_000) {
    const query = `metrics=ecg-ii&from=${fromMs}&to=${fromMs + 120_000}`;
    const response = await server.fetch(`/api/subjects/${device.subjectId}/waveforms?${query}`);
    const decoded = decodeRuns(new Uint8Array(await response.arrayBuffer()), NO_COMPRESSION);
    assert.ok(decoded.ok);
    for (const run of decoded.value) {
      for (const [i, sample] of run.samples.entries()) {
        assert.ok(!samples.has(sample), `sample ${sample} is there once`);
        samples.set(sample, run.startMs + i * SAMPLE_MS);
      }
    }
  }
  for (const number of acknowledged) {
    for (const [i, sample] of runOf(stream, number).samples.entries()) {
      const atMs = samples.get(sample);
      assert.ok(atMs !== undefined, `sample ${i} of acknowledged run ${number} is there`);
      const measuredMs = (sent.get(number) ?? 0) + i * SAMPLE_MS;
      assert.ok(
        Math.abs(atMs - measuredMs) <= PLACED_WITHIN_MS,
        `sample ${sample} is in its place`,
      );
    }
  }
}

async function checkAlarms(
  server: ServerUnderTest,
  streams: readonly Stream[],
  raised: ReadonlyMap<string, number>,
): Promise<void> {
  const seen = new Map<string, number>();
  for (const { device } of streams) {
    for (const { id, subjectId, openedMs } of await server.alarms(device.subjectId)) {
      assert.ok(!seen.has(`${subjectId} ${id}`), `${id} is there once`);
      seen.set(`${subjectId} ${id}`, openedMs);
    }
  }
  for (const [key, openedMs] of raised)
    assert.equal(seen.get(key), openedMs, `${key} is still there`);
}

/** A delay that was running when the server died runs out after it is back, though nothing more is sent. */
async function continuesItsDelays(running: ServerProcess, dataDir: string): Promise<ServerProcess> {
  const device = await running.server.addPatient();
  const client = await running.server.connect(device);
  const openedMs = Date.now();
  const body = JSON.stringify({ time: openedMs, values: { 'heart-rate': ALARM_RATE } });
  await client.publishAsync(`devices/${device.id}/readings`, body, { qos: 1 });
  await running.kill();
  client.end(true);
  const again = await startServerProcess(dataDir);
  const [alarm] = await eventually('the alarm of a silent device', async () => {
    const alarms = await again.server.alarms(device.subjectId);
    return alarms.length > 0 ? alarms : undefined;
  });
  assert.equal(alarm?.openedMs, openedMs);
  return again;
}

/** Events have no route of their own yet: they are looked up where they lie. */
async function checkEvents(dataDir: string, streams: readonly Stream[]): Promise<void> {
  using dataDirectory = await openDataDirectory({ path: dataDir });
  await using database = await openDatabase({ dataDirectory, randomBytes });
  for (const { kind, device, acknowledged, sent } of streams) {
    if (kind !== 'events') continue;
    const rows = await database.line<{ id: string; stamp_ms: number }[]>`
      SELECT id, stamp_ms FROM event WHERE subject_id = ${device.subjectId}`;
    const stored = new Map(
      rows.map(({ id, stamp_ms }) => [Number(id.split('/').at(-1)), stamp_ms]),
    );
    assert.equal(stored.size, rows.length);
    for (const number of acknowledged)
      assert.equal(stored.get(number), sent.get(number), `event ${number}`);
  }
}
