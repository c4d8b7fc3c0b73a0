import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClockState, type MessageTimes, readClock, startClock } from './clock.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;

function message(receivedMs: number, stampMs: number, sentMs?: number): MessageTimes {
  const times = { newestStampMs: stampMs, oldestStampMs: stampMs, receivedMs };
  return sentMs === undefined ? times : { ...times, sentMs };
}

/** A device that sends every second with its clock off by `errorMs`, after `clock`. */
function live(
  clock: ClockState,
  run: { fromMs: number; seconds: number; errorMs: number },
): ClockState {
  let state = clock;
  for (let second = 0; second < run.seconds; second += 1) {
    const receivedMs = run.fromMs + second * 1000 + (second % 3) * 40;
    state = readClock(state, message(receivedMs, run.fromMs + second * 1000 + run.errorMs)).state;
  }
  return state;
}

test('a device whose clock is right starts epoch 1 with no offset', () => {
  const { state, change } = startClock(message(NOON + 80, NOON));
  assert.equal(state.offsetMs, 0);
  assert.deepEqual(change, { kind: 'epoch', epoch: 1, offsetMs: 0, fromStampMs: NOON });
});

test('a clock three hours ahead is seen in its first message', () => {
  const { state } = startClock(message(NOON, NOON + 3 * HOUR));
  assert.equal(state.offsetMs, -3 * HOUR);
});

test('a clock one second ahead is jitter, one a little more is not', () => {
  assert.equal(startClock(message(NOON, NOON + 1000)).state.offsetMs, 0);
  assert.equal(startClock(message(NOON, NOON + 1001)).state.offsetMs, -1001);
});

test('a live device whose clock is three hours behind is placed within five seconds', () => {
  const started = startClock(message(NOON, NOON - 3 * HOUR)).state;
  assert.equal(started.offsetMs, 0, 'taken at its word at first: it may be a backlog');
  const after = live(started, { fromMs: NOON + 1000, seconds: 4, errorMs: -3 * HOUR });
  assert.equal(after.offsetMs, 3 * HOUR);
  assert.equal(after.epoch, 1, 'no stamp went back, so the series goes on');
});

test('a backlog sent fast by a right clock is never taken for a slow clock', () => {
  let state = startClock(message(NOON, NOON - 2 * HOUR)).state;
  for (let i = 1; i <= 600; i += 1) {
    const stampMs = NOON - 2 * HOUR + i * 12_000;
    state = readClock(state, message(NOON + i * 50, stampMs)).state;
    assert.equal(state.offsetMs, 0);
  }
  assert.equal(state.epoch, 1);
});

test('a late message between live ones changes nothing', () => {
  let state = live(startClock(message(NOON, NOON)).state, {
    fromMs: NOON + 1000,
    seconds: 5,
    errorMs: 0,
  });
  const step = readClock(state, message(NOON + 6000, NOON - HOUR));
  assert.equal(step.change, undefined);
  state = live(step.state, { fromMs: NOON + 7000, seconds: 5, errorMs: 0 });
  assert.equal(state.offsetMs, 0);
  assert.equal(state.suspect, undefined);
});

test('a live clock that is set back an hour starts a new epoch', () => {
  const before = live(startClock(message(NOON, NOON)).state, {
    fromMs: NOON + 1000,
    seconds: 10,
    errorMs: 0,
  });
  const after = live(before, { fromMs: NOON + 11_000, seconds: 6, errorMs: -HOUR });
  assert.equal(after.epoch, 2);
  assert.ok(Math.abs(after.offsetMs - HOUR) < 200);
});

test('a clock reset to the year 2000 starts a new epoch with its first message', () => {
  const before = live(startClock(message(NOON, NOON)).state, {
    fromMs: NOON + 1000,
    seconds: 3,
    errorMs: 0,
  });
  const reset = Date.UTC(2000, 0, 1, 0, 0, 7);
  const { state, change } = readClock(before, message(NOON + 5000, reset));
  assert.equal(change?.kind, 'epoch');
  assert.equal(state.epoch, 2);
  assert.equal(reset + state.offsetMs, NOON + 5000);
});

test('a clock that is set forward to the right time keeps its epoch', () => {
  const slow = live(startClock(message(NOON, NOON - HOUR)).state, {
    fromMs: NOON + 1000,
    seconds: 6,
    errorMs: -HOUR,
  });
  assert.equal(slow.offsetMs, HOUR);
  const right = live(slow, { fromMs: NOON + 8000, seconds: 6, errorMs: 0 });
  assert.equal(right.offsetMs, 0);
  assert.equal(right.epoch, 1);
});

test('a device that says when it sent is placed at once, backlog or not', () => {
  const { state } = startClock(message(NOON, NOON - 5 * HOUR, NOON - 3 * HOUR));
  assert.equal(state.offsetMs, 3 * HOUR);
  const { state: right } = startClock(message(NOON, NOON - 5 * HOUR, NOON - 300));
  assert.equal(right.offsetMs, 0);
});

test('messages that waited in a stalled connection do not move a right clock', () => {
  let state = startClock(message(NOON, NOON, NOON)).state;
  // Twelve seconds of messages arrive in one burst when the line is back.
  for (let second = 1; second <= 12; second += 1) {
    const sentMs = NOON + second * 1000;
    state = readClock(state, message(NOON + 12_500, sentMs, sentMs)).state;
    assert.equal(state.offsetMs, 0);
  }
  assert.equal(state.epoch, 1);
});

test('a first message that was delayed on its way is set right by the next', () => {
  const delayed = startClock(message(NOON + 9_000, NOON, NOON)).state;
  assert.equal(delayed.offsetMs, 9_000);
  const { state } = readClock(delayed, message(NOON + 10_050, NOON + 10_000, NOON + 10_000));
  assert.equal(state.offsetMs, 0);
  assert.equal(state.epoch, 1);
});

test('a slow clock that is set right is placed with its first right message', () => {
  const slow = startClock(message(NOON, NOON - 3 * HOUR, NOON - 3 * HOUR)).state;
  const { state } = readClock(slow, message(NOON + 1_000, NOON + 1_000));
  assert.equal(state.offsetMs, 0);
});

test('a backlog that says when it was sent leaves the offset alone', () => {
  const state = startClock(message(NOON, NOON, NOON)).state;
  const backlog = readClock(state, message(NOON + 2_000, NOON - 5 * HOUR, NOON + 1_950));
  assert.equal(backlog.change, undefined);
});
