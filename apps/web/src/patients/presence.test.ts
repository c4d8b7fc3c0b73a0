import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absenceText, isHere, unmonitoredText } from './presence.ts';

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
