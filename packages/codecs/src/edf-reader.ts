/**
 * Reads EDF and EDF+ (Kemp and Olivan 2003; edfplus.info), continuous or not. Whatever the bytes, the
 * answer is a recording or a fault that says where they contradict themselves.
 */
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { decodeAnnotations, type EdfAnnotation } from './edf-annotations.ts';
import {
  ANNOTATIONS_LABEL,
  type EdfScale,
  HEADER_BYTES,
  SIGNAL_FIELDS,
  SIGNAL_HEADER_BYTES,
  type SignalField,
} from './edf-format.ts';

const SIGNALS_MAX = 256;

export interface ReadSignal {
  readonly label: string;
  readonly transducer: string;
  readonly unit: string;
  readonly prefiltering: string;
  readonly scale: EdfScale;
  readonly samplesPerRecord: number;
  /** Of all records, one behind the other. */
  readonly digital: Int16Array;
}

export interface ReadEdf {
  readonly form: 'EDF' | 'EDF+C' | 'EDF+D';
  readonly patient: string;
  readonly recording: string;
  /** As the header has it, to the second; the time zone is not said. */
  readonly startMs: number;
  readonly recordSeconds: number;
  /** When each record begins, in seconds from the start. */
  readonly onsetsS: readonly number[];
  readonly signals: readonly ReadSignal[];
  readonly annotations: readonly EdfAnnotation[];
}

const malformed = (why: string) => fail('PAYLOAD_MALFORMED', `EDF: ${why}`);

interface Row {
  readonly fields: Readonly<Record<SignalField, string>>;
  readonly samplesPerRecord: number;
  readonly offset: number;
}

interface Header extends Omit<ReadEdf, 'signals' | 'onsetsS' | 'annotations'> {
  readonly bytes: number;
  readonly records: number;
  readonly rows: readonly Row[];
  readonly recordBytes: number;
}

export function decodeEdf(bytes: Uint8Array): Result<ReadEdf> {
  const header = readHeader(bytes);
  if (!header.ok) return header;
  const { rows, records, recordSeconds, recordBytes, form, patient, recording, startMs } =
    header.value;
  const signals: ReadSignal[] = [];
  for (const row of rows) {
    if (row.fields.label === ANNOTATIONS_LABEL) continue;
    const scale = scaleOf(row);
    if (scale === undefined) return malformed('a signal has no scale');
    signals.push({
      label: row.fields.label,
      transducer: row.fields.transducer,
      unit: row.fields.dimension,
      prefiltering: row.fields.prefiltering,
      scale,
      samplesPerRecord: row.samplesPerRecord,
      digital: samplesOf(bytes, header.value, row),
    });
  }
  const annotations: EdfAnnotation[] = [];
  const onsetsS: number[] = [];
  const channels = rows.filter(({ fields }) => fields.label === ANNOTATIONS_LABEL);
  for (let record = 0; record < records; record += 1) {
    onsetsS.push(record * recordSeconds);
    for (const [i, { offset, samplesPerRecord }] of channels.entries()) {
      const from = header.value.bytes + record * recordBytes + offset;
      const lists = decodeAnnotations(bytes.subarray(from, from + samplesPerRecord * 2));
      if (lists === undefined)
        return malformed(`the annotations of record ${record} cannot be read`);
      // The first list of a record says when it begins (2.2.4).
      if (i === 0 && lists[0] !== undefined) onsetsS[record] = lists[0].onsetS;
      for (const one of lists) if (one.text !== '') annotations.push(one);
    }
  }
  return ok({ form, patient, recording, startMs, recordSeconds, onsetsS, signals, annotations });
}

function readHeader(bytes: Uint8Array): Result<Header> {
  if (bytes.length < HEADER_BYTES) return malformed('shorter than a header');
  const text = (from: number, width: number): string =>
    new TextDecoder('latin1').decode(bytes.subarray(from, from + width)).trim();
  const count = (from: number, width: number): number => wholeNumber(text(from, width));
  if (text(0, 8) !== '0') return malformed('not version 0');
  const startMs = startOf(text(168, 8), text(176, 8));
  if (startMs === undefined) return malformed('the start cannot be read');
  const [size, signals] = [count(184, 8), count(252, 4)];
  const recordSeconds = Number(text(244, 8));
  if (!(signals >= 1 && signals <= SIGNALS_MAX))
    return malformed('an impossible number of signals');
  if (size !== HEADER_BYTES + signals * SIGNAL_HEADER_BYTES || bytes.length < size)
    return malformed('the header is not as long as it says');
  if (!(recordSeconds >= 0 && recordSeconds < 1e8))
    return malformed('records of an impossible length');
  const rows: Row[] = [];
  let offset = 0;
  for (let signal = 0; signal < signals; signal += 1) {
    let from = HEADER_BYTES;
    const fields: Partial<Record<SignalField, string>> = {};
    for (const [name, width] of Object.entries(SIGNAL_FIELDS)) {
      fields[name as SignalField] = text(from + signal * width, width);
      from += signals * width;
    }
    const row = fields as Record<SignalField, string>;
    const samplesPerRecord = wholeNumber(row.samplesPerRecord);
    if (!(samplesPerRecord >= 1)) return malformed('a signal without samples');
    rows.push({ fields: row, samplesPerRecord, offset });
    offset += samplesPerRecord * 2;
  }
  const records = recordCount(text(236, 8), bytes.length - size, offset);
  if (records === undefined) return malformed('the data are not as long as the header says');
  return ok({
    form: formOf(text(192, 5)),
    patient: text(8, 80),
    recording: text(88, 80),
    ...{ startMs, recordSeconds, bytes: size, records, rows, recordBytes: offset },
  });
}

function formOf(text: string): ReadEdf['form'] {
  return text === 'EDF+C' || text === 'EDF+D' ? text : 'EDF';
}

/** A count of -1 stands in a file whose recording was never closed. */
function recordCount(text: string, room: number, recordBytes: number): number | undefined {
  if (text === '-1') return Math.floor(room / recordBytes);
  const records = wholeNumber(text);
  return records * recordBytes <= room ? records : undefined;
}

function wholeNumber(text: string): number {
  return /^\d{1,8}$/.test(text) ? Number(text) : Number.NaN;
}

/** Years 85 to 99 are of the last century (2.1.3.2). */
function startOf(date: string, time: string): number | undefined {
  const [, day, month, year] = /^(\d\d)\.(\d\d)\.(\d\d)$/.exec(date) ?? [];
  const [, hour, minute, second] = /^(\d\d)\.(\d\d)\.(\d\d)$/.exec(time) ?? [];
  if (year === undefined || second === undefined) return undefined;
  const century = Number(year) >= 85 ? 1900 : 2000;
  const at = Date.UTC(
    century + Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return new Date(at).getUTCDate() === Number(day) ? at : undefined;
}

function scaleOf({ fields }: Row): EdfScale | undefined {
  const scale = {
    digitalMin: Number(fields.digitalMin),
    digitalMax: Number(fields.digitalMax),
    physicalMin: Number(fields.physicalMin),
    physicalMax: Number(fields.physicalMax),
  };
  const isWhole = Number.isInteger(scale.digitalMin) && Number.isInteger(scale.digitalMax);
  const hasEnds = Number.isFinite(scale.physicalMin) && Number.isFinite(scale.physicalMax);
  return isWhole && hasEnds && scale.digitalMin < scale.digitalMax ? scale : undefined;
}

function samplesOf(bytes: Uint8Array, header: Header, row: Row): Int16Array {
  const { records, recordBytes } = header;
  const digital = new Int16Array(records * row.samplesPerRecord);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let record = 0; record < records; record += 1) {
    const from = header.bytes + record * recordBytes + row.offset;
    for (let i = 0; i < row.samplesPerRecord; i += 1) {
      digital[at] = view.getInt16(from + i * 2, true);
      at += 1;
    }
  }
  return digital;
}
