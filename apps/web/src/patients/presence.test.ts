import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubjectView } from '@ausculta/contract/subjects';
import { absenceText, byPresence, isHere, unmonitoredText, wallOf } from './presence.ts';

const DEVICES = [{ id: 'patch-1', model: 'patch' }];

const CASES = [
  { kind: 'patient', presence: 'here', devices: [], here: true, says: undefined },
  { kind: 'patient', presence: 'gone', devices: [], here: false, says: 'Discharged' },
  // Monitored all the same: somebody has put a device on them since.
  { kind: 'patient', presence: 'gone', devices: DEVICES, here: true, says: undefined },
  {
    kind: 'patient',
    presence: 'merged',
    devices: [],
    here: false,
    says: 'Merged into another record',
  },
  { kind: 'bed', presence: 'here', devices: DEVICES, here: true, says: undefined },
  { kind: 'bed', presence: 'here', devices: [], here: false, says: 'No device any more' },
  // Nobody to be watched; an alarm of it is shown all the same.
  { kind: 'room', presence: 'here', devices: DEVICES, here: false, says: undefined },
] as const;

for (const { here, says, ...subject } of CASES) {
  const { kind, presence, devices } = subject;
  test(`a ${kind}, ${presence}, with ${devices.length} devices is ${here ? '' : 'not '}watched`, () => {
    assert.equal(isHere({ ...subject, devices: [...devices] }), here);
    assert.equal(absenceText({ ...subject, devices: [...devices] }), says);
  });
}

test('of whom nothing comes it is said why: discharged, or without a device', () => {
  const [, gone, wearing, , , bed] = CASES;
  const words = [CASES[0], gone, wearing, bed].map((subject) =>
    unmonitoredText({ ...subject, devices: [...subject.devices] }),
  );
  assert.deepEqual(words, [
    'No device, not monitored',
    'Discharged, not monitored',
    undefined,
    'No device any more, not monitored',
  ]);
});

function inBed(bed: string, presence: SubjectView['presence']): SubjectView {
  const identity = {
    familyName: bed,
    givenName: '',
    sex: 'unknown',
    recordNumber: bed,
    bed,
  } as const;
  return {
    ...{ id: bed, kind: 'patient', category: 'adult', paced: 'no' },
    ...{ identity, devices: [], readingsMoved: [], presence },
  };
}
const [left, second, tenth] = [inBed('1', 'gone'), inBed('2', 'here'), inBed('10', 'here')];
const wall = (owed: string[], max: number) => {
  const { shown, left: rest } = wallOf([tenth, left, second], { owed: new Set(owed), max });
  return [...shown.map(({ id }) => id), rest];
};

test('those who are here come first, in the order of their beds', () => {
  assert.deepEqual([left, tenth, second].sort(byPresence), [second, tenth, left]);
});

test('who was discharged has no tile, unless an alarm about them is owed', () => {
  assert.deepEqual(wall([], 3), ['2', '10', 0]);
  assert.deepEqual(wall(['1'], 3), ['1', '2', '10', 0]);
});

test('who was discharged pushes nobody off a wall that is full', () => {
  assert.deepEqual(wall(['1'], 2), ['2', '10', 1]);
});
