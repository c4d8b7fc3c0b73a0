import assert from 'node:assert/strict';
import { test } from 'node:test';
import { belowLabel } from './label-row.ts';

test('a tall lane gives its words a row, and ends where it ended', () => {
  const lane = belowLabel({ scale: 'millivolts', topPx: 10, heightPx: 60 });
  assert.deepEqual(lane, { scale: 'millivolts', topPx: 22, heightPx: 48, labelPx: 12 });
});

test('a low lane keeps its height: paper scale needs more than a fitted trace', () => {
  assert.equal(belowLabel({ scale: 'millivolts', topPx: 0, heightPx: 59 }).heightPx, 59);
  assert.equal(belowLabel({ scale: 'fitted', topPx: 0, heightPx: 40 }).heightPx, 28);
  assert.equal(belowLabel({ scale: 'fitted', topPx: 0, heightPx: 39 }).labelPx, 0);
});
