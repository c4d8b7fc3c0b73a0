import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCalls } from './test-calls.ts';

const SPAN_MS = 600_000;

test('one at a time, and three in ten minutes, each person by themselves', () => {
  const tests = new TestCalls();
  for (const atMs of [0, 1_000, 2_000]) {
    assert.equal(tests.begin('nurse', atMs), 0);
    assert.equal(tests.begin('nurse', atMs), 1_000, 'one is under way');
    tests.end('nurse');
  }
  assert.equal(tests.begin('nurse', 3_000), SPAN_MS - 3_000);
  assert.equal(tests.begin('chief', 3_000), 0);
  assert.equal(tests.begin('nurse', SPAN_MS - 1), 1);
  assert.equal(tests.begin('nurse', SPAN_MS), 0);
});

test('a clock that is set back keeps nobody from it for longer', () => {
  const tests = new TestCalls();
  for (const atMs of [SPAN_MS, SPAN_MS, SPAN_MS]) {
    assert.equal(tests.begin('nurse', atMs), 0);
    tests.end('nurse');
  }
  assert.equal(tests.begin('nurse', 0), 0);
});
