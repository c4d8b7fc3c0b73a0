import { metricByKey } from '@ausculta/vitals/lookup';
import { isAhead } from './freshness.ts';
import { durationText } from './number-text.ts';

/** Continuous monitoring that brings nothing for this long is lost (safety S4). */
export const LOST_AFTER_MS = 15_000;

/** The screen itself is cut off: nothing is known of anybody. */
export const NOT_LIVE_TEXT = 'Not live, values are old';

interface Received {
  readonly readings: Iterable<{ readonly metric: string; readonly timeMs: number }>;
  readonly waveforms: Iterable<{ readonly endMs: number | undefined }>;
  readonly nowMs: number;
}

/**
 * The newest moment that is known of a patient who is monitored continuously; undefined when there
 * was never such a signal. A cuff that measured does not mean that somebody is watched, nor does what
 * is ahead of now: the clock has been set back since.
 */
export function lastSignalMs({ readings, waveforms, nowMs }: Received): number | undefined {
  let newestMs = Number.NEGATIVE_INFINITY;
  const note = (atMs: number): void => {
    if (!isAhead(nowMs - atMs)) newestMs = Math.max(newestMs, atMs);
  };
  for (const { metric, timeMs } of readings) {
    if (metricByKey(metric)?.cadence.kind === 'continuous') note(timeMs);
  }
  for (const { endMs } of waveforms) if (endMs !== undefined) note(endMs);
  return newestMs === Number.NEGATIVE_INFINITY ? undefined : newestMs;
}

/** "No data for 12 min, not monitored"; undefined while the signals come. */
export function lostText(signal: {
  readonly lastMs: number | undefined;
  readonly nowMs: number;
}): string | undefined {
  if (signal.lastMs === undefined) return 'No data yet, not monitored';
  const ageMs = signal.nowMs - signal.lastMs;
  return ageMs > LOST_AFTER_MS ? `No data for ${durationText(ageMs)}, not monitored` : undefined;
}
