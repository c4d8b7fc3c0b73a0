import { expect } from '@ausculta/vitals/expect';
import { ByteReader } from './byte-reader.ts';
import { malformed } from './decode-error.ts';
import { PREDICTORS } from './predictor.ts';
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

/** Eight groups in which nothing changes. */
const FLAT_GROUPS = 0b100_100_100_100_100_100_100_100;
const FLAT_BITS = 8 * GROUP_BITS_MIN;
const FLAT_VALUES = 8 * GROUP_SIZE;

/**
 * Fills `values`, whatever they held, with what `writeRice` wrote. The time it takes is bounded by their
 * count, and a count that the remaining bytes cannot hold is refused at once. False: all of them are zero,
 * and are left as they were, for whoever asks knows it.
 *
 * This is the platform's hottest loop: every chart and every strip passes through it. That is why it
 * reads whole words, keeps its state in locals and looks for the end once a group.
 */
export function readRice(reader: ByteReader, values: Int32Array): boolean {
  const count = values.length;
  const { view } = reader;
  const startBit = reader.position * 8;
  const endBit = startBit + reader.remaining * 8;
  expect(endBit / 8 + GROUP_BYTES_MAX <= view.byteLength, 'a Rice reader has padding');
  let bit = startBit;
  let width = 0;
  let isAnySet = false;
  // The three values before the next, the latest first.
  let a = 0;
  let b = 0;
  let c = 0;
  const flat = flatValues(view, { bit, endBit, count });
  bit += (flat / GROUP_SIZE) * GROUP_BITS_MIN;
  for (let from = flat; from < count; from += GROUP_SIZE) {
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
    const until = Math.min(from + GROUP_SIZE, count);
    if (width === 0 && predictor === 0) {
      if (isAnySet) values.fill(a, from, until);
      b = a;
      c = a;
      continue;
    }
    if (!isAnySet) values.fill(0, 0, from);
    isAnySet = true;
    if (width === 0) values.fill(0, from, until);
    else if (width === 1) bit = readCalm(view, bit, { values, from, until, width });
    else bit = readResiduals(view, bit, { values, from, until, width });
    const { slope, bend } = PREDICTORS[predictor as 0 | 1 | 2 | 3];
    if (predictor === 0) {
      for (let i = from; i < until; i++) {
        c = b;
        b = a;
        a = (a + (values[i] as number)) | 0;
        values[i] = a;
      }
    } else {
      for (let i = from; i < until; i++) {
        const guess = a + ((Math.imul(a - b, slope) + Math.imul(b - c, bend)) >> 2);
        c = b;
        b = a;
        a = (guess + (values[i] as number)) | 0;
        values[i] = a;
      }
    }
  }
  if (bit > endBit) throw malformed('A column ends too early.');
  reader.skip(Math.ceil((bit - startBit) / 8));
  return isAnySet;
}

/** How many values a column begins with that are zero, as far as that is quickly told: stamps are, to their end. */
function flatValues(
  view: DataView,
  { bit, endBit, count }: { readonly bit: number; readonly endBit: number; readonly count: number },
): number {
  let flat = 0;
  for (let at = bit; at + FLAT_BITS <= endBit && flat + FLAT_VALUES <= count; at += FLAT_BITS) {
    if ((view.getUint32(at >>> 3) << (at & 7)) >>> 8 !== FLAT_GROUPS) break;
    flat += FLAT_VALUES;
  }
  return flat;
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

/** Where next to nothing changes, the codes of four residuals nearly always fit into so many bits. */
const FOUR_BITS = 12;

/**
 * By the next bits of the stream, with a Rice parameter of 0: four residuals of seven bits each, then
 * how many bits their codes take. Zero where they take more.
 */
const FOURS = fourResiduals();

function fourResiduals(): Int32Array {
  const table = new Int32Array(1 << FOUR_BITS);
  for (let code = 0; code < table.length; code++) {
    let bit = 0;
    let packed = 0;
    for (let n = 0; n < 4 && bit < FOUR_BITS; n++) {
      const zeros = Math.clz32(code << (32 - FOUR_BITS + bit));
      packed |= (signed(zeros) & 127) << (25 - 7 * n);
      bit += zeros + 1;
      if (n === 3 && bit <= FOUR_BITS) table[code] = packed | bit;
    }
  }
  return table;
}

/** As `readResiduals`, of a group with a Rice parameter of 0. */
function readCalm(view: DataView, startBit: number, group: Group): number {
  const { values, from, until } = group;
  let bit = startBit;
  for (let i = from; i < until; i += 4) {
    const word = view.getUint32(bit >>> 3) << (bit & 7);
    const four = FOURS[word >>> (32 - FOUR_BITS)] as number;
    if (four === 0 || i + 4 > until) return readResiduals(view, bit, { ...group, from: i });
    bit += four & 15;
    values[i] = four >> 25;
    values[i + 1] = (four << 7) >> 25;
    values[i + 2] = (four << 14) >> 25;
    values[i + 3] = (four << 21) >> 25;
  }
  return bit;
}

/**
 * Reads a group's residuals into `values` and returns the bit behind them. Short codes are read in
 * loops of their own, which know nothing of the rare long one.
 */
function readResiduals(
  view: DataView,
  startBit: number,
  { values, from, until, width }: Group,
): number {
  const k = width - 1;
  let bit = startBit;
  let i = from;
  for (;;) {
    for (; i < until; i++) {
      const word = view.getUint32(bit >>> 3) << (bit & 7);
      const zeros = Math.clz32(word);
      if (zeros + 1 + k > WORD_BITS) break;
      const residual = (zeros << k) | (((word << (zeros + 1)) >>> 1) >>> (31 - k));
      values[i] = (residual >>> 1) ^ -(residual & 1);
      bit += zeros + 1 + k;
    }
    if (i === until) return bit;
    const zeros = Math.clz32(bits32(view, bit));
    if (zeros < ESCAPE_ZEROS) {
      const low = (bits32(view, bit + zeros + 1) >>> 1) >>> (31 - k);
      values[i] = signed((zeros << k) | low);
      bit += zeros + 1 + k;
    } else {
      values[i] = signed(bits32(view, bit + ESCAPE_ZEROS));
      bit += ESCAPE_ZEROS + 32;
    }
    i++;
  }
}

/** What was zigzagged. */
function signed(residual: number): number {
  return (residual >>> 1) ^ -(residual & 1);
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
