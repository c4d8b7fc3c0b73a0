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

/**
 * Reads back what `writeRice` wrote. The time it takes and the memory it allocates are bounded by
 * `count`, and a count that the remaining bytes cannot hold is refused before either is spent.
 *
 * The loop over residuals is the platform's hottest: every chart and every strip passes through it.
 * That is why it reads whole words and keeps its state in locals.
 */
export function readRice(reader: ByteReader, count: number): Int32Array<ArrayBuffer> {
  const groups = Math.ceil(count / GROUP_SIZE);
  if (groups * GROUP_BITS_MIN > reader.remaining * 8)
    throw malformed('A column is shorter than its count claims.');
  const { view } = reader;
  const startBit = reader.position * 8;
  const endBit = startBit + reader.remaining * 8;
  expect(
    endBit / 8 + GROUP_BYTES_MAX <= view.byteLength,
    'Rice-coded bytes lie in a padded buffer',
  );
  const values = new Int32Array(count);
  let bit = startBit;
  let width = 0;
  let a = 0;
  let b = 0;
  let c = 0;
  for (let from = 0; from < count; from += GROUP_SIZE) {
    if (bit >= endBit) throw malformed('A column ends too early.');
    const until = Math.min(from + GROUP_SIZE, count);
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
    const { slope, bend } = PREDICTORS[predictor as 0 | 1 | 2 | 3];
    const k = width - 1;
    for (let i = from; i < until; i++) {
      let residual = 0;
      if (width > 0) {
        // At least 25 of these 32 bits are valid; the rest are zeros.
        const word = view.getUint32(bit >>> 3) << (bit & 7);
        const zeros = Math.clz32(word);
        const size = zeros + 1 + k;
        if (size <= 25) {
          residual = (zeros << k) | (((word << (zeros + 1)) >>> 1) >>> (31 - k));
          bit += size;
        } else if (zeros >= ESCAPE_ZEROS) {
          residual = bits32(view, bit + ESCAPE_ZEROS);
          bit += ESCAPE_ZEROS + 32;
        } else {
          residual = (zeros << k) | ((bits32(view, bit + zeros + 1) >>> 1) >>> (31 - k));
          bit += size;
        }
      }
      const guess = a + ((Math.imul(a - b, slope) + Math.imul(b - c, bend)) >> 2);
      const value = (guess + ((residual >>> 1) ^ -(residual & 1))) | 0;
      values[i] = value;
      c = b;
      b = a;
      a = value;
    }
  }
  if (bit > endBit) throw malformed('A column ends too early.');
  reader.skip(Math.ceil((bit - startBit) / 8));
  return values;
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
