// Shared by Node and the page: it imports nothing.

/** Long enough for the compiler to have warmed up, short enough to wait for. */
const SLICE_MS = 20;
const SLICES = 40;

/**
 * Calls a second of `work`, which goes through everything once a call: the best of several slices,
 * because on a shared machine the others only ever make it slower.
 */
export function bestRate(work: () => void): number {
  let best = 0;
  for (let slice = 0; slice < SLICES; slice++) {
    const startMs = performance.now();
    let calls = 0;
    let elapsedMs = 0;
    while (elapsedMs < SLICE_MS) {
      work();
      calls += 1;
      elapsedMs = performance.now() - startMs;
    }
    best = Math.max(best, (calls * 1000) / elapsedMs);
  }
  return best;
}
