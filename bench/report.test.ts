import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMet } from './report.ts';

const CASES = [
  { value: 0.57, target: { bound: 'atMost', value: 0.57 }, met: true },
  { value: 0.571, target: { bound: 'atMost', value: 0.57 }, met: false },
  { value: 50, target: { bound: 'atLeast', value: 50 }, met: true },
  { value: 49.9, target: { bound: 'atLeast', value: 50 }, met: false },
  { value: Number.NaN, target: { bound: 'atMost', value: 1 }, met: false },
  { value: Number.POSITIVE_INFINITY, target: { bound: 'atLeast', value: 1 }, met: false },
] as const;

for (const { value, target, met } of CASES) {
  test(`${value} against ${target.bound} ${target.value} is ${met ? 'met' : 'missed'}`, () => {
    assert.equal(isMet({ value, target }), met);
  });
}

test('a figure without a target is only watched', () => {
  assert.equal(isMet({ value: 12 }), true);
});
