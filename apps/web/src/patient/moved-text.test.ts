import assert from 'node:assert/strict';
import { test } from 'node:test';
import { movedText } from './moved-text.ts';

const moment = (atMs: number): string => `t${atMs}`;
const MOVED = { device: 'patch-1', way: 'away', atMs: 9, fromMs: 1, untilMs: 2 } as const;

test('who had the readings is told that they are gone, whose they are that they have come', () => {
  assert.equal(
    movedText(MOVED, moment),
    'Readings of patch-1, t1 to t2, were moved to another record on t9.',
  );
  assert.equal(
    movedText({ ...MOVED, way: 'here', untilMs: null }, moment),
    'Readings of patch-1, from t1 on, were moved here from another record on t9.',
  );
});
