import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from './byte-writer.ts';
import { readInt32s, readIntegers, writeInt32s, writeIntegers } from './integer-column.ts';
import { paddedReader } from './rice-reader.ts';

function roundTrip(values: Float64Array, origin = 0): { bytes: number; read: Float64Array } {
  const writer = new ByteWriter();
  writeIntegers(writer, values, { origin, rising: true });
  const reader = paddedReader(writer.written());
  const read = readIntegers(reader, values.length, { origin });
  reader.expectEnd();
  return { bytes: writer.length, read };
}

const MAX = Number.MAX_SAFE_INTEGER;
const SHAPES = [
  { name: 'nothing', values: [] },
  { name: 'one', values: [42] },
  { name: 'both ends of the safe integers', values: [MAX, -MAX, MAX, 0, -MAX] },
  { name: 'one end of the safe integers', values: [MAX, MAX - 1, MAX] },
  { name: 'a distance of 2^31 - 1', values: [0, 2 ** 31 - 1] },
  { name: 'a distance of 2^31', values: [0, 2 ** 31] },
  { name: 'a distance of -2^31', values: [0, -(2 ** 31)] },
  { name: 'a distance of -2^31 - 1', values: [0, -(2 ** 31) - 1, 5] },
  { name: 'a distance of 2^53 - 1', values: [0, MAX, 3] },
  { name: 'falling', values: [5000, 4000, 3000, 2000] },
  { name: 'a steady rise of years', values: [0, 31_557_600_000, 63_115_200_000] },
  { name: 'a negative zero as zero', values: [0, -1, 1] },
] as const;

for (const { name, values } of SHAPES) {
  test(`integers come back: ${name}`, () => {
    assert.deepEqual([...roundTrip(Float64Array.from(values)).read], [...values]);
  });
}

test('any safe integers come back', () => {
  const column = fc.array(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1000, max: 1000 })), {
    maxLength: 100,
  });
  const property = fc.property(column, (values) => {
    assert.deepEqual([...roundTrip(Float64Array.from(values)).read], values);
  });
  fc.assert(property, { seed: 5, numRuns: 200 });
});

test('an hour of steady stamps takes 60 bytes and does not depend on where it begins', () => {
  const values = Float64Array.from({ length: 3600 }, (_, i) => 1_700_000_000_000 + i * 1000);
  const { bytes, read } = roundTrip(values, 1_700_000_000_000);
  assert.deepEqual(read, values);
  assert.ok(bytes <= 60, `${bytes} bytes`);
});

test('a gap in steady stamps costs a few bytes, not a new slope', () => {
  const steady = Float64Array.from({ length: 3600 }, (_, i) => i * 1000);
  const broken = steady.map((stamp, i) => (i < 1800 ? stamp : stamp + 86_400_017));
  const { bytes, read } = roundTrip(broken);
  assert.deepEqual(read, broken);
  assert.ok(bytes - roundTrip(steady).bytes <= 40, `${bytes} bytes`);
});

test('stamps of whole minutes do not pay for their milliseconds', () => {
  const minutes = Float64Array.from({ length: 320 }, (_, i) => i * 15 + ((i * 7919) % 5));
  const { bytes } = roundTrip(minutes.map((minute) => minute * 60_000));
  assert.ok(bytes <= roundTrip(minutes).bytes + 4, `${bytes} bytes`);
});

test('any 32-bit samples come back, also multiples of 16 and the whole range', () => {
  const column = fc.tuple(fc.array(fc.integer(), { maxLength: 100 }), fc.constantFrom(1, 16, 4096));
  const property = fc.property(column, ([numbers, step]) => {
    const samples = Int32Array.from(numbers, (number) => Math.trunc(number / step) * step);
    const writer = new ByteWriter();
    writeInt32s(writer, samples);
    const reader = paddedReader(writer.written());
    assert.deepEqual(readInt32s(reader, samples.length), samples);
    reader.expectEnd();
  });
  fc.assert(property, { seed: 6, numRuns: 200 });
});
