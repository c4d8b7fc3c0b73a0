import { expect } from '@ausculta/vitals/expect';
import { fail, type Result } from '@ausculta/vitals/fault';
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
  const span = spanOf(stampsMs);
  if (!span.ok) return span;
  const unfit = values.findIndex((value) => !Number.isFinite(value));
  if (unfit >= 0)
    return fail('VALUE_NOT_FINITE', `The value at index ${unfit} is not a finite number.`);

  const header = { kind: 'readings', count, span: span.value } as const;
  const writer = new ByteWriter(64 + count * 4);
  if (span.value !== undefined) writeColumns(writer, columns);
  return sealBlock({ header, payload: writer.written() }, compression);
}

export function decodeReadings(
  bytes: Uint8Array,
  compression: Compression,
): DecodeResult<DecodedReadings> {
  return openBlock({ bytes, kind: 'readings', compression }, (payload, header) => {
    const decoded = header.count === 0 ? emptyColumns() : readColumns(payload, header.count);
    const span = spanOf(decoded.stampsMs);
    if (
      !span.ok ||
      span.value?.firstMs !== header.span?.firstMs ||
      span.value?.lastMs !== header.span?.lastMs
    ) {
      throw malformed('The stamps are not those that the header claims.');
    }
    return decoded;
  });
}

function writeColumns(writer: ByteWriter, { stampsMs, values, flags }: ReadingColumns): void {
  const isFlagged = flags.some((flag) => flag !== 0);
  writer.u8(isFlagged ? FLAGGED : 0);
  writeIntegers(writer, stampsMs, { rising: true });
  const scaled = scaleValues(values);
  writer.u8(scaled?.decimals ?? RAW_DOUBLES);
  if (scaled === undefined) writeDoubles(writer, values);
  else writeIntegers(writer, scaled.integers, { rising: false });
  if (isFlagged) writeIntegers(writer, Float64Array.from(flags), { rising: false });
}

function readColumns(payload: ByteReader, count: number): DecodedReadings {
  const form = payload.u8();
  if ((form & ~FLAGGED) !== 0) throw malformed('The readings have an unknown form.');
  const stampsMs = readIntegers(payload, count);
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

function emptyColumns(): DecodedReadings {
  return {
    stampsMs: new Float64Array(0),
    values: new Float64Array(0),
    flags: new Uint8Array(0),
    decimals: 0,
  };
}

/** The earliest and latest stamp; a fault names the first that is no integer millisecond. */
function spanOf(stampsMs: Float64Array): Result<Span | undefined> {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < stampsMs.length; i++) {
    const stampMs = stampsMs[i] as number;
    if (!Number.isSafeInteger(stampMs))
      return fail('STAMP_INVALID', `The stamp at index ${i} is not an integer millisecond.`);
    if (stampMs < firstMs) firstMs = stampMs;
    if (stampMs > lastMs) lastMs = stampMs;
  }
  return { ok: true, value: stampsMs.length === 0 ? undefined : { firstMs, lastMs } };
}
