import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchdogWords } from './watchdog-words.ts';

const NOW = 1_000_000;
const words = (checkedMs: number | null, isEnrolled = true) =>
  watchdogWords({ isEnrolled, checkedMs, isStuck: false }, NOW);

test('without a watchdog every screen says so', () => {
  assert.equal(watchdogWords(undefined, NOW).brief, 'no watchdog');
  assert.equal(words(null, false).isWell, false);
  assert.match(words(null, false).full, /nobody is called/);
});

test('one that looks says when it did', () => {
  assert.deepEqual(
    [words(NOW - 4_900).isWell, words(NOW - 4_900).brief],
    [true, 'alarms checked 4 s ago'],
  );
  assert.equal(words(NOW + 300).brief, 'alarms checked 0 s ago', 'clocks differ a little');
});

test('one that has been silent for a minute is not relied on', () => {
  assert.equal(words(NOW - 59_999).isWell, true);
  assert.equal(words(NOW - 60_000).isWell, false);
  assert.match(words(NOW - 60_000).brief, /^watchdog silent for 1 min/);
  assert.equal(words(null).brief, 'watchdog silent');
});

test('one that finds that alarms do not arrive says that, and not that it is silent', () => {
  const told = { isEnrolled: true, checkedMs: NOW - 9_000, isStuck: true };
  const { isWell, isStuck, full } = watchdogWords(told, NOW);
  assert.deepEqual([isWell, isStuck], [false, true]);
  assert.match(full, /do not arrive on screens: rely on bedside monitors/);
  const silent = watchdogWords({ ...told, checkedMs: NOW - 60_000 }, NOW);
  assert.match(silent.brief, /silent/, 'nobody knows any more');
});
