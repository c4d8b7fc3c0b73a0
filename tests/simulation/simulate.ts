/**
 * `npm run simulate`: the real line on a store, a clock and chance of one seed each.
 *
 *   -- --seeds 10000 --steps 5000    so many seeds, so long; --from for others than the first
 *   -- --seed 17 --steps 800         one seed, with all that happened when it fails
 *   -- --without takenOver,erased    spares a run some misfortunes (weather.ts), to find a cause
 *   -- --variant NAME                a server that is broken on purpose (variants.ts)
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { replayOf, runThreads } from './run-threads.ts';
import type { ThreadNews } from './thread.ts';
import { VARIANTS } from './variants.ts';

const STEPS = 5_000;
const SEEDS = 300;
const TRACE_LINES = 200;
const TELL_EVERY = 500;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: String(SEEDS) },
    from: { type: 'string', default: '1' },
    steps: { type: 'string', default: String(STEPS) },
    seed: { type: 'string' },
    variant: { type: 'string' },
    without: { type: 'string', default: '' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function tellFailure(news: ThreadNews): void {
  tell(`✖ seed ${news.seed} breaks a promise at step ${news.failure?.step}:`);
  for (const why of news.failure?.why ?? []) tell(`    ${why}`);
  if (news.trace.length > 0) tell(news.trace.slice(-TRACE_LINES).join('\n'));
  else tell(`    ${replayOf(news, values.variant)}`);
}

async function main(): Promise<number> {
  const isOne = values.seed !== undefined;
  const count = isOne ? 1 : Number(values.seeds);
  if (values.variant !== undefined && !(values.variant in VARIANTS)) {
    tell(`No such variant. There are: ${Object.keys(VARIANTS).join(', ')}`);
    return 1;
  }
  let seen = 0;
  const startedMs = performance.now();
  const secondsSoFar = (): string => ((performance.now() - startedMs) / 1_000).toFixed(1);
  const { seeds, failed, promised, alarms, erased } = await runThreads({
    from: Number(values.seed ?? values.from),
    count,
    steps: Number(values.steps),
    threads: isOne ? 1 : Number(values.threads),
    keepTrace: isOne,
    without: values.without.split(','),
    ...(values.variant === undefined ? {} : { variant: values.variant }),
    onNews: (news) => {
      seen += 1;
      if (news.failure !== undefined) tellFailure(news);
      else if (seen % TELL_EVERY === 0) tell(`  ${seen} of ${count} (${secondsSoFar()} s)`);
    },
  });
  const sum = `${promised} acknowledged, ${alarms} alarms, ${erased} erased`;
  tell(`${seeds} seeds, ${failed.length} failed, in ${secondsSoFar()} s: ${sum}`);
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await main();
