import { expect } from '@ausculta/vitals/expect';
import { fail } from '@ausculta/vitals/fault';
import {
  type DecodeResult,
  type EncodeResult,
  openBlock,
  type Span,
  sealBlock,
  VALUES_PER_BLOCK_MAX,
} from './block-frame.ts';
import type { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Compression } from './compression.ts';
import { DECIMALS_MAX, scaleValues, unscaleValues } from './decimals.ts';
import { malformed } from './decode-error.ts';
import { readDoubles, writeDoubles } from './double-column.ts';
import { readIntegers, writeIntegers } from './integer-column.ts';

/** Readings of one series, column by column; the three are equally long. */
export interface ReadingColumns {
  /** Integer milliseconds since 1970, |stamp| < 2^53. Any order; sorted ones are the smallest. */
  readonly stampsMs: Float64Array;
  /** Finite. Every double comes back bit for bit. */
  readonly values: Float64Array;
  /** A bitwise combination of FLAG for each. */
  readonly flags: Uint8Array;
}

export interface DecodedReadings extends ReadingColumns {
  /** Show the values with this many decimals (37 of a block with 36.6 is 37.0); undefined: full doubles. */
  readonly decimals: number | undefined;
}

/** What stands in the byte for decimals when the values are raw doubles. */
const RAW_DOUBLES = 0xff;
const FLAGGED = 1;

export function encodeReadings(columns: ReadingColumns, compression: Compression): EncodeResult {
  const { stampsMs, values, flags } = columns;
  const count = stampsMs.length;
  expect(
    values.length === count && flags.length === count,
    'the columns of a block are equally long',
  );
  if (count > VALUES_PER_BLOCK_MAX)
    return fail('BLOCK_TOO_LARGE', `${count} readings; ${VALUES_PER_BLOCK_MAX} fit.`);
  const misplaced = firstUnsafe(stampsMs);
  if (misplaced >= 0) {
    return fail('STAMP_INVALID', `The stamp at index ${misplaced} is not an integer millisecond.`);
  }
  const unfit = firstNotFinite(values);
  if (unfit >= 0) {
    return fail('VALUE_NOT_FINITE', `The value at index ${unfit} is not a finite number.`);
  }

  const span = spanOf(stampsMs);
  const writer = new ByteWriter(512 + count * 2);
  if (span !== undefined) writeColumns(writer, columns, span);
  const header = { kind: 'readings', count, span } as const;
  return sealBlock({ header, payload: writer.written() }, compression);
}

export function decodeReadings(
  bytes: Uint8Array,
  compression: Compression,
): DecodeResult<DecodedReadings> {
  return openBlock({ bytes, kind: 'readings', compression }, (payload, header) => {
    const decoded =
      header.span === undefined
        ? readNothing(header.count)
        : readColumns(payload, header.count, header.span);
    const span = spanOf(decoded.stampsMs);
    if (span?.firstMs !== header.span?.firstMs || span?.lastMs !== header.span?.lastMs) {
      throw malformed('The stamps are not those that the header claims.');
    }
    return decoded;
  });
}

function writeColumns(
  writer: ByteWriter,
  { stampsMs, values, flags }: ReadingColumns,
  span: Span,
): void {
  const isFlagged = isAnySet(flags);
  writer.u8(isFlagged ? FLAGGED : 0);
  writeIntegers(writer, stampsMs, { origin: originOf(span), rising: true });
  const scaled = scaleValues(values);
  writer.u8(scaled?.decimals ?? RAW_DOUBLES);
  if (scaled === undefined) writeDoubles(writer, values);
  else writeIntegers(writer, scaled.integers);
  if (isFlagged) writeIntegers(writer, Float64Array.from(flags));
}

function readColumns(payload: ByteReader, count: number, span: Span): DecodedReadings {
  const form = payload.u8();
  if ((form & ~FLAGGED) !== 0) throw malformed('The readings have an unknown form.');
  const stampsMs = readIntegers(payload, count, { origin: originOf(span) });
  const code = payload.u8();
  if (code > DECIMALS_MAX && code !== RAW_DOUBLES)
    throw malformed('The values have an unknown scale.');
  const decimals = code === RAW_DOUBLES ? undefined : code;
  const values =
    decimals === undefined
      ? readDoubles(payload, count)
      : unscaleValues({ integers: readIntegers(payload, count), decimals });
  const flags = form === FLAGGED ? readFlags(payload, count) : new Uint8Array(count);
  return { stampsMs, values, flags, decimals };
}

function readFlags(payload: ByteReader, count: number): Uint8Array {
  const integers = readIntegers(payload, count);
  const flags = Uint8Array.from(integers);
  if (flags.some((flag, i) => flag !== integers[i])) throw malformed('A flag does not fit a byte.');
  return flags;
}

/** Only an empty block has no span. */
function readNothing(count: number): DecodedReadings {
  if (count !== 0) throw malformed('A block with readings has no span.');
  return {
    stampsMs: new Float64Array(0),
    values: new Float64Array(0),
    flags: new Uint8Array(0),
    decimals: 0,
  };
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

function isAnySet(flags: Uint8Array): boolean {
  for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) return true;
  return false;
}

function spanOf(stampsMs: Float64Array): Span | undefined {
  if (stampsMs.length === 0) return undefined;
  let firstMs = stampsMs[0] as number;
  let lastMs = firstMs;
  for (let i = 1; i < stampsMs.length; i++) {
    const stampMs = stampsMs[i] as number;
    if (stampMs < firstMs) firstMs = stampMs;
    if (stampMs > lastMs) lastMs = stampMs;
  }
  return { firstMs, lastMs };
}
