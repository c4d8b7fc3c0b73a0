import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import { ageText, countdownText, durationText, fixed, pairText, valueText } from './number-text.ts';

const DURATIONS = [
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [3_660_000, '1 h 1 min'],
  [86_400_000, '1 d'],
  [187_200_000, '2 d 4 h'],
  [-5, '0 s'],
] as const;

for (const [ms, text] of DURATIONS) {
  test(`${ms} ms is written ${text}`, () => assert.equal(durationText(ms), text));
}

test('a temperature keeps the decimals that its device resolved', () => {
  assert.equal(valueText({ value: 37, flags: 0, decimals: 1 }), '37.0');
});

test('one-sided readings keep their side', () => {
  assert.equal(valueText({ value: 600, flags: FLAG.ABOVE, decimals: 0 }), '>600');
  assert.equal(valueText({ value: 20, flags: FLAG.BELOW, decimals: 0 }), '<20');
});

test('a value that rounds to zero has no sign, a negative one a true minus', () => {
  assert.equal(fixed(-0.04, 1), '0.0');
  assert.equal(fixed(-0.4, 1), '−0.4');
});

test('an age below two seconds is now', () => {
  assert.equal(ageText(1_999), 'now');
  assert.equal(ageText(2_000), '2 s ago');
});

test('a countdown ends at nought and not before', () => {
  assert.equal(countdownText(120_000), '2:00');
  assert.equal(countdownText(119_001), '2:00');
  assert.equal(countdownText(61_000), '1:01');
  assert.equal(countdownText(1), '0:01');
  assert.equal(countdownText(0), '0:00');
});

test('a pair that is wholly unknown is one unknown, a half-known one shows its half', () => {
  assert.equal(pairText('120', '80'), '120/80');
  assert.equal(pairText('120', '--'), '120/--');
  assert.equal(pairText('--', '--'), '--');
});
