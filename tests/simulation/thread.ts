/** A thread that runs seeds: of the real server, or of one that is broken on purpose. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Outcome } from './run-seed.ts';
import { installSeam } from './seam.ts';
import { TWINNED_FILES } from './twins.ts';
import { SCALE, VARIANTS } from './variants.ts';

export interface ThreadWork {
  readonly from: number;
  /** Every so many: the other threads run those between. */
  readonly stride: number;
  readonly count: number;
  readonly steps: number;
  readonly variant: string | undefined;
  readonly without: readonly string[];
  readonly keepTrace: boolean;
}

export type ThreadNews = Omit<Outcome, 'trace'> & {
  readonly trace: readonly string[];
  /** Fewer steps that fail as well. */
  readonly shrunkTo: number | undefined;
};

const work = workerData as ThreadWork;
const variant = work.variant === undefined ? undefined : VARIANTS[work.variant];
installSeam(TWINNED_FILES, [...SCALE, ...(variant?.edits ?? [])]);
const { runSeed } = await import('./run-seed.ts');
const options = { answersBeforeSync: variant?.answersBeforeSync === true, without: work.without };

const SHRINK_RUNS_MAX = 8;

/** A run of fewer steps is the same run cut short, with the last checks at its end. */
async function shrink(seed: number, failing: number): Promise<number> {
  let [good, bad] = [0, failing];
  for (let run = 0; run < SHRINK_RUNS_MAX && bad - good > 1; run += 1) {
    const steps = Math.floor((good + bad) / 2);
    const { failure } = await runSeed({ seed, steps, ...options });
    if (failure === undefined) good = steps;
    else bad = Math.min(steps, failure.step);
  }
  return bad;
}

for (let i = 0; i < work.count; i += 1) {
  const seed = work.from + i * work.stride;
  const outcome = await runSeed({ seed, steps: work.steps, ...options });
  const { failure } = outcome;
  const mayShrink = failure !== undefined && work.variant === undefined && !work.keepTrace;
  const shrunkTo = mayShrink ? await shrink(seed, failure.step) : undefined;
  const trace = work.keepTrace ? [...outcome.trace] : [];
  parentPort?.postMessage({ ...outcome, trace, shrunkTo } satisfies ThreadNews);
  if (failure !== undefined && work.variant !== undefined) break;
}
