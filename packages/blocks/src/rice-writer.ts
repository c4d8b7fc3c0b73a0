import type { ByteWriter } from './byte-writer.ts';
import { PREDICTORS } from './predictor.ts';
import {
  ESCAPE_ZEROS,
  GROUP_BYTES_MAX,
  GROUP_SIZE,
  WIDTH_BITS,
  WIDTH_CHANGE_UNARY_MAX,
  WIDTH_MAX,
} from './rice.ts';
import { zigzag32 } from './varint.ts';

/** Room is asked of the writer for this many groups at a time. */
const GROUPS_PER_LOAN = 16;

/** Appends 32-bit integers as groups of Rice-coded residuals, padded with zero bits to a whole byte. */
export function writeRice(writer: ByteWriter, values: Int32Array): void {
  const bits = new BitSink(writer);
  const residuals = new Uint32Array(GROUP_SIZE);
  let width = 0;
  for (let from = 0; from < values.length; from += GROUP_SIZE) {
    const until = Math.min(from + GROUP_SIZE, values.length);
    const groupsLeft = Math.ceil((values.length - from) / GROUP_SIZE);
    bits.reserve(GROUP_BYTES_MAX, Math.min(groupsLeft, GROUPS_PER_LOAN) * GROUP_BYTES_MAX);

    const group = { values, from, until };
    const predictor = bestPredictor(group);
    const sum = fillResiduals(residuals, group, predictor);
    const next = sum === 0 ? 0 : bestWidth(residuals, until - from, sum);
    putWidth(bits, width, next);
    bits.put(predictor, 2);
    if (next > 0) putResiduals(bits, residuals, { count: until - from, k: next - 1 });
    width = next;
  }
  bits.finish();
}

interface Group {
  readonly values: Int32Array;
  readonly from: number;
  readonly until: number;
}

/** The predictor with the least sum of residuals: within half a percent of trying every one in full. */
function bestPredictor({ values, from, until }: Group): number {
  let a = from > 0 ? (values[from - 1] as number) : 0;
  let b = from > 1 ? (values[from - 2] as number) : 0;
  let c = from > 2 ? (values[from - 3] as number) : 0;
  let sumLevel = 0;
  let sumHalf = 0;
  let sumSlope = 0;
  let sumBend = 0;
  const half = PREDICTORS[1].slope;
  const slope = PREDICTORS[2].slope;
  const bendSlope = PREDICTORS[3].slope;
  const bend = PREDICTORS[3].bend;
  for (let i = from; i < until; i++) {
    const value = values[i] as number;
    const d = (a - b) | 0;
    const e = (b - c) | 0;
    const step = (value - a) | 0;
    sumLevel += zigzag32(step);
    sumHalf += zigzag32((step - (Math.imul(d, half) >> 2)) | 0);
    sumSlope += zigzag32((step - (Math.imul(d, slope) >> 2)) | 0);
    sumBend += zigzag32((step - ((Math.imul(d, bendSlope) + Math.imul(e, bend)) >> 2)) | 0);
    c = b;
    b = a;
    a = value;
  }
  const least = Math.min(sumLevel, sumHalf, sumSlope, sumBend);
  if (least === sumLevel) return 0;
  if (least === sumSlope) return 2;
  return least === sumHalf ? 1 : 3;
}

/** Fills `residuals`, zigzagged, and returns their sum. */
function fillResiduals(residuals: Uint32Array, group: Group, predictor: number): number {
  const { values, from, until } = group;
  const { slope, bend } = PREDICTORS[predictor as 0 | 1 | 2 | 3];
  let a = from > 0 ? (values[from - 1] as number) : 0;
  let b = from > 1 ? (values[from - 2] as number) : 0;
  let c = from > 2 ? (values[from - 3] as number) : 0;
  let sum = 0;
  for (let i = from; i < until; i++) {
    const value = values[i] as number;
    const guess = a + ((Math.imul(a - b, slope) + Math.imul(b - c, bend)) >> 2);
    const residual = zigzag32((value - guess) | 0);
    residuals[i - from] = residual;
    sum += residual;
    c = b;
    b = a;
    a = value;
  }
  return sum;
}

/**
 * The best Rice parameter lies near the logarithm of the mean, unless one jump outweighs the rest:
 * then it lies near that of the rest. All between the two are counted out.
 */
function bestWidth(residuals: Uint32Array, count: number, sum: number): number {
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, residuals[i] as number);
  const from = Math.max(0, log2((sum - largest) / count) - 1);
  const until = Math.min(WIDTH_MAX - 1, log2(sum / count) + 1);
  let best = 0;
  let bestBits = Number.POSITIVE_INFINITY;
  for (let k = from; k <= until; k++) {
    let bits = count * (k + 1);
    for (let i = 0; i < count; i++) {
      const zeros = (residuals[i] as number) >>> k;
      bits += zeros < ESCAPE_ZEROS ? zeros : ESCAPE_ZEROS + 31 - k;
    }
    if (bits < bestBits) {
      bestBits = bits;
      best = k;
    }
  }
  return best + 1;
}

/** Rounded down; of a number below 1, zero. */
function log2(value: number): number {
  return 31 - Math.clz32(Math.min(value, 0xffffffff) | 1);
}

function putWidth(bits: BitSink, previous: number, next: number): void {
  const change = zigzag32(next - previous);
  if (change < WIDTH_CHANGE_UNARY_MAX) {
    bits.put(1, change + 1);
    return;
  }
  bits.put(0, WIDTH_CHANGE_UNARY_MAX);
  bits.put(next, WIDTH_BITS);
}

function putResiduals(
  bits: BitSink,
  residuals: Uint32Array,
  { count, k }: { readonly count: number; readonly k: number },
): void {
  for (let i = 0; i < count; i++) {
    const residual = residuals[i] as number;
    const zeros = residual >>> k;
    if (zeros >= ESCAPE_ZEROS) {
      bits.put(0, ESCAPE_ZEROS);
      bits.put(residual, 32);
      continue;
    }
    const low = k === 0 ? 0 : residual & (0xffffffff >>> (32 - k));
    const size = zeros + 1 + k;
    if (size <= 32) {
      // The zeros come for free: they are the top of the number.
      bits.put(((1 << k) | low) >>> 0, size);
    } else {
      bits.put(1, zeros + 1);
      bits.put(low, k);
    }
  }
}

/** Gathers bits, the most significant first, straight into a writer's memory. */
class BitSink {
  readonly #writer: ByteWriter;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #word = 0;
  #room = 32;

  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  /** Makes sure of `size` bytes, and asks for `loan` when they are not there. */
  reserve(size: number, loan: number): void {
    if (this.#bytes.length - this.#at >= size) return;
    this.#writer.commit(this.#at);
    this.#bytes = this.#writer.lend(loan);
    this.#at = 0;
  }

  /** `size` is 1 … 32 and `value` fits in it. */
  put(value: number, size: number): void {
    if (size < this.#room) {
      this.#room -= size;
      this.#word |= value << this.#room;
      return;
    }
    const left = size - this.#room;
    const word = this.#word | (value >>> left);
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = word >>> 24;
    bytes[at + 1] = word >>> 16;
    bytes[at + 2] = word >>> 8;
    bytes[at + 3] = word;
    this.#at = at + 4;
    this.#room = 32 - left;
    this.#word = left === 0 ? 0 : value << (32 - left);
  }

  /** Pads the last bits to a byte and gives the memory back. */
  finish(): void {
    const bytes = Math.ceil((32 - this.#room) / 8);
    for (let i = 0; i < bytes; i++) this.#bytes[this.#at + i] = this.#word >>> (24 - 8 * i);
    this.#writer.commit(this.#at + bytes);
  }
}
