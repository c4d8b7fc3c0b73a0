/** Readings of several series as one list, by corrected time. */
import type { SeriesRange } from './merge.ts';

export interface OrderedReading {
  readonly range: SeriesRange;
  readonly index: number;
}

/** Each range is in time order already; of one time, the range that stands first comes first. */
export function* inTimeOrder(
  ranges: readonly SeriesRange[],
  newestFirst: boolean,
): Generator<OrderedReading> {
  const step = newestFirst ? -1 : 1;
  const at = ranges.map(({ timesMs }) => (newestFirst ? timesMs.length - 1 : 0));
  for (;;) {
    let next = -1;
    let bestMs = Number.NaN;
    for (let r = 0; r < ranges.length; r += 1) {
      const timeMs = ranges[r]?.timesMs[at[r] as number];
      if (timeMs === undefined) continue;
      if (next >= 0 && (newestFirst ? timeMs <= bestMs : timeMs >= bestMs)) continue;
      next = r;
      bestMs = timeMs;
    }
    const range = ranges[next];
    if (range === undefined) return;
    const index = at[next] as number;
    yield { range, index };
    at[next] = index + step;
  }
}
