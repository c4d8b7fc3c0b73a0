/**
 * Where what one series gathered is cut into chunks. A chunk is found by its series, its generation
 * and its first stamp, and a device may send whatever it likes: a thousand contradictions for one
 * millisecond, or runs that last no time at all. So a cut never makes a chunk that cannot be encoded,
 * and never gives two chunks one name, or every later flush would meet the same one again.
 */
import { RUNS_PER_BLOCK_MAX } from '@ausculta/blocks/waveform-block';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { DAY_MS } from './rollup.ts';
import { endOf } from './waveform-head.ts';

/** About 16 KB at one byte a reading, half a byte a sample. */
export const CHUNK_READINGS_MAX = 16_384;
export const CHUNK_SAMPLES_MAX = 28_800;

/** However little there is of it, a chunk ends with the quarter. */
export const CHUNK_SPAN_MAX_MS = 90 * DAY_MS;

/** What came late does not share a chunk with what came just now: that would overlap all in between. */
const FLUSH_GAP_MAX_MS = DAY_MS;

/** Short runs that do not continue each other share a chunk, not one row each. */
const SHARED_SPAN_MS = 60_000;

export interface ReadingsCut {
  /** The chunk's name: its first stamp, or a little before it where that name is taken. */
  readonly firstMs: number;
  readonly from: number;
  readonly until: number;
}

/** Cuts readings in stamp order. */
export function cutReadings(stampsMs: Float64Array): ReadingsCut[] {
  const cuts: { firstMs: number; from: number; until: number }[] = [];
  for (let from = 0; from < stampsMs.length; ) {
    const until = endOfCut(stampsMs, from);
    cuts.push({ firstMs: stampsMs[from] as number, from, until });
    from = until;
  }
  nameApart(cuts);
  return cuts;
}

function endOfCut(stampsMs: Float64Array, from: number): number {
  const untilMax = Math.min(from + CHUNK_READINGS_MAX, stampsMs.length);
  const endMs = (stampsMs[from] as number) + CHUNK_SPAN_MAX_MS;
  for (let i = from + 1; i < untilMax; i += 1) {
    const stampMs = stampsMs[i] as number;
    if (stampMs > endMs || stampMs - (stampsMs[i - 1] as number) > FLUSH_GAP_MAX_MS) return i;
  }
  return untilMax;
}

export interface RunsCut {
  /** The chunk's name: no later than its first sample. */
  readonly firstMs: number;
  readonly runs: readonly WaveformRun[];
}

/** Cuts long runs, and gathers short ones that lie close together, by start. */
export function cutRuns(runs: readonly WaveformRun[], sharedSpanMs = SHARED_SPAN_MS): RunsCut[] {
  const parts = runs.flatMap(cutRun).sort((a, b) => a.startMs - b.startMs);
  const groups: WaveformRun[][] = [];
  let samples = 0;
  for (const part of parts) {
    const group = groups.at(-1);
    samples += part.samples.length;
    const isFull = samples > CHUNK_SAMPLES_MAX || group?.length === RUNS_PER_BLOCK_MAX;
    if (group === undefined || isFull || !isNear(part, { group, sharedSpanMs })) {
      groups.push([part]);
      samples = part.samples.length;
    } else {
      group.push(part);
    }
  }
  const cuts = groups.map((group) => {
    return { firstMs: Math.floor((group[0] as WaveformRun).startMs), runs: group };
  });
  nameApart(cuts);
  return cuts;
}

function isNear(
  part: WaveformRun,
  { group, sharedSpanMs }: { group: readonly WaveformRun[]; sharedSpanMs: number },
): boolean {
  return part.startMs - (group[0] as WaveformRun).startMs < sharedSpanMs;
}

/** Long runs become several parts; each starts at the exact time of its first sample. */
function cutRun(run: WaveformRun): WaveformRun[] {
  const parts: WaveformRun[] = [];
  for (let at = 0; at < run.samples.length; at += CHUNK_SAMPLES_MAX) {
    const startMs = endOf({ ...run, samples: run.samples.subarray(0, at) });
    parts.push({ ...run, startMs, samples: run.samples.subarray(at, at + CHUNK_SAMPLES_MAX) });
  }
  return parts;
}

/**
 * Names rise from chunk to chunk, for chunks of one generation are read in order of their names. A
 * search looks from `firstMs` on, so that an earlier one finds the chunk as well.
 */
export function nameApart(cuts: { firstMs: number }[]): void {
  for (let i = cuts.length - 2; i >= 0; i -= 1) {
    const [cut, next] = [cuts[i], cuts[i + 1]];
    if (cut !== undefined && next !== undefined)
      cut.firstMs = Math.min(cut.firstMs, next.firstMs - 1);
  }
}
