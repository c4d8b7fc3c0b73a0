import { expect } from '@ausculta/vitals/expect';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { Span } from './block-frame.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { DECIMALS_MAX, scaleValues, unscaleValues } from './decimals.ts';
import { malformed } from './decode-error.ts';
import { readDoubles, writeDoubles } from './double-column.ts';
import { readIntegers, readStraight, writeIntegers } from './integer-column.ts';

/** Readings of one series, column by column; the three are equally long. */
export interface ReadingColumns {
  /** Integer milliseconds since 1970, |stamp| < 2^53. Any order; sorted ones are the smallest. */
  readonly stampsMs: Float64Array;
  /** Finite. Every double comes back bit for bit. */
  readonly values: Float64Array;
  /** A bitwise combination of FLAG for each. */
  readonly flags: Uint8Array;
}

/** Room for the columns of one block after another: what was decoded into it holds until the next. */
export interface ReadingRoom {
  readonly stampsMs: Float64Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;
}

export interface DecodedReadings extends ReadingColumns {
  /** Each stamp is so much later than the one before it; undefined where that varies. */
  readonly everyMs: number | undefined;
  /** Show the values with this many decimals (37 of a block with 36.6 is 37.0); undefined: full doubles. */
  readonly decimals: number | undefined;
}

/** What stands in the byte for decimals when the values are raw doubles. */
const RAW_DOUBLES = 0xff;

/** Why columns cannot be written, or undefined. */
export function faultOfColumns({ stampsMs, values, flags }: ReadingColumns): Fault | undefined {
  const count = stampsMs.length;
  expect(
    values.length === count && flags.length === count,
    'the columns of a block are equally long',
  );
  const misplaced = firstUnsafe(stampsMs);
  if (misplaced >= 0) {
    const detail = `The stamp at index ${misplaced} is not an integer millisecond.`;
    return fail('STAMP_INVALID', detail).fault;
  }
  const unfit = firstNotFinite(values);
  if (unfit < 0) return undefined;
  return fail('VALUE_NOT_FINITE', `The value at index ${unfit} is not a finite number.`).fault;
}

export function writeStamps(writer: ByteWriter, stampsMs: Float64Array, span: Span): void {
  writeIntegers(writer, stampsMs, { origin: originOf(span), rising: true });
}

export function readStamps(
  payload: ByteReader,
  count: number,
  { span, room }: { readonly span: Span; readonly room?: ReadingRoom | undefined },
): Pick<DecodedReadings, 'stampsMs' | 'everyMs'> {
  const shape = { origin: originOf(span), room: room?.stampsMs };
  const { integers, increment } = readStraight(payload, count, shape);
  return { stampsMs: integers, everyMs: increment };
}

export function writeValues(writer: ByteWriter, values: Float64Array): void {
  const scaled = scaleValues(values);
  writer.u8(scaled?.decimals ?? RAW_DOUBLES);
  if (scaled === undefined) writeDoubles(writer, values);
  else writeIntegers(writer, scaled.integers);
}

export function readValues(
  payload: ByteReader,
  count: number,
  room?: ReadingRoom,
): { values: Float64Array; decimals: number | undefined } {
  const code = payload.u8();
  if (code > DECIMALS_MAX && code !== RAW_DOUBLES)
    throw malformed('The values have an unknown scale.');
  if (code === RAW_DOUBLES) return { values: readDoubles(payload, count), decimals: undefined };
  const integers = readIntegers(payload, count, { origin: 0, room: room?.values });
  return { values: unscaleValues({ integers, decimals: code }), decimals: code };
}

export function writeFlags(writer: ByteWriter, flags: Uint8Array): void {
  writeIntegers(writer, Float64Array.from(flags));
}

export function readFlags(payload: ByteReader, count: number): Uint8Array {
  const integers = readIntegers(payload, count);
  const flags = Uint8Array.from(integers);
  if (flags.some((flag, i) => flag !== integers[i])) throw malformed('A flag does not fit a byte.');
  return flags;
}

export function noFlags(count: number, room?: ReadingRoom): Uint8Array {
  if (room === undefined || room.flags.length < count) return new Uint8Array(count);
  return room.flags.subarray(0, count).fill(0);
}

export function isAnySet(flags: Uint8Array): boolean {
  for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) return true;
  return false;
}

/** Of stamps that are known to rise, the first and the last say it. */
export function spanOf(stampsMs: Float64Array, everyMs?: number): Span | undefined {
  if (stampsMs.length === 0) return undefined;
  let firstMs = stampsMs[0] as number;
  let lastMs = firstMs;
  if (everyMs !== undefined) return { firstMs, lastMs: stampsMs.at(-1) as number };
  for (let i = 1; i < stampsMs.length; i++) {
    const stampMs = stampsMs[i] as number;
    if (stampMs < firstMs) firstMs = stampMs;
    if (stampMs > lastMs) lastMs = stampMs;
  }
  return { firstMs, lastMs };
}

/** Stamps are written from the span's start, unless even the distance would not be exact. */
function originOf({ firstMs, lastMs }: Span): number {
  return Number.isSafeInteger(lastMs - firstMs) ? firstMs : 0;
}

function firstUnsafe(stampsMs: Float64Array): number {
  for (let i = 0; i < stampsMs.length; i++) if (!Number.isSafeInteger(stampsMs[i])) return i;
  return -1;
}

function firstNotFinite(values: Float64Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
