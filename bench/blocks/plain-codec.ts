// The plainest thing that could work, for comparison: second differences as varints under zstd.
import { ByteReader } from '../../packages/blocks/src/byte-reader.ts';
import { ByteWriter } from '../../packages/blocks/src/byte-writer.ts';
import type { Compression } from '../../packages/blocks/src/compression.ts';

export function packPlainly(columns: readonly ArrayLike<number>[], compression: Compression) {
  const writer = new ByteWriter();
  for (const values of columns) {
    let last = 0;
    let step = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      writer.zigzag(value - last - step);
      step = value - last;
      last = value;
    }
  }
  return { bytes: compression.compress(writer.written()), size: writer.length };
}

export function unpackPlainly(packed: Uint8Array, count: number): Float64Array {
  const reader = new ByteReader(packed);
  const values = new Float64Array(count);
  let last = 0;
  let step = 0;
  for (let i = 0; i < count; i++) {
    step += reader.zigzag();
    last += step;
    values[i] = last;
  }
  return values;
}
