import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import { decodePlainJson } from '@ausculta/codecs/plain-json';
import { decodeSenml } from '@ausculta/codecs/senml';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import {
  type Bedside,
  type Outgoing,
  placeBedside,
  readingsAt,
  startProgress,
  stepBedside,
} from './bedside.ts';
import { readRecording } from './recording-files.ts';
import { WARD_PATIENTS } from './ward.ts';

const START_MS = Date.UTC(2026, 10, 21, 2, 30, 0);
const THREE_HOURS_MS = 3 * 3_600_000;

async function monitorOf(bed: string): Promise<Bedside> {
  const patient = WARD_PATIENTS.find((candidate) => candidate.bed === bed);
  assert.ok(patient !== undefined);
  const recording = await readRecording(patient.recording);
  return placeBedside(patient, { recording, deviceId: `monitor-${bed}`, nowMs: START_MS });
}

function play(bedside: Bedside, { forMs, stepMs }: { forMs: number; stepMs: number }): Outgoing[] {
  let progress = startProgress(bedside);
  const all: Outgoing[] = [];
  for (let elapsedMs = 0; elapsedMs <= forMs; elapsedMs += stepMs) {
    const step = stepBedside(bedside, progress, START_MS + elapsedMs);
    progress = step.progress;
    all.push(...step.outgoing);
  }
  return all;
}

function runsOf(outgoing: readonly Outgoing[]) {
  return outgoing
    .filter(({ kind }) => kind === 'waveforms')
    .flatMap(({ encode }) => {
      const runs = decodeRuns(encode(START_MS), NO_COMPRESSION);
      assert.ok(runs.ok);
      return runs.value;
    });
}

test('ten seconds of a monitor are 3600 samples of each lead as they were, and a number each second', async () => {
  const bedside = await monitorOf('01');
  const outgoing = play(bedside, { forMs: 10_000, stepMs: 400 });
  const lead = runsOf(outgoing).filter(({ metric }) => metric === 'ecg-ii');
  const samples = lead.flatMap((run) => [...run.samples]);
  assert.deepEqual(samples, [...(bedside.recording.channels[0]?.samples.subarray(0, 3600) ?? [])]);
  assert.equal(lead[0]?.startMs, START_MS);
  assert.equal(outgoing.filter(({ kind }) => kind === 'readings').length, 11);
});

test('whatever no recording holds is marked simulated; the heart rate is not', async () => {
  for (const bed of ['01', '04']) {
    const bedside = await monitorOf(bed);
    for (let second = 1; second <= 400; second += 1) {
      for (const { metric, flags } of readingsAt(bedside, START_MS + second * 1000)) {
        const fromRecording = metric === 'heart-rate' || metric === 'resp-rate-impedance';
        assert.equal(hasFlag(flags, FLAG.SIMULATED), !fromRecording, metric);
      }
    }
  }
});

test('every bed has each of its numbers within 35 seconds, and a cuff every five minutes', async () => {
  for (const { bed } of WARD_PATIENTS) {
    const bedside = await monitorOf(bed);
    const secondsOf = new Map<string, number[]>();
    for (let second = 1; second <= 700; second += 1) {
      for (const { metric } of readingsAt(bedside, START_MS + second * 1000)) {
        secondsOf.set(metric, [...(secondsOf.get(metric) ?? []), second]);
      }
    }
    for (const metric of ['heart-rate', 'spo2', 'body-temperature', 'nibp-systolic']) {
      assert.ok((secondsOf.get(metric)?.[0] ?? 999) <= 35, `${metric} of bed ${bed}`);
    }
    const [first = 0, second = 0] = secondsOf.get('nibp-systolic') ?? [];
    assert.equal(second - first, 300);
  }
});

test('a monitor with a wrong clock stamps numbers and waveforms three hours behind', async () => {
  const bedside = await monitorOf('07');
  const outgoing = play(bedside, { forMs: 2000, stepMs: 400 });
  assert.equal(runsOf(outgoing)[0]?.startMs, START_MS - THREE_HOURS_MS);
  const numbers = outgoing.find(({ kind }) => kind === 'readings');
  const decoded = decodePlainJson(numbers?.encode(START_MS + 5000) ?? new Uint8Array());
  assert.ok(decoded.ok);
  assert.equal(decoded.value.readings[0]?.stampMs, START_MS - THREE_HOURS_MS);
  assert.equal(decoded.value.sentMs, START_MS + 5000 - THREE_HOURS_MS);
});

test('the monitor that speaks SenML says the same as its neighbours', async () => {
  const bedside = await monitorOf('12');
  const [numbers] = play(bedside, { forMs: 3000, stepMs: 1000 }).filter(
    ({ kind }) => kind === 'readings',
  );
  const decoded = decodeSenml(numbers?.encode(START_MS) ?? new Uint8Array(), START_MS);
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.faults, []);
  const found = decoded.value.readings.map(({ metric, stampMs, value, flags }) => ({
    metric,
    stampMs,
    value,
    flags,
  }));
  assert.deepEqual(found, readingsAt(bedside, START_MS));
});

test('a pause of ten seconds is caught up, a longer one is a gap', async () => {
  const bedside = await monitorOf('01');
  const first = stepBedside(bedside, startProgress(bedside), START_MS + 2000);
  const short = stepBedside(bedside, first.progress, START_MS + 13_000);
  assert.equal(runsOf(short.outgoing)[0]?.startMs, START_MS + 2000);
  assert.equal(short.outgoing.filter(({ kind }) => kind === 'readings').length, 11);
  const long = stepBedside(bedside, first.progress, START_MS + 13_001);
  assert.deepEqual(runsOf(long.outgoing), []);
  const after = stepBedside(bedside, long.progress, START_MS + 13_400);
  assert.equal(runsOf(after.outgoing)[0]?.startMs, START_MS + 13_000);
  assert.equal(long.outgoing.filter(({ kind }) => kind === 'readings').length, 1);
});

test('a clock that steps back sends nothing twice', async () => {
  const bedside = await monitorOf('01');
  const first = stepBedside(bedside, startProgress(bedside), START_MS + 5000);
  const back = stepBedside(bedside, first.progress, START_MS + 1000);
  assert.deepEqual(back.outgoing, []);
  assert.deepEqual(back.progress, first.progress);
});
