import { type SampleRate, sampleOffsetMs, type WaveformRun } from '@ausculta/vitals/waveform';
import type { Channel, Recording } from './recording.ts';

/**
 * A recording played round and round. A position counts samples since the replay began and never goes
 * back: the sample index goes on across the seam, so that a loop is one unbroken run of stamps. The
 * cuts begin and end between two beats for this (record-cut.ts).
 */

/** How many samples a device has taken this long after its start. */
export function positionAt(rate: SampleRate, elapsedMs: number): number {
  return Math.floor((elapsedMs * rate.numerator) / (1000 * rate.denominator));
}

/** The samples [from, until) of every channel as runs; `startedMs` is the device's stamp of position 0. */
export function runsBetween(
  recording: Recording,
  span: { readonly from: number; readonly until: number; readonly startedMs: number },
): WaveformRun[] {
  if (span.until <= span.from) return [];
  const startMs = Math.round(span.startedMs + sampleOffsetMs(recording.rate, span.from));
  return recording.channels.map((channel) => ({
    metric: channel.metric,
    startMs,
    rate: recording.rate,
    samples: roundSamples(channel, span),
    gain: channel.gain,
    zero: channel.zero,
    flags: 0,
  }));
}

function roundSamples(
  { samples }: Channel,
  { from, until }: { readonly from: number; readonly until: number },
): Int32Array {
  const out = new Int32Array(until - from);
  for (let done = 0; done < out.length; ) {
    const at = (from + done) % samples.length;
    const piece = samples.subarray(at, at + out.length - done);
    out.set(piece, done);
    done += piece.length;
  }
  return out;
}

/**
 * Cycles (beats, breaths) a minute: the mean of all intervals that end within the last `windowS`
 * seconds. The interval across the seam of the loop was never anybody's and is left out. Undefined
 * when no interval ends there: a gap, never a guess.
 */
export function meanRate(
  recording: Pick<Recording, 'rate' | 'length'>,
  cycles: readonly number[],
  at: { readonly position: number; readonly windowS: number },
): number | undefined {
  const rateHz = recording.rate.numerator / recording.rate.denominator;
  let count = 0;
  let samples = 0;
  for (let index = 1; index < cycles.length; index += 1) {
    const end = cycles[index] ?? 0;
    const age = ageOf(end, at.position, recording.length);
    if (age === undefined || age >= at.windowS * rateHz) continue;
    count += 1;
    samples += end - (cycles[index - 1] ?? 0);
  }
  return count === 0 ? undefined : (60 * rateHz * count) / samples;
}

/** Samples since the loop last passed `sample`; undefined when it has not yet. */
function ageOf(sample: number, position: number, length: number): number | undefined {
  if (position < sample) return undefined;
  return (position - sample) % length;
}
