import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconnectDelayMs } from './reconnect.ts';

const CASES = [
  { failures: 1, lot: 1, delayMs: 500 },
  { failures: 1, lot: 0, delayMs: 250 },
  { failures: 2, lot: 1, delayMs: 1_000 },
  { failures: 5, lot: 1, delayMs: 8_000 },
  { failures: 6, lot: 1, delayMs: 10_000 },
  { failures: 500, lot: 0, delayMs: 5_000 },
] as const;

for (const { failures, lot, delayMs } of CASES) {
  test(`after ${failures} failures with lot ${lot} the next attempt comes in ${delayMs} ms`, () => {
    assert.equal(reconnectDelayMs({ failures, lot }), delayMs);
  });
}
