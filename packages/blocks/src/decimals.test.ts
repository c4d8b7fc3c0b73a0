import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { scaleValues, unscaleValues } from './decimals.ts';

const SCALED = [
  { values: [72, 73], decimals: 0 },
  { values: [37, 36.6], decimals: 1 },
  { values: [0.005, 5.12], decimals: 3 },
  { values: [-0.1, 0, 1e14], decimals: 1 },
  { values: [1.123456789], decimals: 9 },
  { values: [Number.MAX_SAFE_INTEGER], decimals: 0 },
] as const;

for (const { values, decimals } of SCALED) {
  test(`${values.join(', ')} scale with ${decimals} decimals`, () => {
    const scaled = scaleValues(Float64Array.from(values));
    assert.equal(scaled?.decimals, decimals);
    assert.deepEqual(scaled && [...unscaleValues(scaled)], [...values]);
  });
}

const UNSCALED = [
  { name: 'a negative zero', values: [1, -0] },
  { name: 'ten decimals', values: [1.1234567891] },
  { name: 'a sum that missed its decimal', values: [0.1 + 0.2] },
  { name: 'a 32-bit float', values: [Math.fround(36.6)] },
  { name: 'a subnormal', values: [5e-324] },
  { name: 'a huge value', values: [1e308] },
  { name: 'the first integer that is not safe', values: [2 ** 53] },
  { name: 'decimals beside so many digits that scaling loses some', values: [0.001, 2 ** 52] },
] as const;

for (const { name, values } of UNSCALED) {
  test(`${name} stays a double`, () => {
    assert.equal(scaleValues(Float64Array.from(values)), undefined);
  });
}

test('every number that a monitor can show scales, and comes back as the same double', () => {
  const shown = fc.tuple(fc.integer({ min: -(10 ** 6), max: 10 ** 6 }), fc.nat({ max: 9 }));
  const property = fc.property(fc.array(shown, { minLength: 1 }), (numbers) => {
    const values = Float64Array.from(numbers, ([digits, decimals]) =>
      Number(`${digits}e-${decimals}`),
    );
    const scaled = scaleValues(values);
    assert.ok(scaled !== undefined);
    assert.deepEqual(unscaleValues(scaled), values);
  });
  fc.assert(property, { seed: 7 });
});
