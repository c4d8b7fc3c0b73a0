/** Every broken variant is caught within some hundred seeds; and two thousand long worlds hold. */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { replayOf, runThreads } from './run-threads.ts';
import { VARIANTS } from './variants.ts';

const SEEDS_TO_BE_CAUGHT_IN = 600;
const STEPS = 2_000;

for (const variant of Object.keys(VARIANTS)) {
  test(`a server that ${variant.replaceAll('-', ' ')} is caught`, async (t) => {
    const count = SEEDS_TO_BE_CAUGHT_IN;
    const { failed, seeds } = await runThreads({ from: 1, count, steps: STEPS, variant });
    assert.equal(failed.length, 1);
    t.diagnostic(`after ${seeds} seeds: ${failed[0]?.failure?.why[0] ?? ''}`);
  });
}

test('2,000 worlds of 5,000 steps: what was promised is kept', async () => {
  const threads = availableParallelism();
  const { failed } = await runThreads({ from: 151, count: 2_000, steps: 5_000, threads });
  assert.deepEqual(
    failed.map((news) => replayOf(news)),
    [],
  );
});
