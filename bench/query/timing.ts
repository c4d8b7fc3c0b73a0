// How long questions take: each asked again and again, in rounds, of which the median counts.
import { median } from '../median.ts';

/** The middle one of several rounds is neither the lucky nor the unlucky one. */
export const ROUNDS = 5;

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** Of so many askings in each of the rounds the 95th percentile; of the rounds the median. */
export async function p95Ms(asks: number, ask: (i: number) => Promise<unknown>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const times: number[] = [];
    for (let i = 0; i < asks; i += 1) times.push(await elapsedMs(() => ask(i)));
    // The first round warms up what every server has warm.
    if (round > 0) rounds.push(percentile(times, 0.95));
  }
  return median(rounds);
}
