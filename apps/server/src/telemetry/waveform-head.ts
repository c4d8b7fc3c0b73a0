/**
 * The recent part of one waveform series. Runs that continue each other are joined by sample index:
 * from the first sample on the index is the truth, whatever jitter the stamps have.
 */
import { FLAG } from '@ausculta/vitals/reading';
import {
  continuesRun,
  type SampleRate,
  sampleOffsetMs,
  type WaveformRun,
} from '@ausculta/vitals/waveform';
import type { Series } from '../line/entry.ts';

/** What a snapshot for a new viewer needs (a full sweep), and what a resent message must meet. */
const RECENT_MS = 20_000;

/** Twenty seconds in frames of a fortieth of a second; whoever cuts finer, or stands still, is known for less. */
const RECENT_RUNS_MAX = 800;

/** A run that is sent again meets its copy among so many that overlap it. */
const NEAR_RUNS_MAX = 32;

/** Part of a waveform as it came, placed: `startMs` is still the device's stamp, never rounded. */
export interface Segment {
  readonly run: WaveformRun;
  readonly offsetMs: number;
  /** Number of the change that brought it: live sockets take what is newer than theirs. */
  readonly changed: number;
}

export class WaveformHead {
  readonly series: Series;
  #fresh: WaveformRun[] = [];
  #flushing: WaveformRun[] | undefined;
  /** The last RECENT_MS, flushed or not. */
  recent: Segment[] = [];
  changed = 0;

  constructor(series: Series) {
    this.series = series;
  }

  /** Adds a run; the part that was received before is left out. False when nothing of it is new. */
  insert(run: WaveformRun, part: { offsetMs: number; changed: number }): boolean {
    const placed = this.#afterOverlap(run);
    if (placed === undefined) return false;
    this.#fresh.push(placed);
    this.recent.push({ run: placed, ...part });
    this.changed = part.changed;
    this.#forget(endOf(placed));
    return true;
  }

  /**
   * Where the run stands against what is known: continuing (its start is snapped to the predicted
   * sample), after a gap, sent again (equal samples are dropped), or contradicting (kept, flagged).
   */
  #afterOverlap(run: WaveformRun): WaveformRun | undefined {
    const last = this.recent.at(-1)?.run;
    if (last === undefined || !isSameScale(last, run)) return run;
    const predictedMs = endOf(last);
    if (continuesRun({ rate: run.rate, predictedMs, startMs: run.startMs })) {
      return { ...run, startMs: predictedMs };
    }
    if (run.startMs > predictedMs) return run;
    for (const { run: known } of this.recent) {
      const known0 = sampleIndex(known.rate, run.startMs - known.startMs);
      if (known0 < 0 || known0 >= known.samples.length) continue;
      if (!agrees(known.samples.subarray(known0), run.samples)) {
        return { ...run, flags: run.flags | FLAG.CONFLICT };
      }
      const repeated = known.samples.length - known0;
      if (repeated >= run.samples.length) return undefined;
      const rest = run.samples.subarray(repeated);
      return this.#afterOverlap({ ...run, startMs: endOf(known), samples: rest });
    }
    return run;
  }

  #forget(newestMs: number): void {
    let from = Math.max(0, this.recent.length - RECENT_RUNS_MAX);
    while (from < this.recent.length) {
      const segment = this.recent[from] as Segment;
      if (endOf(segment.run) >= newestMs - RECENT_MS) break;
      from += 1;
    }
    if (from > 0) this.recent = this.recent.slice(from);
  }

  /** No viewer is shown what came so far. */
  conceal(): void {
    this.recent = [];
  }

  beginFlush(): readonly WaveformRun[] | undefined {
    if (this.#flushing !== undefined) return this.#flushing;
    if (this.#fresh.length === 0) return undefined;
    this.#flushing = joinRuns(this.#fresh);
    this.#fresh = [];
    return this.#flushing;
  }

  endFlush(): void {
    this.#flushing = undefined;
  }

  /** What no chunk holds for certain, oldest first; a chunk may hold the beginning already. */
  unflushed(): readonly WaveformRun[] {
    return [...(this.#flushing ?? []), ...joinRuns(this.#fresh)];
  }
}

/** The device's time of the sample that would follow. Fractions of a millisecond are kept. */
export function endOf(run: WaveformRun): number {
  return run.startMs + sampleOffsetMs(run.rate, run.samples.length);
}

function sampleIndex(rate: SampleRate, offsetMs: number): number {
  return Math.round((offsetMs * rate.numerator) / (1000 * rate.denominator));
}

function agrees(known: Int32Array, samples: Int32Array): boolean {
  const shared = Math.min(known.length, samples.length);
  for (let i = 0; i < shared; i += 1) if (known[i] !== samples[i]) return false;
  return true;
}

function isSameScale(a: WaveformRun, b: WaveformRun): boolean {
  return (
    a.gain === b.gain &&
    a.zero === b.zero &&
    a.flags === b.flags &&
    a.rate.numerator === b.rate.numerator &&
    a.rate.denominator === b.rate.denominator
  );
}

/**
 * Runs in order of start, without what an earlier one already says: a run that was sent again across
 * a restart, or is in a chunk and in the head at once. Overlaps that disagree are both kept.
 */
export function withoutRepeats(runs: readonly WaveformRun[]): WaveformRun[] {
  const kept: WaveformRun[] = [];
  // Those that reach into what comes next: few, unless a device contradicts itself for sport.
  let near: WaveformRun[] = [];
  for (const run of [...runs].sort((a, b) => a.startMs - b.startMs)) {
    near = near.filter((known) => endOf(known) > run.startMs).slice(-NEAR_RUNS_MAX);
    const rest = near.reduce<WaveformRun | undefined>(afterRepeat, run);
    if (rest === undefined) continue;
    kept.push(rest);
    near.push(rest);
  }
  return kept;
}

/** What of a run stands after the end of a known one that begins no later; all of it if they differ. */
function afterRepeat(run: WaveformRun | undefined, known: WaveformRun): WaveformRun | undefined {
  if (run === undefined || !isSameScale(known, run)) return run;
  const index = sampleIndex(known.rate, run.startMs - known.startMs);
  const shared = known.samples.length - index;
  if (index < 0 || shared <= 0 || !agrees(known.samples.subarray(index), run.samples)) return run;
  if (shared >= run.samples.length) return undefined;
  return { ...run, startMs: endOf(known), samples: run.samples.subarray(shared) };
}

/** Joins runs that continue each other into one. */
export function joinRuns(runs: readonly WaveformRun[]): WaveformRun[] {
  const joined: WaveformRun[] = [];
  let group: WaveformRun[] = [];
  const close = (): void => {
    const first = group[0];
    if (first !== undefined) joined.push({ ...first, samples: concatenate(group) });
    group = [];
  };
  for (const run of runs) {
    const last = group.at(-1);
    const continues =
      last !== undefined &&
      isSameScale(last, run) &&
      continuesRun({ rate: run.rate, predictedMs: endOf(last), startMs: run.startMs });
    if (!continues) close();
    group.push(run);
  }
  close();
  return joined;
}

function concatenate(runs: readonly WaveformRun[]): Int32Array {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return only.samples;
  let length = 0;
  for (const run of runs) length += run.samples.length;
  const samples = new Int32Array(length);
  let at = 0;
  for (const run of runs) {
    samples.set(run.samples, at);
    at += run.samples.length;
  }
  return samples;
}
