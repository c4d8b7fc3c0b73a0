import { readWfdbHeader, readWfdbSignals, type WfdbSignal } from '@ausculta/codecs/wfdb';
import {
  isBeat,
  readWfdbAnnotations,
  type WfdbAnnotation,
} from '@ausculta/codecs/wfdb-annotations';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SampleRate } from '@ausculta/vitals/waveform';

/** A recording as the replay needs it. */
export interface Recording {
  readonly name: string;
  readonly rate: SampleRate;
  /** Samples of each channel. */
  readonly length: number;
  readonly channels: readonly Channel[];
  /** Sample indexes, ascending. */
  readonly beats: readonly number[];
  /** Empty where the recording has no respiration. */
  readonly breaths: readonly number[];
}

export interface Channel {
  /** Catalogue key of the waveform. */
  readonly metric: string;
  readonly gain: number;
  readonly zero: number;
  readonly samples: Int32Array;
}

export interface RecordingFiles {
  readonly header: string;
  readonly signals: Uint8Array;
  readonly annotations: Uint8Array;
}

/** MLII is modified lead II: electrodes on the chest. It is the lead II of a bedside monitor. */
const METRIC_OF_LEAD: ReadonlyMap<string, string> = new Map([
  ['MLII mV', 'ecg-ii'],
  ['V1 mV', 'ecg-v1'],
  ['V5 mV', 'ecg-v5'],
  // NU: normalised units. A trace without a scale is never shown in mV.
  ['II NU', 'ecg-ii-arb'],
  ['V NU', 'ecg-v-arb'],
  ['AVR NU', 'ecg-avr-arb'],
  ['PLETH NU', 'pleth-arb'],
  ['RESP NU', 'resp-wave-arb'],
]);

export function assembleRecording(files: RecordingFiles): Result<Recording> {
  const header = readWfdbHeader(files.header);
  if (!header.ok) return header;
  const { recordName, rate, frameCount, signals } = header.value;
  const samples = readWfdbSignals(header.value, new Map([[`${recordName}.dat`, files.signals]]));
  if (!samples.ok) return samples;
  const annotations = readWfdbAnnotations(files.annotations);
  if (!annotations.ok) return annotations;
  const channels: Channel[] = [];
  for (const [index, signal] of signals.entries()) {
    const metric = metricOfLead(signal);
    if (metric === undefined) return fail('METRIC_UNKNOWN', `the lead of signal ${index}`);
    const own = samples.value[index] ?? new Int32Array(0);
    channels.push({ metric, gain: signal.gain, zero: signal.baseline, samples: own });
  }
  return ok({
    name: recordName,
    rate,
    length: frameCount,
    channels,
    beats: samplesOf(annotations.value, isBeat),
    breaths: samplesOf(annotations.value, ({ aux }) => aux === 'breath'),
  });
}

function metricOfLead({ description, unit }: WfdbSignal): string | undefined {
  return METRIC_OF_LEAD.get(`${description} ${unit}`);
}

function samplesOf(
  annotations: readonly WfdbAnnotation[],
  isWanted: (annotation: WfdbAnnotation) => boolean,
): number[] {
  return annotations.filter(isWanted).map(({ sample }) => sample);
}
