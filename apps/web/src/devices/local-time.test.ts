import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromLocal, toLocal } from './local-time.ts';

test('a time goes into a field and comes out of it, to the second', () => {
  for (const atMs of [0, Date.UTC(2026, 10, 21, 14, 2, 7), Date.UTC(2026, 1, 3)]) {
    assert.equal(fromLocal(toLocal(atMs)), atMs);
  }
  assert.match(toLocal(Date.UTC(2026, 10, 21, 14, 2, 7)), /^2026-11-2\dT\d\d:\d\d:07$/);
});

test('an exact time stays exact while nobody changes it', () => {
  const [fromMs, untilMs] = [Date.UTC(2026, 10, 21, 14, 2, 7, 512), undefined];
  assert.equal(fromLocal(toLocal(fromMs), [fromMs, untilMs]), fromMs);
  assert.equal(fromLocal(toLocal(fromMs + 1_000), [fromMs, untilMs]), fromMs - 512 + 1_000);
});

test('an empty field, or half a date, is no time', () => {
  assert.equal(fromLocal(''), undefined);
  assert.equal(fromLocal('2026-11-'), undefined);
});
