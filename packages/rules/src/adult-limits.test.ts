import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf, metricsOfVital } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import { PATIENT_CATEGORIES } from '@ausculta/vitals/subject';
import { ADULT_LIMITS, limitsOfMetric, readyLimits, settingsFor } from './adult-limits.ts';
import { onSample, QUIET } from './limit.ts';

test('limits are ready for adults and for nobody else', () => {
  for (const category of PATIENT_CATEGORIES) {
    assert.equal(readyLimits(category).length > 0, category === 'adult', category);
  }
});

/** NEWS2's table: the last value that does not score and the first that does. */
const BOUNDS = [
  { metric: 'heart-rate', inside: 130, beyond: 131, keys: ['limit/heart-rate/high'] },
  { metric: 'heart-rate', inside: 41, beyond: 40, keys: ['limit/heart-rate/low'] },
  { metric: 'pulse-rate-nibp', inside: 130, beyond: 131, keys: ['limit/heart-rate/high'] },
  { metric: 'resp-rate', inside: 24, beyond: 25, keys: ['limit/resp-rate/high'] },
  { metric: 'resp-rate-co2', inside: 9, beyond: 8, keys: ['limit/resp-rate/low'] },
  { metric: 'spo2', inside: 92, beyond: 91, keys: ['limit/spo2/low'] },
  { metric: 'spo2', inside: 81, beyond: 80, keys: ['limit/spo2/low/outer'] },
  { metric: 'nibp-systolic', inside: 91, beyond: 90, keys: ['limit/blood-pressure-systolic/low'] },
  {
    metric: 'abp-systolic',
    inside: 219,
    beyond: 220,
    keys: ['limit/blood-pressure-systolic/high'],
  },
  { metric: 'body-temperature', inside: 39, beyond: 39.1, keys: ['limit/body-temperature/high'] },
  { metric: 'body-temperature', inside: 35.1, beyond: 35, keys: ['limit/body-temperature/low'] },
] as const;

/** Rules that a value breaches, delay or not. */
function breached(key: string, value: number, flags = 0): string[] {
  const metric = metricOf(key);
  return limitsOfMetric(ADULT_LIMITS, metric)
    .filter((rule) => {
      const sample = { atMs: 1, receivedAtMs: 1, value, flags };
      return onSample(QUIET, sample, settingsFor(rule, metric)).state.phase !== 'quiet';
    })
    .map((rule) => rule.key);
}

for (const { metric, inside, beyond, keys } of BOUNDS) {
  test(`${metric} of ${inside} is inside of ${keys.join()}, ${beyond} is beyond`, () => {
    for (const key of keys) {
      assert.ok(!breached(metric, inside).includes(key));
      assert.ok(breached(metric, beyond).includes(key));
    }
  });
}

test('every bound of the ready limits is in the table above', () => {
  const tested = new Set<string>(BOUNDS.flatMap(({ keys }) => keys));
  assert.deepEqual(
    ADULT_LIMITS.map(({ key }) => key).filter((key) => !tested.has(key)),
    [],
  );
});

test('a typical adult breaches nothing', () => {
  const typical = {
    'heart-rate': 72,
    spo2: 97,
    'resp-rate': 16,
    'nibp-systolic': 120,
    'body-temperature': 36.8,
  };
  for (const [key, value] of Object.entries(typical)) assert.deepEqual(breached(key, value), []);
});

test('LO on an oximeter breaches both of its limits', () => {
  assert.deepEqual(breached('spo2', 30, FLAG.BELOW), ['limit/spo2/low', 'limit/spo2/low/outer']);
});

test('no delay of a heart rate is longer than 10 s with 8 s of averaging', () => {
  for (const rule of ADULT_LIMITS) {
    if (rule.vital === 'heart-rate') assert.ok(rule.delayMs <= 2_000);
    else if (rule.delayMs > 0) assert.ok(['spo2', 'resp-rate'].includes(rule.vital), rule.key);
  }
});

test('an episodic source has no delay: its one value is all there is', () => {
  const [rule] = ADULT_LIMITS;
  assert.ok(rule && rule.delayMs > 0);
  assert.equal(settingsFor(rule, metricOf('pulse-rate-nibp')).delayMs, 0);
  assert.equal(settingsFor(rule, metricOf('heart-rate')).delayMs, rule.delayMs);
});

test('keys are stable and unique; an outer limit shares the episode of its inner one', () => {
  const keys = ADULT_LIMITS.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length);
  for (const { key, episodeKey, vital, direction, source } of ADULT_LIMITS) {
    assert.equal(episodeKey, `limit/${vital}/${direction}`);
    assert.ok(key === episodeKey || key === `${episodeKey}/outer`);
    assert.ok(metricsOfVital(vital).length > 0, vital);
    assert.match(source, /NEWS2|S6/);
  }
});

test('skin temperature and resting heart rate are not held against the limits of the core', () => {
  for (const key of ['skin-temperature', 'resting-heart-rate', 'ambient-temperature']) {
    assert.deepEqual(limitsOfMetric(ADULT_LIMITS, metricOf(key)), []);
  }
});
