/**
 * Where a flush cuts what one series gathered into chunks. A chunk is found by its series, its
 * generation and its first stamp, and a device may send whatever it likes: a thousand contradictions
 * for one millisecond, or runs that last no time at all. So a cut never makes a chunk that cannot be
 * encoded, and never gives two chunks one name, or every later flush would meet the same one again.
 */
import { RUNS_PER_BLOCK_MAX } from '@ausculta/blocks/waveform-block';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { endOf } from './waveform-head.ts';

/** About 16 KB at one byte a reading, half a byte a sample. */
export const CHUNK_READINGS_MAX = 16_384;
export const CHUNK_SAMPLES_MAX = 28_800;

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
  const taken = new Set<number>();
  const cuts: ReadingsCut[] = [];
  for (let from = 0; from < stampsMs.length; from += CHUNK_READINGS_MAX) {
    const until = Math.min(from + CHUNK_READINGS_MAX, stampsMs.length);
    cuts.push({ firstMs: freeName(stampsMs[from] as number, taken), from, until });
  }
  return cuts;
}

export interface RunsCut {
  /** The chunk's name: no later than its first sample. */
  readonly firstMs: number;
  readonly runs: readonly WaveformRun[];
}

/** Cuts long runs, and gathers short ones that lie close together, by start. */
export function cutRuns(runs: readonly WaveformRun[]): RunsCut[] {
  const parts = runs.flatMap(cutRun).sort((a, b) => a.startMs - b.startMs);
  const groups: WaveformRun[][] = [];
  let samples = 0;
  for (const part of parts) {
    const group = groups.at(-1);
    samples += part.samples.length;
    if (group === undefined || samples > CHUNK_SAMPLES_MAX || !hasRoomFor(part, group)) {
      groups.push([part]);
      samples = part.samples.length;
    } else {
      group.push(part);
    }
  }
  const taken = new Set<number>();
  return groups.map((group) => {
    const firstMs = Math.floor((group[0] as WaveformRun).startMs);
    return { firstMs: freeName(firstMs, taken), runs: group };
  });
}

function hasRoomFor(part: WaveformRun, group: readonly WaveformRun[]): boolean {
  const first = group[0] as WaveformRun;
  return group.length < RUNS_PER_BLOCK_MAX && part.startMs - first.startMs < SHARED_SPAN_MS;
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

/** A search looks from `firstMs` on, so that an earlier one finds the chunk as well. */
function freeName(wantedMs: number, taken: Set<number>): number {
  let firstMs = wantedMs;
  while (taken.has(firstMs)) firstMs -= 1;
  taken.add(firstMs);
  return firstMs;
}
