/** Runs seeds in threads of their own, for each has modules of its own. */
import { Worker } from 'node:worker_threads';
import type { ThreadNews, ThreadWork } from './thread.ts';

export interface Job {
  readonly from: number;
  readonly count: number;
  readonly steps: number;
  readonly threads?: number;
  readonly variant?: string;
  readonly without?: readonly string[];
  readonly keepTrace?: boolean;
  readonly onNews?: (news: ThreadNews) => void;
}

export interface Summary {
  readonly seeds: number;
  readonly failed: readonly ThreadNews[];
  readonly promised: number;
  readonly alarms: number;
  readonly erased: number;
}

export async function runThreads(job: Job): Promise<Summary> {
  const { threads = 1 } = job;
  const parts = await Promise.all(
    Array.from({ length: threads }, (_, index) => runThread(job, { index, threads })),
  );
  const news = parts.flat();
  const sumOf = (pick: (one: ThreadNews) => number): number =>
    news.reduce((sum, one) => sum + pick(one), 0);
  return {
    seeds: news.length,
    failed: news.filter(({ failure }) => failure !== undefined).sort((a, b) => a.seed - b.seed),
    promised: sumOf(({ counts }) => counts.promised),
    alarms: sumOf(({ counts }) => counts.alarms),
    erased: sumOf(({ counts }) => counts.erased),
  };
}

function runThread(
  { from, count, steps, variant, without = [], keepTrace = false, onNews }: Job,
  { index, threads }: { index: number; threads: number },
): Promise<ThreadNews[]> {
  const workerData: ThreadWork = {
    from: from + index,
    stride: threads,
    count: Math.ceil((count - index) / threads),
    steps,
    variant,
    without,
    keepTrace,
  };
  return new Promise((resolve, reject) => {
    const news: ThreadNews[] = [];
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData });
    worker.on('message', (one: ThreadNews) => {
      news.push(one);
      onNews?.(one);
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve(news));
  });
}

/** What repeats a failure, and shows how it came to it. */
export function replayOf({ seed, shrunkTo, failure }: ThreadNews, variant?: string): string {
  const steps = shrunkTo ?? failure?.step ?? 1;
  const broken = variant === undefined ? '' : ` --variant ${variant}`;
  return `npm run simulate -- --seed ${seed} --steps ${steps}${broken}`;
}
