import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader } from './byte-reader.ts';
import { DecodeError } from './decode-error.ts';

const TOO_SHORT = [
  { name: 'a byte', bytes: 0, read: (reader: ByteReader) => reader.u8() },
  { name: 'a 16-bit number', bytes: 1, read: (reader: ByteReader) => reader.u16() },
  { name: 'a 32-bit number', bytes: 3, read: (reader: ByteReader) => reader.u32() },
  { name: 'a double', bytes: 7, read: (reader: ByteReader) => reader.f64() },
  { name: 'five bytes', bytes: 4, read: (reader: ByteReader) => reader.bytes(5) },
] as const;

for (const { name, bytes, read } of TOO_SHORT) {
  test(`${name} is not read from ${bytes} bytes, but from one more`, () => {
    assert.throws(() => read(new ByteReader(new Uint8Array(bytes))), DecodeError);
    assert.doesNotThrow(() => read(new ByteReader(new Uint8Array(bytes + 1))));
  });
}

const BAD_VARINTS = [
  { name: 'one that never ends', bytes: [0x80, 0x80] },
  { name: 'one of 54 bits', bytes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f] },
  { name: 'one of nine bytes', bytes: [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0] },
] as const;

for (const { name, bytes } of BAD_VARINTS) {
  test(`${name} is refused as a varint`, () => {
    assert.throws(() => new ByteReader(Uint8Array.from(bytes)).varint(), DecodeError);
  });
}

test('a signed varint outside the safe integers is refused', () => {
  const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f);
  assert.throws(() => new ByteReader(bytes).zigzag(), DecodeError);
});

test('a reader never looks behind the end of its range', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4), { from: 1, until: 3 });
  assert.equal(reader.u16(), 0x0302);
  assert.equal(reader.remaining, 0);
  assert.throws(() => reader.u8(), DecodeError);
});

test('bytes that are not UTF-8 and texts that are too long are refused', () => {
  assert.throws(() => new ByteReader(Uint8Array.of(2, 0xc3, 0x28)).utf8(10), DecodeError);
  assert.throws(() => new ByteReader(Uint8Array.of(3, 97, 97, 97)).utf8(2), DecodeError);
  assert.equal(new ByteReader(Uint8Array.of(3, 97, 97, 97)).utf8(3), 'aaa');
});

test('trailing bytes are noticed', () => {
  assert.throws(() => new ByteReader(Uint8Array.of(0)).expectEnd(), DecodeError);
});
