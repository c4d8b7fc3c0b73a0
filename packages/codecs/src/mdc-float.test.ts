import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import {
  isSpecial,
  type MdcNumber,
  readFloat,
  readSfloat,
  writeFloat,
  writeSfloat,
} from './mdc-float.ts';

const SFLOATS = [
  { word: 0x0000, value: 0, why: 'zero' },
  { word: 0xf014, value: 2, why: 'a tenth twenty times' },
  { word: 0xe0c8, value: 2, why: 'a hundredth two hundred times' },
  { word: 0x0b2e, value: -1234, why: 'a negative mantissa' },
  { word: 0x8001, value: 1e-8, why: 'the smallest' },
  { word: 0x77fd, value: 2045e7, why: 'the largest' },
  { word: 0x07fd, value: 2045, why: 'one below +INF' },
  { word: 0x07fe, value: '+INF', why: 'above all' },
  { word: 0x07ff, value: 'NaN', why: 'not measured' },
  { word: 0x0800, value: 'NRes', why: 'not at this resolution' },
  { word: 0x0801, value: 'Reserved', why: 'reserved' },
  { word: 0x0802, value: '-INF', why: 'below all' },
  { word: 0x0803, value: -2045, why: 'one above -INF' },
  { word: 0x17ff, value: 20470, why: 'specials have the exponent 0 alone' },
] as const;

for (const { word, value, why } of SFLOATS) {
  test(`SFLOAT 0x${word.toString(16).padStart(4, '0')} is ${value}: ${why}`, () => {
    assert.equal(readSfloat(word), value);
  });
}

const FLOATS = [
  { word: 0xff000014, value: 2 },
  { word: 0x00fffb2e, value: -1234 },
  { word: 0xff0002dc, value: 73.2 },
  { word: 0xfe00016c, value: 3.64 },
  { word: 0x007ffffd, value: 8388605 },
  { word: 0x007ffffe, value: '+INF' },
  { word: 0x007fffff, value: 'NaN' },
  { word: 0x00800000, value: 'NRes' },
  { word: 0x00800001, value: 'Reserved' },
  { word: 0x00800002, value: '-INF' },
  { word: 0x00800003, value: -8388605 },
  { word: 0x80000001, value: 1e-128 },
  { word: 0x7f000001, value: 1e127 },
] as const;

for (const { word, value } of FLOATS) {
  test(`FLOAT 0x${word.toString(16).padStart(8, '0')} is ${value}`, () => {
    assert.equal(readFloat(word), value);
  });
}

test('values are written in the form with the most digits that fit', () => {
  assert.equal(writeSfloat(120), 0x0078);
  assert.equal(writeSfloat(36.4), 0xf16c);
  assert.equal(writeSfloat(2045.49), 0x07fd);
  assert.equal(writeSfloat(2046), 0x10cd);
  assert.equal(writeSfloat(1e12), 0x07fe);
  assert.equal(writeSfloat(-1e12), 0x0802);
  assert.equal(writeSfloat(1e-12), 0);
  assert.equal(writeSfloat(Number.NaN), 0x07ff);
  assert.equal(writeSfloat(Number.POSITIVE_INFINITY), 0x07fe);
  assert.equal(writeFloat(73.2), 0xff0002dc);
  assert.equal(writeFloat(-1234), 0x00fffb2e);
});

test('every SFLOAT is read, written and read again as the same value', () => {
  for (let word = 0; word <= 0xffff; word++) {
    const value = readSfloat(word);
    assert.equal(readSfloat(writeSfloat(value)), value, word.toString(16));
  }
});

test('every FLOAT is read, written and read again as the same value', () => {
  const words = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(words, (word) => {
      const value = readFloat(word);
      assert.equal(readFloat(writeFloat(value)), value);
    }),
  );
});

dataTest(
  { dataset: 'gatt-vectors', name: 'every float vector has its value', cases: 12 },
  (directory) => {
    const text = readFileSync(join(directory, 'ieee11073_floats.json'), 'utf8');
    const vectors: { format: string; hex_le: string; value: MdcNumber }[] = JSON.parse(text);
    assert.ok(vectors.length > 0);
    for (const { format, hex_le, value } of vectors) {
      const word = Number.parseInt((hex_le.match(/../g) ?? []).reverse().join(''), 16);
      const read = format === 'SFLOAT' ? readSfloat(word) : readFloat(word);
      assert.equal(read, value, hex_le);
      if (isSpecial(value)) {
        assert.equal(format === 'SFLOAT' ? writeSfloat(value) : writeFloat(value), word);
      }
    }
  },
);
