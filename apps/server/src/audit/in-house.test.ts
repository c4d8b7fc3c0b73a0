import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InHouse } from './in-house.ts';

/** With a clock that the test moves. */
function house() {
  let elapse: (() => void) | undefined;
  const inHouse = new InHouse({
    pause: async () => undefined,
    after: (_ms, act) => {
      elapse = act;
      return () => {
        elapse = undefined;
      };
    },
  });
  return { inHouse, elapse: () => elapse?.(), isTimed: () => elapse !== undefined };
}

async function gathering(inHouse: InHouse, waiting: () => number) {
  const state = { isDone: false };
  const gathered = inHouse.gather(waiting).then(() => {
    state.isDone = true;
  });
  await settled();
  return { state, gathered };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('an answer that is alone in the house waits for nobody', async () => {
  const { inHouse, isTimed } = house();
  inHouse.enter();
  inHouse.leave();
  const { state } = await gathering(inHouse, () => 1);
  assert.ok(state.isDone);
  assert.equal(isTimed(), false);
});

test('it waits until no more are being answered than wait already', async () => {
  const { inHouse, isTimed } = house();
  for (let i = 0; i < 7; i += 1) inHouse.enter();
  let waiting = 1;
  const { state, gathered } = await gathering(inHouse, () => waiting);
  for (let i = 0; i < 3; i += 1) {
    assert.equal(state.isDone, false);
    inHouse.leave();
    await settled();
    waiting += 1;
  }
  inHouse.leave();
  await gathered;
  assert.equal(isTimed(), false);
});

test('nobody waits for ever for what takes long', async () => {
  const { inHouse, elapse } = house();
  inHouse.enter();
  inHouse.enter();
  const { state, gathered } = await gathering(inHouse, () => 1);
  assert.equal(state.isDone, false);
  elapse();
  await gathered;
  assert.ok(state.isDone);
});
