import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import { type LimitState, QUIET } from './limit.ts';
import { onRangeSample, outOfRangeRule } from './out-of-range.ts';

const { IMPLAUSIBLE, ABOVE, BELOW, SIMULATED } = FLAG;

const CASES = [
  { name: 'an implausible value calls for a look', flags: [IMPLAUSIBLE], told: ['raised'] },
  { name: 'a second one is the same alarm', flags: [IMPLAUSIBLE, IMPLAUSIBLE], told: ['raised'] },
  { name: 'a plausible one ends it', flags: [IMPLAUSIBLE, 0], told: ['raised', 'ended'] },
  {
    name: 'it comes again after it was over',
    flags: [IMPLAUSIBLE, 0, IMPLAUSIBLE],
    told: ['raised', 'ended', 'raised'],
  },
  { name: 'plausible values tell nothing', flags: [0, SIMULATED, 0], told: [] },
  { name: 'HI is no artefact', flags: [IMPLAUSIBLE | ABOVE], told: [] },
  {
    name: 'HI ends it: the meter measures again',
    flags: [IMPLAUSIBLE, ABOVE],
    told: ['raised', 'ended'],
  },
  { name: 'LO is no artefact', flags: [IMPLAUSIBLE | BELOW], told: [] },
];

const sampleAt = (atMs: number, flags: number, receivedAtMs = atMs) => ({
  atMs,
  receivedAtMs,
  value: 400,
  flags,
});

for (const { name, flags, told } of CASES) {
  test(name, () => {
    let state: LimitState = QUIET;
    const heard = flags.flatMap((each, index) => {
      const step = onRangeSample(state, sampleAt(1_000 + index, each));
      state = step.state;
      return step.transition?.kind ?? [];
    });
    assert.deepEqual(heard, told);
  });
}

test('a late value neither raises nor ends', () => {
  const { state } = onRangeSample(QUIET, sampleAt(2_000, IMPLAUSIBLE));
  assert.equal(onRangeSample(state, sampleAt(1_000, 0)).state, state);
  assert.equal(state.sinceMs, 2_000);
  const { state: quiet } = onRangeSample(QUIET, sampleAt(2_000, 0));
  assert.deepEqual(onRangeSample(quiet, sampleAt(1_999, IMPLAUSIBLE)), { state: quiet });
});

test('a value stamped in the future is placed at its receipt, so that the next one can end it', () => {
  const { state } = onRangeSample(QUIET, sampleAt(9_000_000, IMPLAUSIBLE, 2_000));
  assert.equal(state.sinceMs, 2_000);
  assert.equal(onRangeSample(state, sampleAt(3_000, 0)).transition?.kind, 'ended');
});

test('the rule is named by its vital, of medium priority, and tells the bound that was broken', () => {
  const spo2 = metricOf('spo2');
  const key = 'technical/spo2/out-of-range';
  const told = { kind: 'out-of-range', key, episodeKey: key, priority: 'medium' };
  assert.deepEqual(outOfRangeRule(spo2, spo2.plausible.high + 1), {
    ...told,
    direction: 'high',
    limit: spo2.plausible.high,
  });
  assert.deepEqual(outOfRangeRule(spo2, spo2.plausible.low - 1), {
    ...told,
    direction: 'low',
    limit: spo2.plausible.low,
  });
});

test("of what is nobody's body no patient is to be checked: it is low", () => {
  assert.equal(outOfRangeRule(metricOf('spo2'), 160).priority, 'medium');
  assert.equal(outOfRangeRule(metricOf('fio2-setting'), 160).priority, 'medium');
  assert.equal(outOfRangeRule(metricOf('ambient-temperature'), -120).priority, 'low');
  assert.equal(outOfRangeRule(metricOf('battery'), 255).priority, 'low');
});
