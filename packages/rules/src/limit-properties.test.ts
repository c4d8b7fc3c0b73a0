import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { type Given, HIGH, run } from '../../../tests/support/limit-run.ts';
import type { LimitSettings, LimitState } from './limit.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const UNDELAYED: LimitSettings = { ...HIGH, delayMs: 0 };

const given: fc.Arbitrary<Given[]> = fc.array(
  fc.tuple(
    fc.nat({ max: 60 }),
    fc.integer({ min: 120, max: 140 }),
    fc.constantFrom(0, FLAG.ABOVE, FLAG.BELOW, FLAG.QUESTIONABLE),
  ),
);

test('a state survives JSON, and goes on from there as if nothing had been', () => {
  fc.assert(
    fc.property(given, given, (before, after) => {
      const { state } = run(HIGH, before);
      const restored: LimitState = JSON.parse(JSON.stringify(state));
      assert.deepEqual(run(HIGH, after, restored), run(HIGH, after, state));
    }),
  );
});

test('raised and ended alternate, whatever the order of the readings', () => {
  fc.assert(
    fc.property(given, fc.boolean(), (readings, isDelayed) => {
      const { told } = run(isDelayed ? HIGH : UNDELAYED, readings);
      const kinds = told.map((line) => line.split(' ')[0]).filter((kind) => kind !== 'passed');
      for (const [index, kind] of kinds.entries()) {
        assert.equal(kind, index % 2 === 0 ? 'raised' : 'ended');
      }
    }),
  );
});

test('a breach that holds for longer than the delay is always told, however the readings come', () => {
  const breaches = fc.uniqueArray(fc.nat({ max: 60 }), { minLength: 2 });
  fc.assert(
    fc.property(breaches, (seconds) => {
      const spanS = Math.max(...seconds) - Math.min(...seconds);
      fc.pre(spanS >= 5);
      const { told } = run(
        HIGH,
        seconds.map((atS) => [atS, 140]),
      );
      assert.equal(told.length, 1);
    }),
  );
});
