import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import { IN_RANGE, OUT_OF_RANGE_PRIORITY, onRangeSample, outOfRangeKey } from './out-of-range.ts';

const { IMPLAUSIBLE, ABOVE, SIMULATED } = FLAG;

const CASES = [
  { name: 'an implausible value calls for a look', flags: [IMPLAUSIBLE], told: ['raised'] },
  { name: 'a second one is the same alarm', flags: [IMPLAUSIBLE, IMPLAUSIBLE], told: ['raised'] },
  { name: 'a plausible one ends it', flags: [IMPLAUSIBLE, 0], told: ['raised', 'ended'] },
  { name: 'plausible values tell nothing', flags: [0, SIMULATED, 0], told: [] },
  { name: 'HI is no artefact', flags: [IMPLAUSIBLE | ABOVE], told: [] },
];

for (const { name, flags, told } of CASES) {
  test(name, () => {
    let state = IN_RANGE;
    const heard = flags.flatMap((each, index) => {
      const step = onRangeSample(state, { atMs: 1_000 + index, flags: each });
      state = step.state;
      return step.transition ?? [];
    });
    assert.deepEqual(heard, told);
  });
}

test('a late value neither raises nor ends', () => {
  const { state } = onRangeSample(IN_RANGE, { atMs: 2_000, flags: IMPLAUSIBLE });
  assert.equal(onRangeSample(state, { atMs: 1_000, flags: 0 }).state, state);
  assert.equal(state.sinceMs, 2_000);
});

test('the rule is named by its vital, and is of medium priority', () => {
  assert.equal(OUT_OF_RANGE_PRIORITY, 'medium');
  assert.equal(outOfRangeKey('spo2'), 'technical/spo2/out-of-range');
});
