/** The corpus in tests/alarms/rates.json has the edges; here is what it keeps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_RATE, onRateSample, type RateSettings, type RateState } from './rate-of-change.ts';

const START = 1_772_352_000_000;
const RISING: RateSettings = {
  direction: 'high',
  delta: 151,
  windowMs: 100_000,
  clearance: 5,
  coverMs: 10_000,
  step: 1,
};

function after(values: readonly (readonly [atS: number, value: number])[]): {
  readonly state: RateState;
  readonly told: readonly string[];
} {
  let state = NO_RATE;
  const told: string[] = [];
  for (const [atS, value] of values) {
    const atMs = START + atS * 1_000;
    const step = onRateSample(state, { atMs, receivedAtMs: atMs, value, flags: 0 }, RISING);
    state = step.state;
    if (step.transition !== undefined) told.push(`${step.transition.kind} ${atS}`);
  }
  return { state, told };
}

test('a number that rises for long is remembered by 64 of its readings at most', () => {
  const rising = Array.from({ length: 101 }, (_, second) => [second, second] as const);
  const { state } = after(rising);
  assert.equal(state.bases.length, 64);
  assert.equal(state.bases[0]?.value, 0);
});

test('where too much is to be remembered a rise may look greater, never smaller', () => {
  const rising = Array.from({ length: 101 }, (_, second) => [second, second] as const);
  // What it was at the beginning stands in for the readings that were let go, up to second 37.
  assert.deepEqual(after([...rising, [137, 151]]).told, ['raised 137']);
  assert.deepEqual(after([...rising, [138, 151]]).told, []);
});
