/**
 * Waveforms of a subject as EDF+: gathered a little at a time, so that no device waits, and written a
 * record at a time. What a reader must know of the samples stands in the annotations.
 */
import {
  type EdfPatient,
  type EdfRecording,
  type EdfSignal,
  encodeEdf,
} from '@ausculta/codecs/edf-writer';
import type { EventList, UnreadablePart } from '@ausculta/contract/readings';
import { fail, type Result } from '@ausculta/vitals/fault';
import type { Metric } from '@ausculta/vitals/metric';
import { flagNames } from '@ausculta/vitals/reading';
import type { SubjectIdentity } from '@ausculta/vitals/subject';
import { sampleOffsetMs, type WaveformRun } from '@ausculta/vitals/waveform';
import type { Series } from '../line/entry.ts';
import type { Question } from './query-ports.ts';

/** A day of one lead at 360 Hz: 128 MB while it is being written. */
const SAMPLES_MAX = 32_000_000;

/** Of one span; it is decoded in some milliseconds. */
const SPAN_MS = 120_000;

const SIGNALS_MAX = 64;

export interface SeriesRuns {
  readonly series: Series;
  readonly runs: readonly WaveformRun[];
}

export interface EdfPorts {
  readonly waveformsBySeries: (question: Question) => Promise<SeriesRuns[]>;
  readonly events: EventList['events'];
  readonly pause: () => Promise<void>;
  readonly isGone: () => boolean;
}

export async function exportEdf(
  ports: EdfPorts,
  question: Question,
  identity: SubjectIdentity | undefined,
): Promise<Result<Iterable<Uint8Array>>> {
  const signals = new Map<string, EdfSignal & { readonly runs: WaveformRun[] }>();
  let samples = 0;
  for (let fromMs = question.fromMs; fromMs < question.toMs; fromMs += SPAN_MS) {
    const span = { fromMs, toMs: Math.min(fromMs + SPAN_MS, question.toMs) };
    for (const { series, runs } of await ports.waveformsBySeries({ ...question, ...span })) {
      for (const run of runs) {
        samples += run.samples.length;
        // A view would keep all that was decoded around it.
        signalOf(signals, series, run).runs.push({ ...run, samples: run.samples.slice() });
      }
    }
    if (ports.isGone()) return fail('NOT_FOUND', 'nobody waits for it');
    if (samples > SAMPLES_MAX)
      return fail('QUERY_TOO_WIDE', `more than ${SAMPLES_MAX} samples: ask for less time`);
    if (signals.size > SIGNALS_MAX)
      return fail('QUERY_TOO_WIDE', `more than ${SIGNALS_MAX} signals: ask for fewer metrics`);
    await ports.pause();
  }
  const notes = [
    ...[...signals.values()].flatMap(({ label, runs }) => notesOf(label, runs)),
    ...question.unreadable.map(unreadableNote),
    ...ports.events.map(({ kind, time }) => ({ atMs: Date.parse(time), text: kind })),
  ];
  const patient = identity === undefined ? undefined : patientOf(identity);
  return encodeEdf({ signals: [...signals.values()], notes, patient, equipment: 'Ausculta' });
}

/** Samples of another converter, another rate or another scale are a signal of their own. */
function signalOf(
  signals: Map<string, EdfSignal & { readonly runs: WaveformRun[] }>,
  { metric, deviceId }: Series,
  { rate, gain, zero }: WaveformRun,
) {
  const key = [metric.key, deviceId, rate.numerator, rate.denominator, gain, zero].join(' ');
  let signal = signals.get(key);
  if (signal === undefined) {
    signal = { label: labelOf(metric), transducer: deviceId, unit: unitOf(metric), runs: [] };
    signals.set(key, signal);
  }
  return signal;
}

/** As the standard's list of labels has it: "ECG II". */
function labelOf({ key, label }: Metric): string {
  if (!key.startsWith('ecg-')) return label.slice(0, 16);
  return `ECG ${key.slice('ecg-'.length).toUpperCase().replace('AV', 'aV')}`;
}

/** UCUM without its brackets: mmHg; what is in no unit has none. */
function unitOf({ unit }: Metric): string {
  return unit.startsWith('[arb') ? '' : unit.replace(/[[\]{}]/g, '');
}

type Note = EdfRecording['notes'][number];

/** One note for each stretch of the same flags: simulated samples are told as such. */
function notesOf(label: string, runs: readonly WaveformRun[]): Note[] {
  const notes: { atMs: number; durationMs: number; text: string }[] = [];
  let flags = 0;
  for (const run of runs) {
    const durationMs = sampleOffsetMs(run.rate, run.samples.length);
    const last = notes.at(-1);
    const follows =
      last !== undefined &&
      flags === run.flags &&
      Math.abs(last.atMs + last.durationMs - run.startMs) <= sampleOffsetMs(run.rate, 1);
    flags = run.flags;
    if (flags === 0) continue;
    if (follows) last.durationMs = run.startMs + durationMs - last.atMs;
    else
      notes.push({
        atMs: run.startMs,
        durationMs,
        text: `${label}: ${flagNames(flags).join(' ')}`,
      });
  }
  return notes;
}

function unreadableNote({ metric, fromMs, toMs }: UnreadablePart): Note {
  return { atMs: fromMs, durationMs: toMs - fromMs, text: `${metric}: unreadable` };
}

function patientOf({
  recordNumber,
  sex,
  birthDate,
  familyName,
  givenName,
}: SubjectIdentity): EdfPatient {
  return {
    code: recordNumber,
    sex: sex === 'female' ? 'F' : sex === 'male' ? 'M' : 'X',
    birthDate,
    name: [familyName, givenName].filter((part) => part !== '').join(', '),
  };
}
