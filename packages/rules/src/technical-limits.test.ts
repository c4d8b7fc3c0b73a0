import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOf } from '@ausculta/vitals/lookup';
import { limitsOfMetric, settingsFor } from './adult-limits.ts';
import { onSample, QUIET } from './limit.ts';
import { TECHNICAL_LIMITS } from './technical-limits.ts';

const BATTERY = metricOf('battery');

test('a battery is told at 5 %, at once, and until it is charged', () => {
  const [rule, ...others] = limitsOfMetric(TECHNICAL_LIMITS, BATTERY);
  assert.ok(rule !== undefined);
  assert.deepEqual([rule.priority, others], ['medium', []]);
  let state = QUIET;
  const told = [6, 5, 4, 7, 8].map((value, index) => {
    const sample = { atMs: 1_000 + index, receivedAtMs: 1_000 + index, value, flags: 0 };
    const step = onSample(state, sample, settingsFor(rule, BATTERY));
    state = step.state;
    return step.transition?.kind;
  });
  assert.deepEqual(told, [undefined, 'raised', undefined, undefined, 'ended']);
});

test('it watches nothing else', () => {
  assert.deepEqual(limitsOfMetric(TECHNICAL_LIMITS, metricOf('spo2')), []);
});
