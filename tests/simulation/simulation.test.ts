/**
 * The line, the heads, the flush, the detectors and erasure on a simulated store and clock: 150
 * worlds in which everything fails that can, and every promise is kept. A seed that fails prints the
 * command that repeats it. More of them: npm run test:long, npm run simulate.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { replayOf, runThreads } from './run-threads.ts';
import { VARIANTS } from './variants.ts';

const SEEDS = 150;
const STEPS = 2_000;
const THREADS = Math.min(2, availableParallelism());
const SEEDS_TO_BE_CAUGHT_IN = 40;

test(`${SEEDS} worlds of ${STEPS} steps: what was promised is kept`, async (t) => {
  const { seeds, failed, promised, alarms, erased } = await runThreads({
    from: 1,
    count: SEEDS,
    steps: STEPS,
    threads: THREADS,
  });
  const told = failed.map((news) => `${replayOf(news)}\n  ${news.failure?.why.join('\n  ')}`);
  assert.equal(failed.length, 0, told.slice(0, 3).join('\n'));
  assert.equal(seeds, SEEDS);
  t.diagnostic(`${promised} acknowledged, ${alarms} alarms, ${erased} erased`);
  // A world in which nothing happens keeps every promise.
  assert.ok(promised > SEEDS * 200 && alarms > SEEDS * 2 && erased > SEEDS);
});

for (const [variant, { isQuick, from }] of Object.entries(VARIANTS)) {
  if (!isQuick) continue;
  test(`a server that ${variant.replaceAll('-', ' ')} is caught`, async () => {
    const { failed } = await runThreads({
      from,
      count: SEEDS_TO_BE_CAUGHT_IN,
      steps: STEPS,
      variant,
    });
    assert.equal(failed.length, 1);
  });
}
