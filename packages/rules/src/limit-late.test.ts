/** A delayed limit that was broken in the past and is kept again: told once it lasted (safety S5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LimitSettings, type LimitState, onSample, QUIET, type Sample } from './limit.ts';

/** Heart rate ≥ 130 for 5 s, over when below 128. */
const HIGH: LimitSettings = {
  direction: 'high',
  limit: 130,
  delayMs: 5_000,
  clearance: 2,
  step: 1,
  expectedIntervalMs: 1_000,
};

/** Far from 0, as stamps are. */
const START = 1_772_352_000_000;

type Given = readonly [atS: number, value: number];

/** What is told, each as "kind since→at" in seconds, and the state at the end. */
function run(given: readonly Given[]) {
  let state: LimitState = QUIET;
  const told: string[] = [];
  for (const [atS, value] of given) {
    const sample = { atMs: START + atS * 1000, receivedAtMs: START + 1e9, value, flags: 0 };
    const step = onSample(state, sample, HIGH);
    state = step.state;
    if (step.transition === undefined) continue;
    const { kind, sinceMs, atMs } = step.transition;
    told.push(`${kind} ${(sinceMs - START) / 1000}→${(atMs - START) / 1000}`);
  }
  return { told, state };
}

const each = (fromS: number, untilS: number, value: number): Given[] =>
  Array.from({ length: untilS - fromS + 1 }, (_, second) => [fromS + second, value]);

const CASES: readonly { name: string; given: readonly Given[]; told: readonly string[] }[] = [
  {
    name: 'a delayed limit breached in the past for as long as its delay is told, and for each reading beyond',
    given: [[60, 100], ...each(3, 9, 140)],
    told: ['passed 3→8', 'passed 9→9'],
  },
  {
    name: 'one millisecond short of the delay is short of it',
    given: [
      [60, 100],
      [3, 140],
      [7.999, 140],
    ],
    told: [],
  },
  {
    name: 'a late value within the limit ends a late spell, an older one does not',
    given: [
      [60, 100],
      [3, 140],
      [1, 100],
      [6, 140],
      [7, 129],
      [8, 140],
      [12, 140],
    ],
    told: [],
  },
  {
    name: 'calm readings of now do not end a spell of the past',
    given: [
      [60, 100],
      [3, 140],
      [61, 100],
      [5, 140],
      [62, 100],
      [8, 140],
    ],
    told: ['passed 3→8'],
  },
  {
    name: 'late breaches that lie far apart are no spell',
    given: [
      [60, 100],
      [3, 140],
      [3 + 5 + 3 + 0.001, 140],
    ],
    told: [],
  },
];

for (const { name, given, told } of CASES) {
  test(name, () => {
    assert.deepEqual(run(given).told, told);
  });
}

test('a spell of the past is given up when nothing of it has come for a minute', () => {
  const late = (atS: number, receivedS: number): Sample => ({
    atMs: START + atS * 1000,
    receivedAtMs: START + receivedS * 1000,
    value: 140,
    flags: 0,
  });
  const toldOf = (secondReceivedS: number) => {
    let { state } = run([[60, 100]]);
    state = onSample(state, late(3, 70), HIGH).state;
    return onSample(state, late(8, secondReceivedS), HIGH).transition?.kind;
  };
  assert.equal(toldOf(130), 'passed');
  assert.equal(toldOf(130.001), undefined);
});
