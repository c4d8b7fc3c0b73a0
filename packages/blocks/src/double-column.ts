import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { malformed } from './decode-error.ts';

/**
 * Doubles that no decimal scale holds, bit for bit: each is XORed with the one before it, and the
 * bytes are laid out as eight planes, the most significant first. Neighbouring vitals share sign, exponent and the
 * top of the mantissa, and values that were 32-bit floats share a tail of zeros: the planes of such
 * bytes are runs of zeros for the compressor.
 */
const DOUBLE_BYTES = 8;

export function writeDoubles(writer: ByteWriter, values: Float64Array): void {
  const count = values.length;
  const planes = writer.lend(count * DOUBLE_BYTES);
  const view = new DataView(new ArrayBuffer(DOUBLE_BYTES));
  let highBefore = 0;
  let lowBefore = 0;
  for (let i = 0; i < count; i++) {
    view.setFloat64(0, values[i] as number);
    const high = view.getInt32(0);
    const low = view.getInt32(4);
    const highChange = high ^ highBefore;
    const lowChange = low ^ lowBefore;
    for (let plane = 0; plane < 4; plane++) {
      planes[plane * count + i] = highChange >>> (24 - plane * 8);
      planes[(plane + 4) * count + i] = lowChange >>> (24 - plane * 8);
    }
    highBefore = high;
    lowBefore = low;
  }
  writer.commit(count * DOUBLE_BYTES);
}

export function readDoubles(reader: ByteReader, count: number): Float64Array<ArrayBuffer> {
  const planes = reader.bytes(count * DOUBLE_BYTES);
  const values = new Float64Array(count);
  const view = new DataView(new ArrayBuffer(DOUBLE_BYTES));
  let high = 0;
  let low = 0;
  for (let i = 0; i < count; i++) {
    high ^= wordAt(planes, { at: i, stride: count });
    low ^= wordAt(planes, { at: i + 4 * count, stride: count });
    view.setInt32(0, high);
    view.setInt32(4, low);
    const value = view.getFloat64(0);
    if (!Number.isFinite(value)) throw malformed('A value is not a finite number.');
    values[i] = value;
  }
  return values;
}

function wordAt(
  planes: Uint8Array,
  { at, stride }: { readonly at: number; readonly stride: number },
): number {
  return (
    ((planes[at] as number) << 24) |
    ((planes[at + stride] as number) << 16) |
    ((planes[at + 2 * stride] as number) << 8) |
    (planes[at + 3 * stride] as number)
  );
}
