import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

const VARINTS = [
  { value: 0, hex: '00' },
  { value: 127, hex: '7f' },
  { value: 128, hex: '8001' },
  { value: 16_383, hex: 'ff7f' },
  { value: 16_384, hex: '808001' },
  { value: 2 ** 28 - 1, hex: 'ffffff7f' },
  { value: 2 ** 28, hex: '8080808001' },
  { value: 2 ** 32, hex: '8080808010' },
  { value: Number.MAX_SAFE_INTEGER, hex: 'ffffffffffffff0f' },
] as const;

for (const { value, hex } of VARINTS) {
  test(`the varint of ${value} is ${hex}`, () => {
    const writer = new ByteWriter();
    writer.varint(value);
    assert.equal(Buffer.from(writer.written()).toString('hex'), hex);
    assert.equal(new ByteReader(writer.written()).varint(), value);
  });
}

const ZIGZAGS = [
  { value: 0, hex: '00' },
  { value: -1, hex: '01' },
  { value: 1, hex: '02' },
  { value: 63, hex: '7e' },
  { value: -64, hex: '7f' },
  { value: 64, hex: '8001' },
  { value: -65, hex: '8101' },
  { value: Number.MAX_SAFE_INTEGER, hex: 'feffffffffffff1f' },
  { value: -Number.MAX_SAFE_INTEGER, hex: 'fdffffffffffff1f' },
] as const;

for (const { value, hex } of ZIGZAGS) {
  test(`the signed varint of ${value} is ${hex}`, () => {
    const writer = new ByteWriter();
    writer.zigzag(value);
    assert.equal(Buffer.from(writer.written()).toString('hex'), hex);
    assert.equal(new ByteReader(writer.written()).zigzag(), value);
  });
}

test('whatever is written is read back in its order', () => {
  const item = fc.oneof(
    fc.record({ kind: fc.constant('u8' as const), value: fc.integer({ min: 0, max: 0xff }) }),
    fc.record({ kind: fc.constant('u16' as const), value: fc.integer({ min: 0, max: 0xffff }) }),
    fc.record({ kind: fc.constant('u32' as const), value: fc.nat({ max: 0xffffffff }) }),
    fc.record({ kind: fc.constant('f64' as const), value: fc.double() }),
    fc.record({ kind: fc.constant('varint' as const), value: fc.maxSafeNat() }),
    fc.record({ kind: fc.constant('zigzag' as const), value: fc.maxSafeInteger() }),
  );
  const property = fc.property(fc.array(item), (items) => {
    const writer = new ByteWriter(1);
    for (const { kind, value } of items) writer[kind](value);
    const reader = new ByteReader(writer.finish());
    for (const { kind, value } of items) assert.ok(Object.is(reader[kind](), value), kind);
    reader.expectEnd();
  });
  fc.assert(property, { seed: 1 });
});

test('short and long texts are read back, in any script', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary', minLength: 40, maxLength: 300 }),
  );
  const property = fc.property(text, (written) => {
    const writer = new ByteWriter(1);
    writer.utf8(written);
    assert.equal(new ByteReader(writer.written()).utf8(2000), written);
  });
  fc.assert(property, { seed: 2 });
});

test('a writer that is reset writes over what it held', () => {
  const writer = new ByteWriter(2);
  writer.bytes(Uint8Array.of(1, 2, 3));
  const kept = writer.finish();
  writer.reset();
  writer.u8(9);
  assert.deepEqual([...writer.written()], [9]);
  assert.deepEqual([...kept], [1, 2, 3]);
});

for (const value of [-1, 0.5, 2 ** 53, Number.NaN]) {
  test(`${value} is no varint, and asking for it is our own bug`, () => {
    assert.throws(() => new ByteWriter().varint(value), /broken invariant/);
  });
}
