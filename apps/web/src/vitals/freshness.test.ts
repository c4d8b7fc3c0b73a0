import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf } from '@ausculta/vitals/lookup';
import { freshnessOf } from './freshness.ts';

const CASES = [
  { metric: 'heart-rate', ageMs: 0, silent: false, shown: 'fresh' },
  { metric: 'heart-rate', ageMs: 3_500, silent: false, shown: 'fresh' },
  { metric: 'heart-rate', ageMs: 3_501, silent: false, shown: 'stale' },
  { metric: 'heart-rate', ageMs: 5_000, silent: false, shown: 'stale' },
  { metric: 'heart-rate', ageMs: 5_001, silent: false, shown: 'absent' },
  { metric: 'heart-rate', ageMs: 100, silent: true, shown: 'stale' },
  { metric: 'heart-rate', ageMs: 60_000, silent: true, shown: 'absent' },
  { metric: 'nibp-systolic', ageMs: 86_400_000, silent: false, shown: 'fresh' },
  { metric: 'nibp-systolic', ageMs: 1_000, silent: true, shown: 'stale' },
] as const;

for (const { metric, ageMs, silent, shown } of CASES) {
  const line = silent ? 'a silent line' : 'a live line';
  test(`${metric} of ${ageMs} ms ago on ${line} is ${shown}`, () => {
    assert.equal(freshnessOf({ metric: metricOf(metric), ageMs, silent }), shown);
  });
}
