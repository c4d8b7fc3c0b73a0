import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Allowance, type Load } from './allowance.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const SMALL: Load = { kind: 'readings', bytes: 100 };
const MEBIBYTE = 1024 * 1024;

/** How many of a kind are taken at one moment. */
function takenAt(allowance: Allowance, load: Load, nowMs: number): number {
  let count = 0;
  while (count < 10_000 && allowance.take(load, nowMs)) count += 1;
  return count;
}

test('six thousand messages at once are taken, one more is not, and a hundred more a second later', () => {
  const allowance = new Allowance();
  assert.equal(takenAt(allowance, SMALL, NOON), 6_000);
  assert.equal(takenAt(allowance, SMALL, NOON + 9), 0);
  assert.equal(takenAt(allowance, SMALL, NOON + 1_000), 100);
});

test('thirty-two messages of a mebibyte at once are taken, and another one sixteen seconds later', () => {
  const allowance = new Allowance();
  const large: Load = { kind: 'readings', bytes: MEBIBYTE };
  assert.equal(takenAt(allowance, large, NOON), 32);
  assert.equal(takenAt(allowance, large, NOON + 15_999), 0);
  assert.equal(takenAt(allowance, large, NOON + 16_000), 1);
});

test('a device that floods with waveforms can still send its vitals and its events', () => {
  const allowance = new Allowance();
  assert.equal(takenAt(allowance, { kind: 'waveforms', bytes: 100 }, NOON), 5_400);
  assert.ok(allowance.take({ kind: 'events', bytes: 100 }, NOON));
  assert.equal(takenAt(allowance, SMALL, NOON), 599);
});

test('what is refused costs nothing', () => {
  const allowance = new Allowance();
  takenAt(allowance, SMALL, NOON);
  for (let i = 0; i < 1_000; i += 1) allowance.take(SMALL, NOON);
  assert.ok(allowance.take(SMALL, NOON + 10));
});

test('twelve leads every quarter of a second and vitals every second are taken for days', () => {
  const allowance = new Allowance();
  for (let ms = 0; ms < 3_600_000; ms += 250) {
    assert.ok(allowance.take({ kind: 'waveforms', bytes: 6_000 }, NOON + ms));
    if (ms % 1000 === 0) assert.ok(allowance.take({ kind: 'readings', bytes: 2_000 }, NOON + ms));
  }
});

test('whatever our own clock does, no stretch gives more than the level and what fills it', () => {
  const step = fc.record({ ms: fc.integer({ min: -5_000, max: 5_000 }), count: fc.nat(3_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const allowance = new Allowance();
      let nowMs = NOON;
      let forwardMs = 0;
      let taken = 0;
      for (const { ms, count } of steps) {
        nowMs += ms;
        forwardMs += Math.max(0, ms);
        for (let i = 0; i < count; i += 1) if (allowance.take(SMALL, nowMs)) taken += 1;
      }
      assert.ok(taken <= 6_000 + forwardMs / 10);
    }),
    { numRuns: 50 },
  );
});
