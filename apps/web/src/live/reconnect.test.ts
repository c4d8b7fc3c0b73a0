import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeMeaning, reconnectDelayMs } from './reconnect.ts';

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

for (const code of [4401, 1008]) {
  test(`a socket closed with ${code} sends one to sign in again`, () => {
    assert.equal(closeMeaning(code), 'signed-out');
  });
}

test('any other end of a socket is an end of the line alone', () => {
  for (const code of [1000, 1001, 1005, 1006, 1007, 1009, 1011, 1012, 1013, 4400, 4402]) {
    assert.equal(closeMeaning(code), 'broken');
  }
});
