/** A delayed limit that was broken in the past and is kept again: told once it lasted (safety S5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { each, type Given, HIGH, run, START } from '../../../tests/support/limit-run.ts';
import { onSample, type Sample } from './limit.ts';

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
    assert.deepEqual(run(HIGH, given).told, told);
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
    let { state } = run(HIGH, [[60, 100]]);
    state = onSample(state, late(3, 70), HIGH).state;
    return onSample(state, late(8, secondReceivedS), HIGH).transition?.kind;
  };
  assert.equal(toldOf(130), 'passed');
  assert.equal(toldOf(130.001), undefined);
});
