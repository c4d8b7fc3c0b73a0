import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBed, moveFocus, typeDigit } from './tile-keys.ts';

test('digits typed in one go are one bed, later ones another', () => {
  const one = typeDigit(undefined, { key: '1', atMs: 0 });
  const twelve = typeDigit(one, { key: '2', atMs: 1_000 });
  assert.equal(twelve.digits, '12');
  assert.equal(typeDigit(twelve, { key: '3', atMs: 2_001 }).digits, '3');
});

test('a bed is found whatever noughts or letters surround its number', () => {
  const beds = ['01', undefined, '12', 'B5'];
  assert.equal(findBed(beds, { digits: '1', atMs: 0 }), 0);
  assert.equal(findBed(beds, { digits: '12', atMs: 0 }), 2);
  assert.equal(findBed(beds, { digits: '05', atMs: 0 }), 3);
  assert.equal(findBed(beds, { digits: '7', atMs: 0 }), -1);
});

const MOVES = [
  { index: 0, key: 'ArrowRight', to: 1 },
  { index: 0, key: 'ArrowLeft', to: 0 },
  { index: 1, key: 'ArrowDown', to: 5 },
  { index: 1, key: 'ArrowUp', to: 1 },
  { index: 6, key: 'ArrowDown', to: 6 },
  { index: 6, key: 'Home', to: 0 },
  { index: 2, key: 'End', to: 6 },
] as const;

for (const { index, key, to } of MOVES) {
  test(`${key} on tile ${index} of 7 in 4 columns leads to ${to}`, () => {
    assert.equal(moveFocus({ index, key, columns: 4, count: 7 }), to);
  });
}
