import { expect } from '@ausculta/vitals/expect';
import { ByteReader } from './byte-reader.ts';
import { malformed } from './decode-error.ts';
import { PREDICTORS, type Predictor } from './predictor.ts';
import {
  ESCAPE_ZEROS,
  GROUP_BITS_MIN,
  GROUP_BYTES_MAX,
  GROUP_SIZE,
  WIDTH_BITS,
  WIDTH_CHANGE_UNARY_MAX,
  WIDTH_MAX,
} from './rice.ts';

/** A word read at any bit has this many bits of the stream at its top, or one more. */
const WORD_BITS = 24;

/**
 * Fills `values` with what `writeRice` wrote. The time it takes is bounded by their count, and a
 * count that the remaining bytes cannot hold is refused at once.
 *
 * This is the platform's hottest loop: every chart and every strip passes through it. That is why it
 * reads whole words, keeps its state in locals and looks for the end once a group.
 */
export function readRice(reader: ByteReader, values: Int32Array): void {
  const count = values.length;
  const { view } = reader;
  const startBit = reader.position * 8;
  const endBit = startBit + reader.remaining * 8;
  expect(endBit / 8 + GROUP_BYTES_MAX <= view.byteLength, 'a Rice reader has padding');
  let bit = startBit;
  let width = 0;
  for (let from = 0; from < count; from += GROUP_SIZE) {
    if (bit >= endBit) throw malformed('A column ends too early.');
    const head = view.getUint32(bit >>> 3) << (bit & 7);
    const change = Math.clz32(head);
    let predictor: number;
    if (change < WIDTH_CHANGE_UNARY_MAX) {
      width += (change >>> 1) ^ -(change & 1);
      predictor = (head << (change + 1)) >>> 30;
      bit += change + 3;
    } else {
      width = (head << WIDTH_CHANGE_UNARY_MAX) >>> (32 - WIDTH_BITS);
      predictor = (head << (WIDTH_CHANGE_UNARY_MAX + WIDTH_BITS)) >>> 30;
      bit += WIDTH_CHANGE_UNARY_MAX + WIDTH_BITS + 2;
    }
    if (width < 0 || width > WIDTH_MAX) throw malformed('A group has an impossible width.');
    const group = { values, from, until: Math.min(from + GROUP_SIZE, count), width };
    if (width > 0) bit = readResiduals(view, bit, group);
    if (width > 0 || predictor > 0) addGuesses(group, PREDICTORS[predictor as 0 | 1 | 2 | 3]);
    else if (from > 0) values.fill(values[from - 1] as number, from, group.until);
  }
  if (bit > endBit) throw malformed('A column ends too early.');
  reader.skip(Math.ceil((bit - startBit) / 8));
}

/** How many bytes a column takes at least. Asked before memory is allocated for its values. */
export function riceBytesMin(count: number): number {
  return Math.ceil((Math.ceil(count / GROUP_SIZE) * GROUP_BITS_MIN) / 8);
}

interface Group {
  readonly values: Int32Array;
  readonly from: number;
  readonly until: number;
  readonly width: number;
}

/** Reads a group's residuals into `values` and returns the bit behind them. */
function readResiduals(
  view: DataView,
  startBit: number,
  { values, from, until, width }: Group,
): number {
  const k = width - 1;
  let bit = startBit;
  for (let i = from; i < until; i++) {
    const word = view.getUint32(bit >>> 3) << (bit & 7);
    const zeros = Math.clz32(word);
    const size = zeros + 1 + k;
    let residual: number;
    if (size <= WORD_BITS) {
      residual = (zeros << k) | (((word << (zeros + 1)) >>> 1) >>> (31 - k));
      bit += size;
    } else if (zeros < ESCAPE_ZEROS) {
      residual = (zeros << k) | ((bits32(view, bit + zeros + 1) >>> 1) >>> (31 - k));
      bit += size;
    } else {
      residual = bits32(view, bit + ESCAPE_ZEROS);
      bit += ESCAPE_ZEROS + 32;
    }
    values[i] = (residual >>> 1) ^ -(residual & 1);
  }
  return bit;
}

/** Turns residuals into the values that they are the residuals of. */
function addGuesses({ values, from, until }: Group, { slope, bend }: Predictor): void {
  let a = from > 0 ? (values[from - 1] as number) : 0;
  let b = from > 1 ? (values[from - 2] as number) : 0;
  let c = from > 2 ? (values[from - 3] as number) : 0;
  for (let i = from; i < until; i++) {
    const guess = a + ((Math.imul(a - b, slope) + Math.imul(b - c, bend)) >> 2);
    const value = (guess + (values[i] as number)) | 0;
    values[i] = value;
    c = b;
    b = a;
    a = value;
  }
}

/** A reader over a copy with room behind the end, so that `readRice` need look for it only once a group. */
export function paddedReader(bytes: Uint8Array): ByteReader {
  const padded = new Uint8Array(bytes.length + GROUP_BYTES_MAX);
  padded.set(bytes);
  return new ByteReader(padded, { from: 0, until: bytes.length });
}

/** The 32 bits at any bit offset. */
function bits32(view: DataView, bit: number): number {
  const shift = bit & 7;
  const word = view.getUint32(bit >>> 3) << shift;
  return shift === 0 ? word : word | (view.getUint8((bit >>> 3) + 4) >>> (8 - shift));
}
