import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClockState, isInDoubt, readClock, shiftOf, startClock } from './clock.ts';
import { changesAfter } from './clock-changes.ts';
import type { MessageTimes } from './clock-lag.ts';

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

/** Sends with a clock that is reset to an earlier hour each time, until it is believed no more. */
function exhausted(fromMs: number): { state: ClockState; changes: number } {
  let state = startClock(message(fromMs, fromMs, fromMs)).state;
  let changes = 1;
  for (let i = 1; i <= 300; i += 1) {
    const sentMs = Date.UTC(2000, 0, 1) - i * HOUR;
    const step = readClock(state, message(fromMs + i * 20, sentMs, sentMs));
    if (step.change !== undefined) changes += 1;
    state = step.state;
  }
  return { state, changes };
}

test('a clock that changes with every message gets twelve changes, not three hundred', () => {
  const { state, changes } = exhausted(NOON);
  assert.equal(changes, 12);
  assert.equal(state.epoch, 0);
});

test('while a clock is not believed, the newest stamp of a message stands at its receipt', () => {
  const { state } = exhausted(NOON);
  const times = { newestStampMs: 5_000, oldestStampMs: 4_000, receivedMs: NOON + 10_000 };
  const after = readClock(state, times).state;
  assert.equal(after.offsetMs, 0);
  assert.equal(5_000 + shiftOf(after), NOON + 10_000);
});

test('the device is told once a minute, and of one message that is read twice both times', () => {
  let { state } = exhausted(NOON);
  const told: number[] = [];
  for (let second = 7; second < 187; second += 1) {
    const receivedMs = NOON + second * 1000;
    const times = message(receivedMs, receivedMs - second * HOUR);
    const step = readClock(state, times);
    const again = readClock(step.state, times);
    assert.deepEqual(again.fault, step.fault);
    if (step.fault !== undefined) told.push(second);
    state = again.state;
  }
  assert.equal(told.length, 3);
  assert.ok(told.every((second, i) => i === 0 || second - (told[i - 1] as number) === 60));
});

test('a clock that runs evenly for a minute and is as before is believed again, in its old epoch', () => {
  let state = startClock(message(NOON, NOON, NOON)).state;
  // No stamp goes back, but each message is further ahead than the one before: an offset of its own.
  for (let i = 1; state.epoch !== 0; i += 1) {
    const receivedMs = NOON + i * 10_000;
    state = readClock(state, message(receivedMs, receivedMs + i * 4_000)).state;
    assert.ok(i <= 12);
  }
  const { before } = state.unsteady ?? {};
  const startMs = (before?.newestStampMs ?? 0) + 60_000;
  const offsetMs = before?.offsetMs ?? 0;
  // The message that was one too many lies within what the way may take: it spoils the first minute.
  for (let second = 0; state.epoch === 0; second += 1) {
    const receivedMs = startMs + second * 1000;
    assert.ok(second <= 125, `second ${second}`);
    state = readClock(state, message(receivedMs, receivedMs - offsetMs)).state;
  }
  assert.equal(state.epoch, before?.epoch);
  assert.equal(state.unsteady, undefined);
});

test('one change comes back every ten minutes: a reset clock that then runs on gets its epoch', () => {
  let { state } = exhausted(NOON);
  const resetMs = Date.UTC(2000, 0, 1);
  const epochs: number[] = [];
  for (let second = 10; second <= 700; second += 1) {
    const step = readClock(state, message(NOON + second * 1000, resetMs + second * 1000));
    if (step.change !== undefined) epochs.push(second);
    state = step.state;
  }
  assert.equal(epochs.length, 1);
  assert.ok(
    (epochs[0] ?? 0) > 590 && (epochs[0] ?? 0) <= 670,
    'within a minute of the first change being back',
  );
  assert.equal(state.epoch, 12, 'no stamp went back behind the last one that was believed');
  assert.equal(resetMs + state.offsetMs, NOON);
});

test('changes that were written down before a restart still count', () => {
  const times = Array.from({ length: 20 }, (_, i) => NOON + i * 1000);
  const used = changesAfter(times);
  assert.equal(used?.left, 0);
  assert.equal(changesAfter([]), undefined);
  const state: ClockState = {
    epoch: 20,
    offsetMs: 0,
    newestStampMs: NOON,
    suspect: undefined,
    ...(used === undefined ? {} : { changes: used }),
  };
  const step = readClock(state, message(NOON + 30_000, NOON - HOUR, NOON - HOUR));
  assert.equal(step.change, undefined);
  assert.equal(step.fault, undefined, 'a slow lag waits as ever');
  const ahead = readClock(state, message(NOON + 30_000, NOON + HOUR));
  assert.equal(ahead.fault?.code, 'CLOCK_UNSTEADY');
});

const DOUBTS = [
  { name: 'a clock that is right', lagMs: 80, isInDoubt: false },
  { name: 'a clock that is a second slow', lagMs: 1_000, isInDoubt: false },
  { name: 'a clock a little slower than the line may be', lagMs: 1_001, isInDoubt: true },
  { name: 'a clock three hours slow', lagMs: 3 * HOUR, isInDoubt: true },
  { name: 'a clock three hours ahead', lagMs: -3 * HOUR, isInDoubt: false },
  { name: 'a clock in the year 2000', lagMs: NOON - Date.UTC(2000, 0, 1), isInDoubt: false },
];

for (const { name, lagMs, isInDoubt: expected } of DOUBTS) {
  test(`the first message of ${name} ${expected ? 'leaves' : 'leaves no'} doubt of when it was measured`, () => {
    const { state } = startClock(message(NOON, NOON - lagMs));
    assert.equal(isInDoubt(state), expected);
  });
}

test('a first message that says when it was sent leaves no doubt', () => {
  const { state } = startClock(message(NOON, NOON - 5 * HOUR, NOON - 3 * HOUR));
  assert.equal(isInDoubt(state), false);
});

test('doubt lasts while the lag stands still, and ends when the clock is placed', () => {
  let { state } = startClock(message(NOON, NOON - 3 * HOUR));
  for (let second = 1; second < 4; second += 1) {
    state = readClock(state, message(NOON + second * 1000, NOON + second * 1000 - 3 * HOUR)).state;
    assert.equal(isInDoubt(state), true);
  }
  state = readClock(state, message(NOON + 4000, NOON + 4000 - 3 * HOUR)).state;
  assert.equal(state.offsetMs, 3 * HOUR);
  assert.equal(isInDoubt(state), false);
});

test('a lag that moves is a backlog: its stamps are right, until it stands still again', () => {
  const { state: first } = startClock(message(NOON, NOON - 3 * HOUR));
  let { state } = readClock(first, message(NOON + 100, NOON - 3 * HOUR + 60_000));
  assert.equal(isInDoubt(state), false);
  state = readClock(state, message(NOON + 200, NOON - 3 * HOUR + 120_000)).state;
  assert.equal(isInDoubt(state), false);
  state = readClock(state, message(NOON + 1200, NOON - 3 * HOUR + 121_000)).state;
  assert.equal(isInDoubt(state), true);
});

test('one message in step with our clock proves it for good: what is late afterwards is a backlog', () => {
  const { state: first } = startClock(message(NOON, NOON - 3 * HOUR));
  const { state: inStep } = readClock(first, message(NOON + 1000, NOON + 900));
  assert.equal(isInDoubt(inStep), false);
  const { state: late } = readClock(inStep, message(NOON + 2000, NOON - 3 * HOUR));
  assert.equal(isInDoubt(late), false);
});
