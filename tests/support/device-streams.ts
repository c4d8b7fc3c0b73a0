/**
 * Devices that send for as long as they are let, each message known by its number, and what became of
 * each: the check afterwards knows what must be there, what may be there, and what must not.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns, encodeRuns } from '@ausculta/blocks/waveform-block';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { MqttClient } from 'mqtt';
import type { ServerUnderTest, TestDevice } from './server.ts';

const OUTSTANDING_MAX = 24;
const SAMPLES_PER_RUN = 25;
const RATE = { numerator: 1000, denominator: 1 };
const SAMPLE_MS = 1000 / RATE.numerator;
const RUN_MS = SAMPLES_PER_RUN * SAMPLE_MS;
/** A run continues the last one when it starts within 1 ms and half a sample. */
const PLACED_WITHIN_MS = 1.5;
const QUIET_RATE = 70;
export const ALARM_RATE = 150;

/** One device, its stream, and what became of each message: the number of the message is its name. */
export interface Stream {
  readonly kind: 'readings' | 'waveforms' | 'events';
  readonly device: TestDevice;
  readonly sent: Map<number, number>;
  readonly acknowledged: Set<number>;
  nextStampMs: number;
  count: number;
}

/** A small generator of chance that a seed repeats. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function makeStreams(server: ServerUnderTest): Promise<Stream[]> {
  const kinds = ['readings', 'readings', 'readings', 'waveforms', 'events'] as const;
  const streams: Stream[] = [];
  for (const kind of kinds) {
    const device = await server.addPatient();
    const nextStampMs = Date.now();
    streams.push({ kind, device, sent: new Map(), acknowledged: new Set(), nextStampMs, count: 0 });
  }
  return streams;
}

/** As many at once as a device may have under way; each answer makes room for the next. */
export async function send(stream: Stream, client: MqttClient, over: AbortSignal): Promise<void> {
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
    if (number % 8 === 7) await sleep(4);
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

export async function checkStored(
  server: ServerUnderTest,
  streams: readonly Stream[],
): Promise<void> {
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
