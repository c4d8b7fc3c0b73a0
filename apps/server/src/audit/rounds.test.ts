import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { AuditRounds } from './rounds.ts';

/** Rounds that end when the test says so, and a second that passes when it says so. */
function house() {
  const begun: { end: (isDone: boolean) => Promise<void> }[] = [];
  const waiting = new Set<() => void>();
  const rounds = new AuditRounds({
    round: () => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const end = async (isDone: boolean) => {
        resolve(isDone);
        await turn();
      };
      begun.push({ end });
      return promise;
    },
    after: (_ms, run) => {
      waiting.add(run);
      return () => waiting.delete(run);
    },
  });
  const ask = async () => {
    const told = { isSettled: false };
    void rounds.settled().then(() => {
      told.isSettled = true;
    });
    await turn();
    return told;
  };
  const pass = async () => {
    for (const run of [...waiting]) {
      waiting.delete(run);
      run();
    }
    await turn();
  };
  return { rounds, begun, waiting, ask, pass };
}

test('after a quiet second a round begins at once, for all who ask before it does', async () => {
  const { rounds, begun } = house();
  const asked = [rounds.settled(), rounds.settled(), rounds.settled()];
  await turn();
  assert.equal(begun.length, 1);
  await begun[0]?.end(true);
  await Promise.all(asked);
  assert.equal(begun.length, 1);
});

test('who asks while a round is under way waits for the one that begins after, a second later', async () => {
  const { begun, ask, pass } = house();
  const first = await ask();
  const [second, third] = [await ask(), await ask()];
  assert.equal(begun.length, 1);
  await begun[0]?.end(true);
  assert.deepEqual([first.isSettled, second.isSettled, third.isSettled], [true, false, false]);
  const fourth = await ask();
  assert.equal(begun.length, 1, 'it rests');
  await pass();
  assert.equal(begun.length, 2);
  await begun[1]?.end(true);
  assert.ok(second.isSettled && third.isSettled && fourth.isSettled);
  assert.equal(begun.length, 2);
});

test('where a round found nothing to do, nobody waits for a second', async () => {
  const { begun, ask } = house();
  await ask();
  const second = await ask();
  await begun[0]?.end(false);
  assert.equal(begun.length, 2, 'of who asked while it looked');
  await begun[1]?.end(false);
  assert.ok(second.isSettled);
  await ask();
  assert.equal(begun.length, 3);
});

test('a round longer than a second is followed by one, never by two at once', async () => {
  const { begun, ask, pass } = house();
  await ask();
  const second = await ask();
  await pass();
  assert.equal(begun.length, 1, 'the first goes on');
  await begun[0]?.end(true);
  assert.equal(begun.length, 2);
  await begun[1]?.end(true);
  assert.ok(second.isSettled);
});

test('the round of each second, and the last one, wait for no rest; those who ask have theirs by it', async () => {
  const { rounds, begun, waiting, ask } = house();
  await ask();
  await begun[0]?.end(true);
  const second = await ask();
  void rounds.settle();
  await turn();
  assert.equal(begun.length, 2);
  await begun[1]?.end(true);
  assert.ok(second.isSettled);
  rounds[Symbol.dispose]();
  assert.equal(waiting.size, 0);
});
