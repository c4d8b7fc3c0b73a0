import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inParts, whole } from './steps.ts';

test('others have their turn after every part, and nothing is left out', () => {
  const taken: number[] = [];
  const steps = inParts([1, 2, 3, 4, 5], 2, (one) => taken.push(one));
  const seen: string[] = [];
  while (steps.next().done !== true) seen.push(taken.join());
  assert.deepEqual(
    [seen, taken],
    [
      ['1,2', '1,2,3,4'],
      [1, 2, 3, 4, 5],
    ],
  );
  let sum = 0;
  whole(inParts([1, 2, 3], 1, (one) => (sum += one)));
  assert.equal(sum, 6);
});
