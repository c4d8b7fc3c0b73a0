import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskReserve } from './disk-reserve.ts';

test('the reserve is reached below it, and left only with a margin above it', () => {
  const reserve = new DiskReserve(800);
  const steps = [
    { free: 800, isReached: false },
    { free: 799, isReached: true },
    { free: 800, isReached: true },
    { free: 899, isReached: true },
    { free: 900, isReached: false },
    { free: 800, isReached: false },
    { free: 0, isReached: true },
  ];
  for (const { free, isReached } of steps) {
    reserve.note(free);
    assert.equal(reserve.isReached, isReached, `${free} free`);
  }
});
