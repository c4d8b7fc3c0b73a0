import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unreadableWords } from './unreadable-words.ts';

const PART = {
  metric: 'heart-rate',
  device: 'monitor-1',
  fromMs: new Date(2026, 10, 21, 9, 12, 5).getTime(),
  toMs: new Date(2026, 10, 21, 9, 13, 4).getTime(),
  chunk: '12/34/56',
};

test('a part that cannot be read is named by what it is of, by its device and by its time', () => {
  const words = unreadableWords([PART]);
  assert.match(words, /^Heart rate.* of monitor-1, 21 Nov, 09:12:05 – 09:13:04$/);
});

test('of many parts the first are named and the rest are counted', () => {
  assert.match(unreadableWords(Array(5).fill(PART)), /; 2 more$/);
  assert.doesNotMatch(unreadableWords(Array(3).fill(PART)), /more/);
});
