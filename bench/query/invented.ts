// Readings of nobody: a heart that beats faster by day, with noise that repeats for the same seed.
import type { ReadingColumns } from '@ausculta/blocks/readings-block';

const DAY_MS = 86_400_000;

export interface Invented {
  readonly fromMs: number;
  readonly count: number;
  readonly everyMs: number;
  readonly seed: number;
}

export function inventedHeartRate({ fromMs, count, everyMs, seed }: Invented): ReadingColumns {
  const stampsMs = new Float64Array(count);
  const values = new Float64Array(count);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  let drift = 0;
  for (let i = 0; i < count; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const noise = state / 2 ** 32 - 0.5;
    drift = drift * 0.98 + noise * 2;
    const atMs = fromMs + i * everyMs;
    stampsMs[i] = atMs;
    values[i] = Math.round(75 - 12 * Math.cos((2 * Math.PI * atMs) / DAY_MS) + drift);
  }
  return { stampsMs, values, flags: new Uint8Array(count) };
}
