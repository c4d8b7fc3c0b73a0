/** Readings and runs cut at stamps: what lies inside of some spans, and what lies outside. */
import type { ReadingColumns } from '@ausculta/blocks/readings-block';
import { sampleIndexFrom, type WaveformRun } from '@ausculta/vitals/waveform';
import type { StampSpan } from '../devices/stamp-offsets.ts';
import { endOf } from './waveform-head.ts';

export interface Pieces<T> {
  readonly inside: T[];
  readonly outside: T[];
}

/** Of columns in stamp order. Every reading is in one piece, and every piece lies in one place. */
export function cutColumns(
  columns: ReadingColumns,
  spans: readonly StampSpan[],
): Pieces<ReadingColumns> {
  const { stampsMs } = columns;
  return cut(spans, stampsMs.length, {
    indexFrom: (stampMs) => firstFrom(stampsMs, stampMs),
    slice: (from, until) => ({
      stampsMs: stampsMs.subarray(from, until),
      values: columns.values.subarray(from, until),
      flags: columns.flags.subarray(from, until),
    }),
  });
}

/** Of one run: cut between two samples, each piece beginning at the time of its first. */
export function cutRunAt(run: WaveformRun, spans: readonly StampSpan[]): Pieces<WaveformRun> {
  const { samples, rate, startMs } = run;
  return cut(spans, samples.length, {
    indexFrom: (stampMs) => Math.min(samples.length, sampleIndexFrom(rate, stampMs - startMs)),
    slice: (from, until) => ({
      ...run,
      startMs: endOf({ ...run, samples: samples.subarray(0, from) }),
      samples: samples.subarray(from, until),
    }),
  });
}

/** What somebody may be shown while the rest is another's, on its way there. */
export function visibleColumns<T extends ReadingColumns>(
  columns: T,
  hidden: readonly StampSpan[],
): readonly (T | ReadingColumns)[] {
  return hidden.length === 0 ? [columns] : cutColumns(columns, hidden).outside;
}

export function visibleRuns(
  runs: readonly WaveformRun[],
  hidden: readonly StampSpan[],
): readonly WaveformRun[] {
  return hidden.length === 0 ? runs : runs.flatMap((run) => cutRunAt(run, hidden).outside);
}

function cut<T>(
  spans: readonly StampSpan[],
  length: number,
  by: {
    readonly indexFrom: (stampMs: number) => number;
    readonly slice: (from: number, until: number) => T;
  },
): Pieces<T> {
  const pieces: Pieces<T> = { inside: [], outside: [] };
  const add = (to: T[], from: number, until: number): void => {
    if (from < until) to.push(by.slice(from, until));
  };
  let at = 0;
  for (const { fromMs, untilMs } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const from = Math.max(at, by.indexFrom(fromMs));
    const until = Math.max(from, by.indexFrom(untilMs));
    add(pieces.outside, at, from);
    add(pieces.inside, from, until);
    at = until;
  }
  add(pieces.outside, at, length);
  return pieces;
}

/** Index of the first stamp at or after `fromMs`. */
function firstFrom(stampsMs: Float64Array, fromMs: number): number {
  let low = 0;
  let high = stampsMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((stampsMs[middle] as number) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
