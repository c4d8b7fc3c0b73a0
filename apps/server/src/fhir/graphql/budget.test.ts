import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QuestionBudget } from './budget.ts';

test('a list of lists is told with a rest after some thousand fields, and whole', async () => {
  let [fields, most, rests] = [0, 0, 0];
  const budget = new QuestionBudget(async () => {
    most = Math.max(most, fields);
    fields = 0;
    rests += 1;
    await Promise.resolve();
  });
  const field = () => {
    budget.field();
    fields += 1;
  };
  const items = Array.from({ length: 1_000 }, (_, i) => i);
  const told = await Promise.all(
    budget.slices(items, async (item) => {
      const inner = budget.slices([1, 2, 3, 4], (one) => {
        for (let i = 0; i < 5; i += 1) field();
        return one;
      });
      return [item, ...(await Promise.all(inner))];
    }),
  );
  assert.deepEqual(
    told,
    items.map((item) => [item, 1, 2, 3, 4]),
  );
  assert.ok(rests >= 15, String(rests));
  assert.ok(most <= 1_100, String(most));
  assert.equal(budget.isSpent, false);
});

test('what is spent stays spent, and nothing is searched for any more', async () => {
  const budget = new QuestionBudget(() => Promise.resolve());
  budget.text('x'.repeat(4 * 2 ** 20));
  assert.equal(budget.isSpent, false);
  assert.equal(await budget.search(async () => 'found'), 'found');
  budget.text('x');
  assert.equal(budget.isSpent, true);
  assert.equal(await budget.search(async () => 'found'), undefined);
});

test('searches run one after the other, also behind one that failed', async () => {
  const budget = new QuestionBudget(() => Promise.resolve());
  const order: string[] = [];
  const search = (name: string) => async () => {
    order.push(`${name} begins`);
    await Promise.resolve();
    order.push(`${name} ends`);
    if (name === 'a') throw new Error('gone');
    return name;
  };
  const first = budget.search(search('a'));
  const second = budget.search(search('b'));
  await assert.rejects(first, /gone/);
  assert.equal(await second, 'b');
  assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends']);
});
