/** When a patient who is monitored without a pause was last heard of. A cuff that measured watches over nobody. */
import type { SubjectHeads } from './heads.ts';

/** Continuous monitoring that brings nothing for this long is lost (safety S4). */
const LOST_AFTER_MS = 15_000;

export type Signal = 'never' | 'lost' | 'present';

export function signalOf({ readings, waveforms }: SubjectHeads, nowMs: number): Signal {
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const { series, last } of readings)
    if (last !== undefined && series.metric.cadence.kind === 'continuous')
      newestMs = Math.max(newestMs, last.timeMs);
  for (const { recent } of waveforms) {
    const run = recent.at(-1);
    if (run !== undefined) newestMs = Math.max(newestMs, run.run.startMs + run.offsetMs);
  }
  if (newestMs === Number.NEGATIVE_INFINITY) return 'never';
  return nowMs - newestMs > LOST_AFTER_MS ? 'lost' : 'present';
}
