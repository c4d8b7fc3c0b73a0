import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { malformed } from './decode-error.ts';
import { readRice, riceBytesMin } from './rice-reader.ts';
import { writeRice } from './rice-writer.ts';

/**
 * A column of integers is a base, what is regular about it (a common step, a slope), and 32-bit
 * remainders for the Rice coder. Integers too far apart for that are split into a high and a low half.
 */
const STEPPED = 1;
const SLOPED = 2;
const WIDE = 4;

const TWO_32 = 2 ** 32;
const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

/** How many of a column's steps are looked at to find the usual one. */
const SLOPE_SAMPLES = 63;

interface Line {
  readonly base: number;
  readonly step: number;
  readonly slope: number;
}

export interface ColumnShape {
  /** Known to the reader from elsewhere; the base is written as a distance from it. */
  readonly origin: number;
  /** Columns that rise steadily (stamps) give up their usual increment. */
  readonly rising: boolean;
}

const PLAIN: ColumnShape = { origin: 0, rising: false };

/** Writes safe integers. */
export function writeIntegers(
  writer: ByteWriter,
  values: Float64Array,
  { origin, rising }: ColumnShape = PLAIN,
): void {
  if (values.length === 0) return;
  const line = lineOf(values, rising);
  const remainders = line === undefined ? undefined : remaindersOf(values, line);
  if (line === undefined || remainders === undefined) {
    writeWide(writer, values);
    return;
  }

  writer.u8((line.step === 1 ? 0 : STEPPED) | (line.slope === 0 ? 0 : SLOPED));
  writer.zigzag(line.base - origin);
  if (line.step !== 1) writer.varint(line.step);
  if (line.slope !== 0) writer.zigzag(line.slope);
  writeRice(writer, remainders);
}

export function readIntegers(
  reader: ByteReader,
  count: number,
  shape: ReadShape = PLAIN,
): Float64Array<ArrayBuffer> {
  return readStraight(reader, count, shape).integers;
}

export interface ReadShape extends Pick<ColumnShape, 'origin'> {
  /** Used when it is large enough, whatever it holds. */
  readonly room?: Float64Array<ArrayBuffer> | undefined;
}

/** As `readIntegers`; and where each is greater by the same than the one before, by how much. */
export function readStraight(
  reader: ByteReader,
  count: number,
  { origin, room }: ReadShape,
): { readonly integers: Float64Array<ArrayBuffer>; readonly increment: number | undefined } {
  if (count === 0) return { integers: new Float64Array(0), increment: undefined };
  const form = reader.u8();
  if (form === WIDE) return { integers: readWide(reader, count), increment: undefined };
  if ((form & ~(STEPPED | SLOPED)) !== 0) throw malformed('A column has an unknown form.');

  const base = reader.zigzag() + origin;
  const step = (form & STEPPED) === 0 ? 1 : reader.varint();
  const slope = (form & SLOPED) === 0 ? 0 : reader.zigzag();
  checkRoom(reader, count);
  const isRoomy = room !== undefined && room.length >= count;
  const integers = isRoomy ? room.subarray(0, count) : new Float64Array(count);
  // The remainders wait in the upper half of the integers' own memory: going upwards, each is read
  // before the integer that covers it is written.
  const remainders = new Int32Array(integers.buffer, integers.byteOffset + count * 4, count);
  const isBent = readRice(reader, remainders);
  if (!isBent) {
    const increment = step * slope;
    for (let i = 0; i < count; i++) integers[i] = base + increment * i;
    return { integers, increment: increment > 0 ? increment : undefined };
  }
  if (step === 1 && slope === 0) {
    for (let i = 0; i < count; i++) integers[i] = base + (remainders[i] as number);
  } else {
    for (let i = 0; i < count; i++) {
      integers[i] = base + step * (slope * i + (remainders[i] as number));
    }
  }
  return { integers, increment: undefined };
}

/** Writes 32-bit integers; the arithmetic wraps, so every input has exactly one answer. */
export function writeInt32s(writer: ByteWriter, values: Int32Array): void {
  if (values.length === 0) return;
  const base = values[0] as number;
  const step = commonStep(values, base);
  const remainders = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const distance = (values[i] as number) - base;
    remainders[i] = step === 1 ? distance | 0 : distance / step;
  }
  writer.zigzag(base);
  writer.varint(step);
  writeRice(writer, remainders);
}

export function readInt32s(reader: ByteReader, count: number): Int32Array<ArrayBuffer> {
  if (count === 0) return new Int32Array(0);
  const base = reader.zigzag();
  const step = reader.varint();
  checkRoom(reader, count);
  const values = new Int32Array(count);
  readRice(reader, values);
  if (step === 1) for (let i = 0; i < count; i++) values[i] = base + (values[i] as number);
  else for (let i = 0; i < count; i++) values[i] = base + Math.imul(values[i] as number, step);
  return values;
}

/** Undefined when the integers lie too far apart for differences to be exact. */
function lineOf(values: Float64Array, rising: boolean): Line | undefined {
  const base = values[0] as number;
  let least = base;
  let most = base;
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (!Number.isSafeInteger(most - least)) return undefined;
  const step = commonStep(values, base);
  const slope = rising ? usualIncrement(values) / step : 0;
  return Number.isSafeInteger(slope * values.length)
    ? { base, step, slope }
    : { base, step, slope: 0 };
}

function remaindersOf(values: Float64Array, { base, step, slope }: Line): Int32Array | undefined {
  const remainders = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const remainder = ((values[i] as number) - base) / step - slope * i;
    if (remainder > INT32_MAX || remainder < INT32_MIN) return undefined;
    remainders[i] = remainder;
  }
  return remainders;
}

/** The greatest number that divides every distance from `base`; 1 when there is none. */
function commonStep(values: Float64Array | Int32Array, base: number): number {
  let step = 0;
  for (let i = 0; i < values.length && step !== 1; i++) {
    let rest = Math.abs((values[i] as number) - base);
    while (rest !== 0) {
      const next = step % rest;
      step = rest;
      rest = next;
    }
  }
  return step === 0 ? 1 : step;
}

/** The median increment: gaps and stray stamps do not move it. */
function usualIncrement(values: Float64Array): number {
  const increments = values.length - 1;
  const looks = Math.min(increments, SLOPE_SAMPLES);
  if (looks === 0) return 0;
  const seen = new Float64Array(looks);
  for (let i = 0; i < looks; i++) {
    const at = Math.floor((i * increments) / looks);
    seen[i] = (values[at + 1] as number) - (values[at] as number);
  }
  return seen.sort()[looks >>> 1] as number;
}

/** Rounding to the nearest multiple of 2^32 keeps small numbers of both signs in one high half. */
function writeWide(writer: ByteWriter, values: Float64Array): void {
  const highs = new Int32Array(values.length);
  const lows = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const high = Math.floor((value + 2 ** 31) / TWO_32);
    highs[i] = high;
    lows[i] = value - high * TWO_32;
  }
  writer.u8(WIDE);
  writeRice(writer, highs);
  writeRice(writer, lows);
}

function readWide(reader: ByteReader, count: number): Float64Array<ArrayBuffer> {
  checkRoom(reader, count);
  const highs = new Int32Array(count);
  const lows = new Int32Array(count);
  readRice(reader, highs);
  readRice(reader, lows);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = (highs[i] as number) * TWO_32 + (lows[i] as number);
  return values;
}

/** Memory for a column is allocated only when its bytes could be there. */
function checkRoom(reader: ByteReader, count: number): void {
  if (reader.remaining < riceBytesMin(count)) {
    throw malformed('A column is shorter than its count claims.');
  }
}
