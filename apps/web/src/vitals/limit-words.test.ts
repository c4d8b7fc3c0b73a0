import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noLimits } from './limit-words.ts';

test('an adult has limits, and nothing is said', () => {
  assert.equal(noLimits('adult'), undefined);
});

test('of whoever has none the tile says so, and why', () => {
  assert.deepEqual(noLimits('child'), {
    full: 'No alarms: no limits for a child',
    brief: 'No limits, no alarms',
  });
  for (const category of ['neonate', 'maternity', 'unknown'] as const) {
    assert.match(noLimits(category)?.full ?? '', /^No alarms: .+$/);
  }
});
