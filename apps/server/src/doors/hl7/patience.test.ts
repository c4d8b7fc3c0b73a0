import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attempt, Patience } from './patience.ts';

const MIB = 1024 * 1024;
const NEVER = (): Promise<Attempt> => Promise.resolve({ answer: 'AR', isTooSoon: true });

function patienceWithTimers() {
  const timers: (() => void)[] = [];
  let nowMs = 0;
  const after = (_delayMs: number, run: () => void) => timers.push(run);
  const patience = new Patience({ nowMs: () => nowMs, after });
  const tick = (byMs: number): void => {
    nowMs += byMs;
    for (const run of timers.splice(0)) run();
  };
  return { patience, timers, tick };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('what may wait is bounded for all connections together: beyond it there is an answer at once', async () => {
  const { patience, timers, tick } = patienceWithTimers();
  const wait = (mebibytes: number) => {
    const { deadlineMs } = patience;
    return patience.wait({ bytes: mebibytes * MIB, deadlineMs }, NEVER, () => false);
  };
  const first = wait(31);
  await settled();
  assert.equal(timers.length, 1);
  assert.equal(await wait(2), 'AR', 'without waiting');
  const small = wait(1);
  await settled();
  assert.equal(timers.length, 2);
  tick(8_000);
  assert.deepEqual([await first, await small], ['AR', 'AR']);
  const again = wait(32);
  await settled();
  assert.equal(timers.length, 1, 'its room is free again');
  tick(8_000);
  assert.equal(await again, 'AR');
});

test('nobody waits for an answer whose connection has ended', async () => {
  const { patience } = patienceWithTimers();
  const waiting = { bytes: 1, deadlineMs: patience.deadlineMs };
  assert.equal(await patience.wait(waiting, NEVER, () => true), 'AR');
});
