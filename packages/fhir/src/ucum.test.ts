import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UcumLhcUtils } from '@lhncbc/ucum-lhc';
import { KINDS, toCanonicalUnit } from './ucum.ts';

const ucum = UcumLhcUtils.getInstance();

for (const { unit, others } of KINDS) {
  for (const other of [...Object.keys(others), ...(unit === 'Cel' ? ['[degF]', 'K'] : [])]) {
    test(`${other} is brought to ${unit} as UCUM has it`, () => {
      for (const value of [1, 37.2, 98.6, 0, -40]) {
        const { status, toVal } = ucum.convertUnitTo(other, value, unit);
        assert.equal(status, 'succeeded');
        const ours = toCanonicalUnit(other, value);
        assert.equal(ours.unit, unit);
        assert.ok(
          Math.abs(ours.value - (toVal ?? Number.NaN)) <= 1e-9 * Math.max(1, Math.abs(toVal ?? 0)),
        );
      }
    });
  }
}

test('the same amount is the same number, whatever it was written in', () => {
  assert.deepEqual(toCanonicalUnit('kg', 0.0054), toCanonicalUnit('mg', 5400));
  assert.deepEqual(toCanonicalUnit('[degF]', 98.6), { unit: 'Cel', value: 37 });
  assert.deepEqual(toCanonicalUnit('Cel', 37), { unit: 'Cel', value: 37 });
});

test('a unit of no known kind is its own', () => {
  for (const unit of ['{score}', 'mmol', '', '__proto__', 'constructor', '%']) {
    assert.deepEqual(toCanonicalUnit(unit, 5), { unit, value: 5 });
  }
});
