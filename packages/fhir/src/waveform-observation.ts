/**
 * Waveforms as Observations (HL7's PHD guide, real-time sample array; PoCD, sample array): a window of
 * whole samples as SampledData, in the converter's own integers. Leads of one moment are one
 * Observation with a component each.
 */
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import { type SampleRate, sampleOffsetMs } from '@ausculta/vitals/waveform';
import type { Observation, SampledData } from '@medplum/fhirtypes';
import { leadsName, PANEL } from './ecg-leads.ts';
import { codingsOf, type DeviceLinks, extensionsOf } from './observation.ts';
import { certainty } from './observation-value.ts';
import { deviceTag, parseReadingId, type ReadingKey, readingId } from './reading-id.ts';
import { SYSTEM } from './systems.ts';

/** A run of samples that lie in the window asked for. */
export interface PlacedRun {
  readonly metric: Metric;
  readonly subjectId: SubjectId;
  readonly deviceId: DeviceId;
  readonly epoch: number;
  /** Of the first sample: the device's time, and the corrected one. */
  readonly stampMs: number;
  readonly timeMs: number;
  readonly rate: SampleRate;
  readonly samples: Int32Array;
  readonly gain: number;
  readonly zero: number;
  readonly flags: number;
}

export interface SampleWindow {
  /** Half-open, in corrected time. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** So many samples become one, their mean: 1 leaves them as they are. */
  readonly everyN: number;
}

/** The part of a run that lies in a window, coarser if asked; undefined where nothing does. */
export function cutRun(
  run: PlacedRun,
  { fromMs, untilMs, everyN }: SampleWindow,
): PlacedRun | undefined {
  const { rate, samples, timeMs, stampMs } = run;
  const perMs = rate.numerator / (rate.denominator * 1000);
  const first = Math.max(0, Math.ceil((fromMs - timeMs) * perMs - 1e-6));
  const end = Math.min(samples.length, Math.ceil((untilMs - timeMs) * perMs - 1e-6));
  const count = Math.floor((end - first) / everyN);
  if (count <= 0) return undefined;
  const offsetMs = Math.round(sampleOffsetMs(rate, first));
  return {
    ...run,
    ...{ stampMs: stampMs + offsetMs, timeMs: timeMs + offsetMs },
    rate: { numerator: rate.numerator, denominator: rate.denominator * everyN },
    samples: Int32Array.from({ length: count }, (_, at) =>
      meanOf(samples.subarray(first + at * everyN, first + (at + 1) * everyN)),
    ),
  };
}

function meanOf(samples: Int32Array): number {
  return samples.length === 1
    ? (samples[0] as number)
    : Math.round(samples.reduce((sum, one) => sum + one, 0) / samples.length);
}

/**
 * Runs of one device that begin together, at one rate and of one length, as one Observation. The id is
 * made of what was asked: device, metric, epoch, first sample, length and rate. `everyN` says how many
 * samples each value is the mean of.
 */
export function toWaveformObservation(
  runs: readonly [PlacedRun, ...PlacedRun[]],
  { device, personal }: Pick<DeviceLinks, 'device' | 'personal'>,
  everyN = 1,
): Observation {
  const [first] = runs;
  const { timeMs, samples, rate, subjectId } = first;
  const metric = runs.length === 1 ? first.metric : PANEL;
  const { status, security, interpretation } = certainty(
    runs.reduce((sum, { flags }) => sum | flags, 0),
  );
  const endMs = timeMs + sampleOffsetMs(rate, samples.length);
  const phd = { coding: [{ system: SYSTEM.PHD_CATEGORY, code: 'phd' }] };
  return {
    resourceType: 'Observation',
    id: idOf(runs),
    ...(security.length > 0 && { meta: { security } }),
    ...(personal && { extension: extensionsOf(personal) }),
    status,
    ...(personal && { category: [phd] }),
    code: { coding: codingsOf(metric), text: metric.label },
    subject: { reference: `Patient/${subjectId}` },
    effectivePeriod: { start: isoOf(timeMs), end: isoOf(endMs) },
    ...(interpretation.length > 0 && { interpretation }),
    // Whoever looks for peaks has to know that they are lower in it.
    ...(everyN > 1 && { method: { text: `Each value is the mean of ${everyN} samples` } }),
    device,
    ...(runs.length === 1
      ? { valueSampledData: sampledData(first) }
      : {
          component: runs.map((run) => ({
            code: { coding: codingsOf(run.metric), text: run.metric.label },
            valueSampledData: sampledData(run),
          })),
        }),
  };
}

function idOf(runs: readonly [PlacedRun, ...PlacedRun[]]): string {
  const [{ metric, deviceId, epoch, stampMs, samples, rate }] = runs;
  const name = runs.length === 1 ? metric.key : leadsName(runs.map((one) => one.metric));
  const id = readingId({ device: deviceTag(deviceId), name, epoch, stampMs });
  return `${id}.${samples.length.toString(36)}-${rate.numerator}-${rate.denominator}`;
}

export interface WaveformKey extends ReadingKey {
  readonly length: number;
  readonly rate: SampleRate;
}

const WAVEFORM_ID = /^(.{1,63})\.([0-9a-z]{1,6})-(\d{1,9})-(\d{1,9})$/;

/** Undefined for what is no id of a waveform; whether there is such a one is not known here. */
export function parseWaveformId(id: string): WaveformKey | undefined {
  const [, first = '', length = '', numerator, denominator] = WAVEFORM_ID.exec(id) ?? [];
  const key = parseReadingId(first);
  const rate = { numerator: Number(numerator), denominator: Number(denominator) };
  if (key === undefined || rate.numerator === 0 || rate.denominator === 0) return undefined;
  return { ...key, length: Number.parseInt(length, 36), rate };
}

/** value = sample * factor + origin: the converter's scale, so that its integers travel. */
function sampledData({ samples, rate, gain, zero, metric }: PlacedRun): SampledData {
  return {
    origin: {
      value: plain(-zero / gain) + 0,
      unit: metric.unit,
      system: SYSTEM.UCUM,
      code: metric.unit,
    },
    period: plain(sampleOffsetMs(rate, 1)),
    factor: plain(1 / gain),
    dimensions: 1,
    data: samples.join(' '),
  };
}

/** 1 / 200 is 0.005 for a reader, too. */
function plain(value: number): number {
  return Number(value.toPrecision(15));
}

function isoOf(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
