/** Chunks and head of one series as one: in time order, one reading for each stamp. */
import type { ReadingColumns } from '@ausculta/blocks/readings-block';
import type { Series } from '../line/entry.ts';

/** Half-open, corrected milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** All times that a date can name (ECMA-262, 21.4.1.1). */
export const ALL_TIME: Span = { fromMs: -8.64e15, toMs: 8.64e15 };

/** Readings of one series in time order, one for each stamp: the last received is read. */
export interface SeriesRange {
  readonly series: Series;
  readonly stampsMs: number[];
  readonly timesMs: number[];
  readonly values: number[];
  readonly flags: number[];
}

interface Part {
  readonly series: Series;
  /** Each in stamp order; what was received later stands in a later one. */
  readonly stretches: readonly ReadingColumns[];
  readonly span: Span;
  /** The stamps that times of the span can have. */
  readonly stamps: Span;
  readonly offsetAt: (stampMs: number) => number;
}

export function mergeReadings({ series, stretches, span, stamps, offsetAt }: Part): SeriesRange {
  const merged: SeriesRange = { series, stampsMs: [], timesMs: [], values: [], flags: [] };
  const latestOf = new Map<number, number>();
  let isSorted = true;
  for (const { stampsMs, values, flags } of stretches) {
    for (let i = firstFrom(stampsMs, stamps.fromMs); i < stampsMs.length; i += 1) {
      const stampMs = stampsMs[i] as number;
      if (stampMs >= stamps.toMs) break;
      const timeMs = stampMs + offsetAt(stampMs);
      if (timeMs < span.fromMs || timeMs >= span.toMs) continue;
      const known = latestOf.get(stampMs);
      if (known !== undefined) {
        merged.values[known] = values[i] as number;
        merged.flags[known] = flags[i] as number;
        continue;
      }
      const at = merged.stampsMs.length;
      if (at > 0 && timeMs < (merged.timesMs[at - 1] as number)) isSorted = false;
      latestOf.set(stampMs, at);
      merged.stampsMs.push(stampMs);
      merged.timesMs.push(timeMs);
      merged.values.push(values[i] as number);
      merged.flags.push(flags[i] as number);
    }
  }
  return isSorted ? merged : sortedByTime(merged);
}

/** Index of the first stamp at or after `fromMs`. */
function firstFrom(stampsMs: ReadingColumns['stampsMs'], fromMs: number): number {
  let low = 0;
  let high = stampsMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((stampsMs[middle] as number) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sortedByTime(found: SeriesRange): SeriesRange {
  const order = found.timesMs.map((_, i) => i);
  order.sort((a, b) => (found.timesMs[a] as number) - (found.timesMs[b] as number));
  const pick = (column: readonly number[]): number[] => order.map((i) => column[i] as number);
  return {
    series: found.series,
    stampsMs: pick(found.stampsMs),
    timesMs: pick(found.timesMs),
    values: pick(found.values),
    flags: pick(found.flags),
  };
}
