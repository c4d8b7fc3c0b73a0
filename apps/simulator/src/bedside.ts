import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { encodePlainJson } from '@ausculta/codecs/plain-json';
import { encodeSenml } from '@ausculta/codecs/senml';
import { expect } from '@ausculta/vitals/expect';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';
import { meanRate, positionAt, runsBetween } from './loop.ts';
import {
  type Levels,
  type Moment,
  simulateBattery,
  simulateCuff,
  simulateRespRate,
  simulateSpo2,
  simulateTemperature,
} from './physiology.ts';
import type { Recording } from './recording.ts';
import type { WardPatient } from './ward.ts';

/**
 * One bedside monitor that replays a recording: a pure fold over time. A step says what the monitor
 * has to send now; the link sends it.
 */
export interface Bedside {
  readonly deviceId: string;
  readonly patient: WardPatient;
  readonly recording: Recording;
  readonly levels: Levels;
  /** True time of the recording's first sample; whole seconds, as monitors send on the second. */
  readonly startedMs: number;
}

/** What the monitor has done so far. */
export interface BedsideProgress {
  /** Samples before this position are sent. */
  readonly position: number;
  /** Readings of the seconds before this are sent. */
  readonly secondMs: number;
}

export interface Outgoing {
  readonly kind: 'readings' | 'waveforms';
  /** The bytes as they leave now: a monitor that says what its clock shows must say so anew each time. */
  readonly encode: (nowMs: number) => Uint8Array;
}

const SECOND_MS = 1000;
/** A rate limit must be announced within 10 s, averaging included (safety S6). */
export const HEART_RATE_WINDOW_S = 8;
/** About ten breaths: what an impedance monitor averages. */
export const RESP_RATE_WINDOW_S = 32;
const TEMPERATURE_EVERY_S = 10;
const CUFF_EVERY_S = 300;
const BATTERY_EVERY_S = 60;
/** The first cuffs of a ward are half a minute apart at most, so that no bed waits for its number. */
const FIRST_CUFF_SPREAD_S = 30;
/** A computer that slept longer than this leaves a gap, as a monitor that was off would. */
const CATCH_UP_MAX_MS = 10_000;

export function placeBedside(
  patient: WardPatient,
  { recording, deviceId, nowMs }: { recording: Recording; deviceId: string; nowMs: number },
): Bedside {
  const heartRate = usualRate(recording);
  return {
    deviceId,
    patient,
    recording,
    levels: { ...patient.levels, heartRate },
    startedMs: Math.ceil(nowMs / SECOND_MS) * SECOND_MS,
  };
}

export function startProgress(bedside: Bedside): BedsideProgress {
  return { position: 0, secondMs: bedside.startedMs };
}

export function stepBedside(
  bedside: Bedside,
  progress: BedsideProgress,
  nowMs: number,
): { readonly progress: BedsideProgress; readonly outgoing: readonly Outgoing[] } {
  const caughtUp = skipGap(bedside, progress, nowMs);
  const until = Math.max(
    caughtUp.position,
    positionAt(bedside.recording.rate, nowMs - bedside.startedMs),
  );
  const outgoing: Outgoing[] = [];
  let { secondMs } = caughtUp;
  for (; secondMs <= nowMs; secondMs += SECOND_MS) {
    const readings = readingsAt(bedside, secondMs);
    outgoing.push({ kind: 'readings', encode: (atMs) => encode(bedside, readings, atMs) });
  }
  if (until > caughtUp.position) {
    const startedMs = bedside.startedMs + clockErrorMs(bedside);
    const runs = runsBetween(bedside.recording, { from: caughtUp.position, until, startedMs });
    const block = encodeRuns(runs, NO_COMPRESSION);
    expect(block.ok, 'runs of a recording always encode');
    outgoing.push({ kind: 'waveforms', encode: () => block.value });
  }
  return { progress: { position: until, secondMs }, outgoing };
}

function skipGap(bedside: Bedside, progress: BedsideProgress, nowMs: number): BedsideProgress {
  if (nowMs - progress.secondMs <= CATCH_UP_MAX_MS) return progress;
  const secondMs = Math.floor(nowMs / SECOND_MS) * SECOND_MS;
  const position = positionAt(bedside.recording.rate, secondMs - bedside.startedMs);
  return { position: Math.max(progress.position, position), secondMs };
}

/** What the monitor reads on one second, with its own idea of the time. */
export function readingsAt(bedside: Bedside, atMs: number): ReportedReading[] {
  const { recording, levels, patient, startedMs } = bedside;
  const seed = Number(patient.bed) * 100;
  const elapsedS = Math.round((atMs - startedMs) / SECOND_MS);
  const position = positionAt(recording.rate, atMs - startedMs);
  const rate = (cycles: readonly number[], windowS: number) =>
    meanRate(recording, cycles, { position, windowS });
  const heartRate = rate(recording.beats, HEART_RATE_WINDOW_S);
  const respRate = rate(recording.breaths, RESP_RATE_WINDOW_S);
  const moment: Moment = { atMs: atMs - startedMs, heartRate };
  const stampMs = atMs + clockErrorMs(bedside);

  const readings: ReportedReading[] = [];
  const measured = (metric: string, value: number) =>
    readings.push({ metric, stampMs, value, flags: 0 });
  const simulated = (metric: string, value: number) =>
    readings.push({ metric, stampMs, value, flags: FLAG.SIMULATED });

  if (heartRate !== undefined) measured('heart-rate', Math.round(heartRate));
  if (respRate !== undefined) measured('resp-rate-impedance', Math.round(respRate));
  if (recording.breaths.length === 0)
    simulated('resp-rate', simulateRespRate(seed, levels, moment));
  simulated('spo2', simulateSpo2(seed, levels, moment));
  if (elapsedS % TEMPERATURE_EVERY_S === 1) {
    simulated('body-temperature', simulateTemperature(seed, levels, moment));
  }
  if (elapsedS % CUFF_EVERY_S === 2 + ((Number(patient.bed) * 7) % FIRST_CUFF_SPREAD_S)) {
    const cuff = simulateCuff(seed, levels, moment);
    simulated('nibp-systolic', cuff.systolic);
    simulated('nibp-diastolic', cuff.diastolic);
    simulated('nibp-mean', cuff.mean);
  }
  if (patient.variation?.kind === 'battery' && elapsedS % BATTERY_EVERY_S === 3) {
    simulated('battery', simulateBattery(moment));
  }
  return readings;
}

function encode(bedside: Bedside, readings: readonly ReportedReading[], nowMs: number): Uint8Array {
  switch (bedside.patient.variation?.kind) {
    case 'senml':
      return encodeSenml(readings, { baseName: `urn:dev:ops:${bedside.deviceId}:` });
    case 'wrong-clock':
      // It cannot know that its clock is wrong, but it says what the clock shows.
      return encodePlainJson(readings, { sentMs: nowMs + clockErrorMs(bedside) });
    case 'battery':
    case undefined:
      return encodePlainJson(readings);
  }
}

function clockErrorMs({ patient: { variation } }: Bedside): number {
  return variation?.kind === 'wrong-clock' ? variation.errorMs : 0;
}

/** The mean over the whole recording: what its vitals are coupled to. */
function usualRate(recording: Recording): number {
  const whole = { position: recording.length, windowS: Number.POSITIVE_INFINITY };
  return meanRate(recording, recording.beats, whole) ?? 75;
}
