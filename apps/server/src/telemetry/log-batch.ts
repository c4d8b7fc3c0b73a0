/**
 * The bytes of one group commit, before compression and sealing.
 *
 *   batch   = u8 version (1) · zigzag base time · varint directory length
 *             · (varint partition, varint bytes)* · segment*
 *   segment = entry*, in the order of acceptance, all of one partition
 *   entry   = u8 kind · …, see each writer
 *
 * The directory lets a consumer of one partition read its segment alone. Decoding gives back the
 * very entries that were encoded: what a consumer sees after a restart is what it saw live.
 */
import { ByteReader } from '@ausculta/blocks/byte-reader';
import { ByteWriter } from '@ausculta/blocks/byte-writer';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns, encodeRuns } from '@ausculta/blocks/waveform-block';
import type { ReportedEvent } from '@ausculta/vitals/event';
import { expect } from '@ausculta/vitals/expect';
import type {
  CareEntry,
  EventEntry,
  LogEntry,
  MovedEntry,
  ReadingsEntry,
  Series,
  WaveformsEntry,
} from '../line/entry.ts';

const VERSION = 1;
const KIND_READINGS = 1;
const KIND_WAVEFORMS = 2;
const KIND_EVENT = 3;
const KIND_MOVED = 4;
const KIND_CARE = 5;

/** Control byte of a value: its decimals, or this for a raw double. */
const RAW_DOUBLE = 15;
const HAS_FLAGS = 16;
const DECIMALS_MAX = 6;
const POWERS_OF_TEN = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] as const;

const EVENT_JSON_BYTES_MAX = 65_536;
/** Of one patient a few dozen overrides, each with its reason. */
const CARE_JSON_BYTES_MAX = 1 << 20;

export type SeriesById = (id: number) => Series | undefined;

/** Reused between batches: one process has one commit under construction at a time. */
const body = new ByteWriter(1 << 16);
const head = new ByteWriter(1 << 12);

/** Encodes entries sorted by partition (in place; arrival order within a partition is kept). */
export function encodeBatch(entries: LogEntry[], baseMs: number): Uint8Array {
  entries.sort((a, b) => a.partition - b.partition);
  body.reset();
  head.reset();
  const directory: number[] = [];
  let segmentStart = 0;
  for (let i = 0; i < entries.length; i += 1) {
    const entry = entries[i] as LogEntry;
    writeEntry(entry, baseMs);
    if (entries[i + 1]?.partition !== entry.partition) {
      directory.push(entry.partition, body.length - segmentStart);
      segmentStart = body.length;
    }
  }
  head.u8(VERSION);
  head.zigzag(baseMs);
  head.varint(directory.length / 2);
  for (const number of directory) head.varint(number);
  head.bytes(body.written());
  return head.written();
}

function writeEntry(entry: LogEntry, baseMs: number): void {
  switch (entry.kind) {
    case 'readings':
      writeReadings(entry, baseMs);
      break;
    case 'waveforms':
      writeWaveforms(entry, baseMs);
      break;
    case 'event':
      writeEvent(entry, baseMs);
      break;
    case 'moved':
      writeMoved(entry, baseMs);
      break;
    case 'care':
      writeCare(entry, baseMs);
      break;
    default:
      entry satisfies never;
  }
}

function writeReadings(entry: ReadingsEntry, baseMs: number): void {
  body.u8(KIND_READINGS);
  body.zigzag(entry.receivedMs - baseMs);
  body.zigzag(entry.offsetMs);
  body.varint(entry.series.length);
  let previousMs = entry.receivedMs;
  for (let i = 0; i < entry.series.length; i += 1) {
    const stampMs = entry.stampsMs[i] as number;
    body.varint((entry.series[i] as Series).id);
    body.zigzag(stampMs - previousMs);
    previousMs = stampMs;
    writeValue(entry.values[i] as number, entry.flags[i] as number);
  }
}

function writeValue(value: number, flags: number): void {
  const decimals = exactDecimals(value);
  body.u8(flags === 0 ? decimals : decimals | HAS_FLAGS);
  if (flags !== 0) body.u8(flags);
  if (decimals === RAW_DOUBLE) body.f64(value);
  else body.zigzag(Math.round(value * (POWERS_OF_TEN[decimals] as number)));
}

/** The fewest decimals that give the value back bit for bit, or RAW_DOUBLE. */
function exactDecimals(value: number): number {
  for (let decimals = 0; decimals <= DECIMALS_MAX; decimals += 1) {
    const power = POWERS_OF_TEN[decimals] as number;
    const scaled = Math.round(value * power);
    if (Math.abs(scaled) > Number.MAX_SAFE_INTEGER) return RAW_DOUBLE;
    if (Object.is(scaled / power, value)) return Object.is(scaled, -0) ? RAW_DOUBLE : decimals;
  }
  return RAW_DOUBLE;
}

function writeWaveforms(entry: WaveformsEntry, baseMs: number): void {
  const block = encodeRuns(entry.runs, NO_COMPRESSION);
  expect(block.ok, 'runs that were decoded can be encoded');
  body.u8(KIND_WAVEFORMS);
  body.zigzag(entry.receivedMs - baseMs);
  body.zigzag(entry.offsetMs);
  body.varint(entry.series.length);
  for (const series of entry.series) body.varint(series.id);
  body.varint(block.value.length);
  body.bytes(block.value);
}

function writeEvent(entry: EventEntry, baseMs: number): void {
  const { organisationId, subjectId, deviceId, id, event, isHeld } = entry;
  body.u8(KIND_EVENT);
  body.zigzag(entry.receivedMs - baseMs);
  body.zigzag(entry.offsetMs);
  body.utf8(JSON.stringify({ organisationId, subjectId, deviceId, id, event, isHeld }));
}

function writeMoved(entry: MovedEntry, baseMs: number): void {
  const { kind: _, partition: __, receivedMs, offsetMs, untilMs, ...move } = entry;
  body.u8(KIND_MOVED);
  body.zigzag(receivedMs - baseMs);
  body.zigzag(offsetMs);
  body.utf8(JSON.stringify({ ...move, untilMs: Number.isFinite(untilMs) ? untilMs : null }));
}

function writeCare(entry: CareEntry, baseMs: number): void {
  const { organisationId, subjectId, act } = entry;
  body.u8(KIND_CARE);
  body.zigzag(entry.receivedMs - baseMs);
  body.zigzag(entry.offsetMs);
  body.utf8(JSON.stringify({ organisationId, subjectId, act }));
}

/**
 * The entries of a batch, partition by partition. Entries whose series is no longer known (an erased
 * subject) are left out. Damaged bytes throw: a log row that opened its seal is our own writing.
 */
export function decodeBatch(bytes: Uint8Array, seriesById: SeriesById): LogEntry[] {
  const reader = new ByteReader(bytes);
  expect(reader.u8() === VERSION, 'a log batch has a version this code knows');
  const baseMs = reader.zigzag();
  const segments = reader.varint();
  const directory: { partition: number; length: number }[] = [];
  for (let i = 0; i < segments; i += 1) {
    directory.push({ partition: reader.varint(), length: reader.varint() });
  }
  const entries: LogEntry[] = [];
  for (const { partition, length } of directory) {
    const end = reader.position + length;
    while (reader.position < end) {
      const entry = readEntry(reader, { partition, baseMs, seriesById });
      if (entry !== undefined) entries.push(entry);
    }
  }
  return entries;
}

interface ReadContext {
  readonly partition: number;
  readonly baseMs: number;
  readonly seriesById: SeriesById;
}

function readEntry(reader: ByteReader, context: ReadContext): LogEntry | undefined {
  const kind = reader.u8();
  const receivedMs = context.baseMs + reader.zigzag();
  const offsetMs = reader.zigzag();
  const { partition } = context;
  if (kind === KIND_READINGS) return readReadings(reader, context, { receivedMs, offsetMs });
  if (kind === KIND_WAVEFORMS) return readWaveforms(reader, context, { receivedMs, offsetMs });
  if (kind === KIND_MOVED) return readMoved(reader, { partition, receivedMs, offsetMs });
  if (kind === KIND_CARE) return readCare(reader, { partition, receivedMs, offsetMs });
  expect(kind === KIND_EVENT, 'a log entry has a kind this code knows');
  const event = JSON.parse(reader.utf8(EVENT_JSON_BYTES_MAX)) as Pick<
    EventEntry,
    'organisationId' | 'subjectId' | 'deviceId' | 'id' | 'isHeld'
  > & { event: ReportedEvent };
  return { kind: 'event', partition, receivedMs, offsetMs, ...event };
}

function readMoved(
  reader: ByteReader,
  place: Pick<MovedEntry, 'partition' | 'receivedMs' | 'offsetMs'>,
): MovedEntry {
  const move = JSON.parse(reader.utf8(EVENT_JSON_BYTES_MAX)) as Omit<MovedEntry, 'untilMs'> & {
    untilMs: number | null;
  };
  return { ...place, ...move, kind: 'moved', untilMs: move.untilMs ?? Number.POSITIVE_INFINITY };
}

function readCare(
  reader: ByteReader,
  place: Pick<CareEntry, 'partition' | 'receivedMs' | 'offsetMs'>,
): CareEntry {
  const care = JSON.parse(reader.utf8(CARE_JSON_BYTES_MAX)) as Pick<
    CareEntry,
    'organisationId' | 'subjectId' | 'act'
  >;
  return { ...place, ...care, kind: 'care' };
}

interface EntryTimes {
  readonly receivedMs: number;
  readonly offsetMs: number;
}

function readReadings(
  reader: ByteReader,
  context: ReadContext,
  times: EntryTimes,
): ReadingsEntry | undefined {
  const count = reader.varint();
  const entry: ReadingsEntry = {
    kind: 'readings',
    partition: context.partition,
    ...times,
    series: [],
    stampsMs: [],
    values: [],
    flags: [],
  };
  let stampMs = times.receivedMs;
  for (let i = 0; i < count; i += 1) {
    const series = context.seriesById(reader.varint());
    stampMs += reader.zigzag();
    const control = reader.u8();
    const flags = (control & HAS_FLAGS) === 0 ? 0 : reader.u8();
    const value = readValue(reader, control & 15);
    if (series === undefined) continue;
    entry.series.push(series);
    entry.stampsMs.push(stampMs);
    entry.values.push(value);
    entry.flags.push(flags);
  }
  return entry.series.length === 0 ? undefined : entry;
}

function readValue(reader: ByteReader, decimals: number): number {
  if (decimals === RAW_DOUBLE) return reader.f64();
  return reader.zigzag() / (POWERS_OF_TEN[decimals] as number);
}

function readWaveforms(
  reader: ByteReader,
  context: ReadContext,
  times: EntryTimes,
): WaveformsEntry | undefined {
  const count = reader.varint();
  const ids: number[] = [];
  for (let i = 0; i < count; i += 1) ids.push(reader.varint());
  const decoded = decodeRuns(reader.bytes(reader.varint()).slice(), NO_COMPRESSION);
  expect(decoded.ok, 'a waveform block of the log decodes');
  const entry: WaveformsEntry = {
    kind: 'waveforms',
    partition: context.partition,
    ...times,
    series: [],
    runs: [],
  };
  for (const [i, run] of decoded.value.entries()) {
    const series = context.seriesById(ids[i] as number);
    if (series === undefined) continue;
    entry.series.push(series);
    entry.runs.push(run);
  }
  return entry.series.length === 0 ? undefined : entry;
}
