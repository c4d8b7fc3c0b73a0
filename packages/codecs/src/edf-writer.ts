/**
 * Writes EDF+ (Kemp and Olivan 2003; edfplus.info): signals in 16 bit, an annotations channel that also
 * tells when each data record begins, gaps as EDF+D. Who was measured is not said unless it is given.
 */
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { encodeAnnotation } from './edf-annotations.ts';
import {
  ANNOTATIONS_LABEL,
  DIGITAL_MAX,
  DIGITAL_MIN,
  HEADER_BYTES,
  MONTHS,
  RECORD_BYTES_MAX,
  SIGNAL_FIELDS,
  SIGNAL_HEADER_BYTES,
  type SignalField,
} from './edf-format.ts';
import { layOut, type Placed, recordSeconds, type Stretch } from './edf-layout.ts';
import { type Fitted, fitScale, numberText } from './edf-scale.ts';

/** Runs of one converter: of one rate, gain and zero. */
export interface EdfSignal {
  readonly label: string;
  readonly transducer: string;
  readonly unit: string;
  readonly runs: readonly WaveformRun[];
}

export interface EdfPatient {
  readonly code: string;
  readonly sex: 'F' | 'M' | 'X';
  /** ISO 8601; undefined or only a year: X. */
  readonly birthDate: string | undefined;
  readonly name: string;
}

export interface EdfRecording {
  readonly signals: readonly EdfSignal[];
  /** Onsets count from the first sample of all. */
  readonly notes: readonly {
    readonly atMs: number;
    readonly durationMs?: number;
    readonly text: string;
  }[];
  /** Undefined: nobody is named ("X X X X"). */
  readonly patient: EdfPatient | undefined;
  readonly equipment: string;
}

interface Channel extends EdfSignal {
  readonly fitted: Fitted;
  readonly samplesPerRecord: number;
}

interface Plan {
  readonly recording: EdfRecording;
  readonly channels: readonly Channel[];
  readonly stretches: readonly Stretch[];
  readonly seconds: number;
  /** Of the whole second in which the recording begins. */
  readonly startMs: number;
  readonly lists: readonly (readonly Uint8Array[])[];
  readonly listBytes: number;
}

/** The file in pieces: its header, then a record at a time. */
export function encodeEdf(recording: EdfRecording): Result<Iterable<Uint8Array>> {
  const signals = recording.signals.filter(({ runs }) => runs.length > 0);
  const [first] = signals;
  if (first === undefined) return fail('NOT_FOUND', 'no samples in this time');
  const seconds = recordSeconds(signals.map(({ runs }) => (runs[0] as WaveformRun).rate));
  if (!seconds.ok) return seconds;
  const stretches = layOut(
    signals.flatMap(({ runs }, signal) => runs.map((run) => ({ run, signal }))),
    seconds.value,
  );
  const channels = signals.map((signal) => channelOf(signal, seconds.value));
  if (channels.some(({ fitted: { scale } }) => scale.physicalMin === scale.physicalMax))
    return fail('QUERY_TOO_WIDE', 'a scale that eight characters cannot say');
  const startMs = Math.floor((stretches[0]?.startMs ?? 0) / 1000) * 1000;
  const lists = listsOf({ recording, stretches, startMs, seconds: seconds.value });
  const longest = Math.max(...lists.map((all) => all.reduce((sum, list) => sum + list.length, 0)));
  const listBytes = Math.ceil((longest + 1) / 2) * 2;
  const plan = {
    recording,
    channels,
    stretches,
    seconds: seconds.value,
    startMs,
    lists,
    listBytes,
  };
  if (recordBytes(plan) > RECORD_BYTES_MAX)
    return fail('QUERY_TOO_WIDE', 'too many signals for one file');
  return ok(piecesOf(plan));
}

function channelOf(signal: EdfSignal, seconds: number): Channel {
  const { gain, zero, rate } = signal.runs[0] as WaveformRun;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { samples } of signal.runs) {
    for (let i = 0; i < samples.length; i += 1) {
      const sample = samples[i] as number;
      if (sample < least) least = sample;
      if (sample > most) most = sample;
    }
  }
  const samplesPerRecord = (rate.numerator * seconds) / rate.denominator;
  return { ...signal, fitted: fitScale({ gain, zero, least, most }), samplesPerRecord };
}

const recordBytes = ({ channels, listBytes }: Pick<Plan, 'channels' | 'listBytes'>): number =>
  channels.reduce((sum, { samplesPerRecord }) => sum + samplesPerRecord * 2, listBytes);

/** For each record the lists that stand in it: when it begins, and what was noted since the one before. */
function listsOf(
  of: Pick<Plan, 'recording' | 'stretches' | 'startMs' | 'seconds'>,
): Uint8Array[][] {
  const { recording, stretches, startMs, seconds } = of;
  const notes = [...recording.notes].sort((a, b) => a.atMs - b.atMs);
  const starts = stretches.flatMap((stretch) =>
    Array.from({ length: stretch.records }, (_, i) => stretch.startMs + i * seconds * 1000),
  );
  let next = 0;
  return starts.map((recordMs, i) => {
    const lists = [encodeAnnotation({ onsetS: (recordMs - startMs) / 1000, text: '' })];
    const untilMs = starts[i + 1] ?? Number.POSITIVE_INFINITY;
    let size = 0;
    for (; next < notes.length && size < NOTE_BYTES_MAX; next += 1) {
      const { atMs, durationMs, text } = notes[next] as (typeof notes)[number];
      if (atMs >= untilMs) break;
      const list = encodeAnnotation({
        onsetS: (atMs - startMs) / 1000,
        ...(durationMs === undefined ? {} : { durationS: durationMs / 1000 }),
        text,
      });
      size += list.length;
      lists.push(list);
    }
    return lists;
  });
}

/** What does not fit into a record is told in the next: the onset stands beside it. */
const NOTE_BYTES_MAX = 1_024;

function* piecesOf(plan: Plan): Generator<Uint8Array> {
  yield headerOf(plan);
  let number = 0;
  for (const { placed, records } of plan.stretches) {
    // In order of time: what ends before a record is not looked at again.
    const waiting = plan.channels.map((_, signal) => placed.filter((one) => one.signal === signal));
    for (let record = 0; record < records; record += 1) {
      yield recordOf(plan, { waiting, record, number });
      number += 1;
    }
  }
}

function recordOf(
  { channels, lists, listBytes }: Plan,
  at: { readonly waiting: Placed[][]; readonly record: number; readonly number: number },
): Uint8Array {
  const bytes = new Uint8Array(recordBytes({ channels, listBytes }));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [signal, channel] of channels.entries()) {
    const { samplesPerRecord, fitted } = channel;
    for (let i = 0; i < samplesPerRecord; i += 1)
      view.setInt16(offset + i * 2, fitted.filler, true);
    const placed = at.waiting[signal] ?? [];
    const fromIndex = at.record * samplesPerRecord;
    while (placed[0] !== undefined && endIndex(placed[0]) <= fromIndex) placed.shift();
    for (const one of placed) {
      if (one.index >= fromIndex + samplesPerRecord) break;
      putSamples(view, one, { offset, fromIndex, channel });
    }
    offset += samplesPerRecord * 2;
  }
  for (const list of lists[at.number] ?? []) {
    bytes.set(list, offset);
    offset += list.length;
  }
  return bytes;
}

const endIndex = ({ run, index }: Placed): number => index + run.samples.length;

function putSamples(
  view: DataView,
  { run, index }: Placed,
  at: { readonly offset: number; readonly fromIndex: number; readonly channel: Channel },
): void {
  const { shift, divisor } = at.channel.fitted;
  const from = Math.max(0, at.fromIndex - index);
  const until = Math.min(run.samples.length, at.fromIndex + at.channel.samplesPerRecord - index);
  for (let i = from; i < until; i += 1) {
    const digital = Math.round(((run.samples[i] as number) - shift) / divisor);
    view.setInt16(at.offset + (index + i - at.fromIndex) * 2, digital, true);
  }
}

function headerOf(plan: Plan): Uint8Array {
  const { channels, stretches, seconds, startMs, recording, listBytes } = plan;
  const records = stretches.reduce((sum, stretch) => sum + stretch.records, 0);
  const start = new Date(startMs);
  const two = (value: number): string => String(value % 100).padStart(2, '0');
  const [day, month] = [two(start.getUTCDate()), MONTHS[start.getUTCMonth()]];
  const signals = channels.length + 1;
  const fields: [text: string, width: number][] = [
    ['0', 8],
    [patientText(recording.patient), 80],
    [`Startdate ${day}-${month}-${start.getUTCFullYear()} X X ${word(recording.equipment)}`, 80],
    [`${day}.${two(start.getUTCMonth() + 1)}.${two(start.getUTCFullYear())}`, 8],
    [[start.getUTCHours(), start.getUTCMinutes(), start.getUTCSeconds()].map(two).join('.'), 8],
    [String(HEADER_BYTES + signals * SIGNAL_HEADER_BYTES), 8],
    [stretches.length > 1 ? 'EDF+D' : 'EDF+C', 44],
    [String(records), 8],
    [String(seconds), 8],
    [String(signals), 4],
  ];
  const rows = [...channels.map(signalRow), annotationsRow(listBytes)];
  for (const [name, width] of Object.entries(SIGNAL_FIELDS))
    for (const row of rows) fields.push([row[name as SignalField], width]);
  return new TextEncoder().encode(fields.map(([text, width]) => padded(text, width)).join(''));
}

type SignalRow = Readonly<Record<SignalField, string>>;

function signalRow({ label, transducer, unit, fitted, samplesPerRecord }: Channel): SignalRow {
  const { scale, divisor, filler } = fitted;
  return {
    label,
    transducer,
    dimension: unit,
    physicalMin: numberText(scale.physicalMin),
    physicalMax: numberText(scale.physicalMax),
    digitalMin: String(scale.digitalMin),
    digitalMax: String(scale.digitalMax),
    prefiltering: `no sample: ${filler}${divisor === 1 ? '' : `; one step of ${divisor}`}`,
    samplesPerRecord: String(samplesPerRecord),
    reserved: '',
  };
}

function annotationsRow(listBytes: number): SignalRow {
  return {
    label: ANNOTATIONS_LABEL,
    transducer: '',
    dimension: '',
    physicalMin: '-1',
    physicalMax: '1',
    digitalMin: String(DIGITAL_MIN),
    digitalMax: String(DIGITAL_MAX),
    prefiltering: '',
    samplesPerRecord: String(listBytes / 2),
    reserved: '',
  };
}

function patientText(patient: EdfPatient | undefined): string {
  if (patient === undefined) return 'X X X X';
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(patient.birthDate ?? '') ?? [];
  const birth = year === undefined ? 'X' : `${day}-${MONTHS[Number(month) - 1]}-${year}`;
  return [word(patient.code), patient.sex, birth, word(patient.name)].join(' ');
}

/** A subfield has no blanks; what is not known is an X. */
function word(text: string): string {
  return text.trim().replace(/\s+/g, '_') || 'X';
}

/** Headers are ASCII: an é becomes its e, and what has no such letter an underscore. */
function padded(text: string, width: number): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '');
  return plain
    .replace(/[^\x20-\x7e]/g, '_')
    .slice(0, width)
    .padEnd(width);
}
