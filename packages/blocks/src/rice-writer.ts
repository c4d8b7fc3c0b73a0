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

/** Appends 32-bit integers as groups of Rice-coded residuals, padded with zero bits to a whole byte. */
export function writeRice(writer: ByteWriter, values: Int32Array): void {
  const bits = new BitSink();
  const residuals = new Uint32Array(GROUP_SIZE);
  const history = new Int32Array(3);
  let width = 0;
  for (let from = 0; from < values.length; from += GROUP_SIZE) {
    const group = values.subarray(from, Math.min(from + GROUP_SIZE, values.length));
    bits.borrow(writer);
    const predictor = bestPredictor(group, history);
    const sum = fillResiduals(residuals, group, history, predictor);
    const next = sum === 0 ? 0 : bestWidth(residuals, group.length, sum);
    putWidth(bits, width, next);
    bits.put(predictor, 2);
    if (next > 0) putResiduals(bits, residuals, group.length, next - 1);
    bits.repay(writer);
    width = next;
  }
  bits.flush(writer);
}

/** The predictor with the least sum of residuals: within half a percent of trying every one in full. */
function bestPredictor(group: Int32Array, history: Int32Array): number {
  let a = history[0] as number;
  let b = history[1] as number;
  let c = history[2] as number;
  let sumLevel = 0;
  let sumHalf = 0;
  let sumSlope = 0;
  let sumBend = 0;
  const half = PREDICTORS[1].slope;
  const slope = PREDICTORS[2].slope;
  const bendSlope = PREDICTORS[3].slope;
  const bend = PREDICTORS[3].bend;
  for (let i = 0; i < group.length; i++) {
    const value = group[i] as number;
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

/** Fills `residuals` (zigzagged), moves `history` behind the group, returns the residuals' sum. */
function fillResiduals(
  residuals: Uint32Array,
  group: Int32Array,
  history: Int32Array,
  predictor: number,
): number {
  const { slope, bend } = PREDICTORS[predictor as 0 | 1 | 2 | 3];
  let a = history[0] as number;
  let b = history[1] as number;
  let c = history[2] as number;
  let sum = 0;
  for (let i = 0; i < group.length; i++) {
    const value = group[i] as number;
    const guess = a + ((Math.imul(a - b, slope) + Math.imul(b - c, bend)) >> 2);
    const residual = zigzag32((value - guess) | 0);
    residuals[i] = residual;
    sum += residual;
    c = b;
    b = a;
    a = value;
  }
  history[0] = a;
  history[1] = b;
  history[2] = c;
  return sum;
}

/** The best Rice parameter lies near the logarithm of the mean; its neighbours are counted out. */
function bestWidth(residuals: Uint32Array, count: number, sum: number): number {
  const mean = Math.min(sum / count, 0xffffffff) >>> 0;
  const centre = 31 - Math.clz32(mean | 1);
  let best = 0;
  let bestBits = Number.POSITIVE_INFINITY;
  for (let k = Math.max(0, centre - 1); k <= Math.min(centre + 1, WIDTH_MAX - 1); k++) {
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

function putWidth(bits: BitSink, previous: number, next: number): void {
  const change = zigzag32(next - previous);
  if (change < WIDTH_CHANGE_UNARY_MAX) {
    bits.put(1, change + 1);
    return;
  }
  bits.put(0, WIDTH_CHANGE_UNARY_MAX);
  bits.put(next, WIDTH_BITS);
}

function putResiduals(bits: BitSink, residuals: Uint32Array, count: number, k: number): void {
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

/** Gathers bits, the most significant first, and moves them into a writer group by group. */
class BitSink {
  #bytes = new Uint8Array(0);
  #at = 0;
  #word = 0;
  #room = 32;

  borrow(writer: ByteWriter): void {
    this.#bytes = writer.lend(GROUP_BYTES_MAX);
    this.#at = 0;
  }

  repay(writer: ByteWriter): void {
    writer.commit(this.#at);
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

  flush(writer: ByteWriter): void {
    for (let used = 32 - this.#room, word = this.#word; used > 0; used -= 8, word <<= 8)
      writer.u8(word >>> 24);
  }
}
