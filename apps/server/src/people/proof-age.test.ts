import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFreshProof } from './proof-age.ts';

const NOW_MS = Date.parse('2026-11-22T10:00:00Z');
const TEN_MINUTES_MS = 600_000;

for (const [agoMs, isFresh] of [
  [0, true],
  [TEN_MINUTES_MS, true],
  [TEN_MINUTES_MS + 1, false],
] as const)
  test(`a proof of ${agoMs} ms ago is ${isFresh ? '' : 'not '}fresh`, () => {
    assert.equal(isFreshProof(NOW_MS - agoMs, NOW_MS), isFresh);
  });
