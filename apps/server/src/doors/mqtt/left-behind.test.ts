import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail } from '@ausculta/vitals/fault';
import type { RegisteredDevice } from '../../devices/known-device.ts';
import type { Answer } from '../intake.ts';
import { LeftBehind } from './left-behind.ts';

const device = {} as RegisteredDevice;
const STORED: Answer = { fault: undefined, stored: 1, faults: [] };
const REFUSED: Answer = { fault: fail('STORE_FULL').fault, stored: 0, faults: [] };

function open(answers: Answer[]) {
  const taken: number[] = [];
  const left = new LeftBehind(({ bytes }, answer) => {
    taken.push(bytes[0] ?? -1);
    answer(answers.shift() ?? STORED);
  });
  const leave = (number: number, size = 1): void =>
    left.leave({ device, kind: 'readings', bytes: new Uint8Array(size).fill(number) });
  return { left, leave, taken };
}

test('what was left is offered in order, until one is refused, and again at the next look', () => {
  const { left, leave, taken } = open([STORED, REFUSED]);
  for (const number of [1, 2, 3]) leave(number);
  left.look();
  assert.deepEqual(taken, [1, 2], 'nobody passes who was refused');
  assert.equal(left.count, 2);
  left.look();
  assert.deepEqual(taken, [1, 2, 2, 3]);
  left.look();
  assert.equal(taken.length, 4, 'each is taken once');
});

test('beyond the room nothing is kept, and what has been taken makes room', () => {
  const MEBIBYTE = 1024 * 1024;
  const { left, leave } = open([]);
  for (let number = 0; number < 5; number += 1) leave(number, MEBIBYTE);
  assert.equal(left.count, 4);
  left.look();
  for (let number = 0; number < 10_001; number += 1) leave(number);
  assert.equal(left.count, 10_000);
});

test('what somebody else overwrites afterwards is still what was sent', () => {
  const { left, taken } = open([]);
  const bytes = Uint8Array.of(7);
  left.leave({ device, kind: 'readings', bytes });
  bytes[0] = 8;
  left.look();
  assert.deepEqual(taken, [7]);
});
