import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { ADULT_LIMITS, limitsOfMetric, settingsFor } from './adult-limits.ts';
import { calmRange, isCalm, quietAfter } from './calm.ts';
import { onSample, QUIET } from './limit.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const AT_MS = 1_772_352_000_000;

const limitsOf = (key: string) => {
  const metric = metricOf(key);
  return limitsOfMetric(ADULT_LIMITS, metric).map((rule) => settingsFor(rule, metric));
};

const EDGES = [
  { metric: 'heart-rate', value: 41, calm: true },
  { metric: 'heart-rate', value: 40.4, calm: false },
  { metric: 'heart-rate', value: 130.4, calm: true },
  { metric: 'heart-rate', value: 130.6, calm: false },
  { metric: 'spo2', value: 92, calm: true },
  { metric: 'spo2', value: 91, calm: false },
  { metric: 'heart-rate', value: 70, flags: FLAG.IMPLAUSIBLE, calm: false },
  { metric: 'heart-rate', value: 70, flags: FLAG.BELOW, calm: false },
  { metric: 'heart-rate', value: 70, flags: FLAG.QUESTIONABLE | FLAG.SIMULATED, calm: true },
  { metric: 'heart-rate', value: Number.NaN, calm: false },
] as const;

for (const edge of EDGES) {
  const { metric, value, calm } = edge;
  const flags = 'flags' in edge ? edge.flags : 0;
  test(`${metric} ${value} with flags ${flags} is ${calm ? '' : 'not '}calm`, () => {
    const range = calmRange(limitsOf(metric), metricOf(metric).resolution);
    assert.equal(isCalm(range, value, flags), calm);
  });
}

test('what is calm leaves every limit quiet, in the state that the limit itself would give', () => {
  const keys = ['heart-rate', 'spo2', 'resp-rate', 'nibp-systolic', 'body-temperature'];
  const value = fc.oneof(fc.double({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }));
  fc.assert(
    fc.property(fc.constantFrom(...keys), value, fc.nat(255), (key, measured, flags) => {
      const limits = limitsOf(key);
      assert.ok(limits.length > 0);
      const range = calmRange(limits, metricOf(key).resolution);
      const last = { atMs: AT_MS, value: measured, flags };
      if (!isCalm(range, measured, flags)) return;
      for (const settings of limits) {
        const step = onSample(QUIET, { ...last, receivedAtMs: AT_MS }, settings);
        assert.deepEqual(step, { state: quietAfter(last) });
      }
    }),
    { numRuns: 2_000 },
  );
});
