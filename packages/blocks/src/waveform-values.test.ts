import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromValues, toValues } from './waveform-values.ts';

const FOUND = [
  { name: 'MIT-BIH in millivolts', values: [-0.145, -0.14, 0, 1.005], gain: 200 },
  { name: 'whole numbers', values: [512, 515, 511], gain: 1 },
  { name: 'five decimals', values: [0.35386, 0.35191], gain: 100_000 },
  { name: 'ten bits normalised to one', values: [0, 1 / 1023, 2 / 1023, 1], gain: 1023 },
  { name: 'a binary fraction', values: [0.0009765625, 0, 0.5], gain: 1024 },
  { name: 'a flat line', values: [0.5, 0.5], gain: 2 },
  { name: 'nothing', values: [], gain: 1 },
] as const;

for (const { name, values, gain } of FOUND) {
  test(`${name} has a gain of ${gain}`, () => {
    const scaled = fromValues(Float64Array.from(values));
    assert.equal(scaled?.gain, gain);
    assert.deepEqual(scaled && [...toValues(scaled)], [...values]);
  });
}

const NOT_FOUND = [
  { name: 'a negative zero', values: [0.5, -0] },
  { name: 'noise in all bits', values: [Math.PI, Math.E, Math.SQRT2] },
  { name: 'more than 32 bits of range', values: [0, 0.5, 2 ** 31] },
  { name: 'a value that is not a number', values: [1, Number.NaN] },
] as const;

for (const { name, values } of NOT_FOUND) {
  test(`${name} has no lossless gain`, () => {
    assert.equal(fromValues(Float64Array.from(values)), undefined);
  });
}

test("the converter's zero is taken off and the gain divided out", () => {
  const samples = Int32Array.of(1024, 1224, 924);
  assert.deepEqual([...toValues({ samples, gain: 200, zero: 1024 })], [0, 1, -0.5]);
});

test('a gain that is found gives every value back', () => {
  const decimal = fc.tuple(fc.integer({ min: -50_000, max: 50_000 }), fc.constantFrom(1, 200, 1e4));
  const values = fc.oneof(fc.array(fc.double()), fc.array(decimal.map(([n, gain]) => n / gain)));
  const property = fc.property(values, (list) => {
    const scaled = fromValues(Float64Array.from(list));
    if (scaled !== undefined) assert.deepEqual([...toValues(scaled)], list);
  });
  fc.assert(property, { seed: 11, numRuns: 200 });
});
