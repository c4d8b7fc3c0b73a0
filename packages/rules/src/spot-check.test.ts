import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import type { PatientCategory } from '@ausculta/vitals/subject';
import { readyLimits } from './adult-limits.ts';
import { brokenBySpot } from './spot-check.ts';

function broken(key: string, value: number, category: PatientCategory = 'adult', flags = 0) {
  return brokenBySpot({ metric: metricOf(key), value, flags }, readyLimits(category)).map(
    (rule) => rule.key,
  );
}

const CASES = [
  { metric: 'heart-rate', value: 130, keys: [] },
  { metric: 'heart-rate', value: 131, keys: ['limit/heart-rate/high'] },
  { metric: 'heart-rate', value: 41, keys: [] },
  { metric: 'heart-rate', value: 40, keys: ['limit/heart-rate/low'] },
  { metric: 'spo2', value: 92, keys: [] },
  { metric: 'spo2', value: 91, keys: ['limit/spo2/low'] },
  { metric: 'resp-rate', value: 24, keys: [] },
  { metric: 'resp-rate', value: 25, keys: ['limit/resp-rate/high'] },
  { metric: 'body-temperature', value: 39, keys: [] },
  { metric: 'body-temperature', value: 39.1, keys: ['limit/body-temperature/high'] },
] as const;

for (const { metric, value, keys } of CASES) {
  test(`one ${metric} of ${value} by itself breaks ${keys.join() || 'nothing'}, without waiting`, () => {
    assert.deepEqual(broken(metric, value), keys);
  });
}

test('what breaks a limit and its outer limit calls once', () => {
  assert.deepEqual(broken('spo2', 60), ['limit/spo2/low']);
});

test('a child has no limits before somebody sets them', () => {
  assert.deepEqual(broken('heart-rate', 180, 'child'), []);
  assert.deepEqual(broken('heart-rate', 180, 'unknown'), []);
});

test('what no sensor can truthfully give asks for a look at whoever it is of', () => {
  const key = 'technical/heart-rate/out-of-range';
  assert.deepEqual(broken('heart-rate', 301), ['limit/heart-rate/high', key]);
  assert.deepEqual(broken('heart-rate', 301, 'child'), [key]);
  assert.deepEqual(broken('heart-rate', 300, 'child'), []);
});

test('a bound is no measurement: it breaks the limit on its side alone', () => {
  assert.deepEqual(broken('heart-rate', 301, 'child', FLAG.ABOVE), []);
  assert.deepEqual(broken('heart-rate', 100, 'adult', FLAG.ABOVE), ['limit/heart-rate/high']);
  assert.deepEqual(broken('heart-rate', 140, 'adult', FLAG.BELOW), ['limit/heart-rate/low']);
});

test('a battery that somebody writes down is nobody’s body', () => {
  assert.deepEqual(broken('battery', 2), []);
});
