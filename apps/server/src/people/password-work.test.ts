import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { PasswordWork } from './password-work.ts';

/** Nothing is verified until the test says so. */
function workByHand() {
  const running: { readonly password: string; readonly end: () => void }[] = [];
  const resting: (() => void)[] = [];
  const work = new PasswordWork({
    hash: async (password) => `hash of ${password}`,
    verify: (hash, password) =>
      new Promise((resolve) =>
        running.push({ password, end: () => resolve(hash === `hash of ${password}`) }),
      ),
    randomToken: () => 'chance',
    nowMs: () => 0,
    after: (_, run) => {
      resting.push(run);
      return () => undefined;
    },
  });
  return { work, running, resting };
}

test('one password is verified at a time, and forty wait', async () => {
  const { work, running, resting } = workByHand();
  const all = Array.from({ length: 41 }, (_, i) =>
    work.verify('hash of 0', String(i), 'elsewhere'),
  );
  await turn();
  assert.equal(running.length, 1);
  assert.equal(work.hasRoom('elsewhere'), false);
  for (let i = 0; i < 41; i += 1) {
    running[i]?.end();
    await turn();
    assert.equal(running.length, i + 1, 'the core rests before the next stranger');
    resting.shift()?.();
    await turn();
  }
  assert.deepEqual(
    (await Promise.all(all)).map((isRight, i) => isRight === (i === 0)),
    Array.from({ length: 41 }, () => true),
  );
  assert.equal(work.hasRoom('elsewhere'), true);
});

test('whoever comes from where they have signed in before is next, however many others wait', async () => {
  const { work, running, resting } = workByHand();
  for (let i = 0; i < 41; i += 1) void work.verify(undefined, `guess ${i}`, 'elsewhere');
  await turn();
  assert.equal(work.hasRoom('known-station'), true);
  const nurse = work.verify('hash of hers', 'hers', 'known-station');
  running[0]?.end();
  await turn();
  assert.equal(running[1]?.password, 'hers');
  running[1]?.end();
  assert.equal(await nurse, true);
  await turn();
  void work.verify('hash of hers', 'hers', 'known-station');
  resting.shift()?.();
  await turn();
  assert.equal(running[2]?.password, 'hers', 'also when she comes while the core rests');
});

test('an account that is unknown takes as long, and is never right', async () => {
  const { work, running } = workByHand();
  const outcome = work.verify(undefined, 'chance', 'elsewhere');
  await turn();
  running[0]?.end();
  assert.equal(await outcome, false);
});
