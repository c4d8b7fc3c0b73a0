import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCbor, encodeCborMaps } from './cbor.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** Of RFC 8949, appendix A. */
const EXAMPLES: readonly (readonly [hex: string, value: unknown])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['20', -1],
  ['3903e7', -1000],
  ['f90000', 0],
  ['f93c00', 1],
  ['f93e00', 1.5],
  ['f97bff', 65504],
  ['f90001', 2 ** -24],
  ['f9c400', -4],
  ['f97c00', Number.POSITIVE_INFINITY],
  ['f9fc00', Number.NEGATIVE_INFINITY],
  ['f97e00', Number.NaN],
  ['fa47c35000', 100_000],
  ['fb3ff199999999999a', 1.1],
  ['fa42126666', 36.6],
  ['f98000', -0],
  ['fa80000000', -0],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['c11a514b67b0', 1_363_896_240],
  ['c48221196ab3', 273.15],
  ['c5822003', 1.5],
  ['6449455446', 'IETF'],
  ['62c3bc', 'ü'],
  ['83010203', [1, 2, 3]],
  ['9f0102ff', [1, 2]],
  ['7f657374726561646d696e67ff', 'streaming'],
];

for (const [text, value] of EXAMPLES) {
  test(`${text} is ${String(value)}`, () => {
    const decoded = decodeCbor(hex(text));
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value, value);
  });
}

test('map keys are text, whole numbers by their labels', () => {
  const decoded = decodeCbor(hex('a3026176 6161 01 0702'.replaceAll(' ', '')), new Map([[2, 'v']]));
  assert.ok(decoded.ok);
  assert.deepEqual({ ...(decoded.value as object) }, { v: 'v', a: 1, '#7': 2 });
});

const REFUSED = [
  ['', /cut off/],
  ['18', /cut off/],
  ['9b00ffffffffffffff', /cut off/],
  ['5bffffffffffffffff', /cut off/],
  ['0000', /after the end/],
  ['1c', /reserved/],
  ['1f', /cannot be left open/],
  ['ff', /out of place/],
  ['8201ff', /out of place/],
  ['bf01ff', /none/],
  ['a2010101 01'.replaceAll(' ', ''), /twice/],
  ['a18001', /none/],
  ['61ff', /UTF-8/],
  ['f8ff', /meaning/],
  ['c48101', /fraction/],
  ['81'.repeat(20), /deeply/],
] as const;

for (const [text, why] of REFUSED) {
  test(`${JSON.stringify(text)} is refused: ${why}`, () => {
    const decoded = decodeCbor(hex(text));
    assert.ok(!decoded.ok);
    assert.match(decoded.fault.detail ?? '', why);
  });
}

test('what is written is read back', () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(
      fc.array(fc.uniqueArray(fc.tuple(fc.nat(400), value), { selector: ([key]) => key })),
      (maps) => {
        const decoded = decodeCbor(encodeCborMaps(maps));
        assert.ok(decoded.ok);
        const read = (decoded.value as object[]).map((map) => Object.entries(map));
        assert.deepEqual(
          read.map((entries) => new Map(entries)),
          maps.map((entries) => new Map(entries.map(([key, each]) => [`#${key}`, each]))),
        );
      },
    ),
  );
});
