/**
 * Finds the cycles of a signal that nobody annotated: the beats and breaths of the BIDMC recording. It is
 * a plain threshold finder, right for one clean recording and checked against it; it is no detector
 * for patients, and the files made with it say so.
 */
export interface CycleSearch {
  /** Samples closer than this to the last cycle are not looked at. */
  readonly refractorySamples: number;
  /** A cycle begins above this share of the local range and ends below `fallsTo`. */
  readonly risesTo: number;
  readonly fallsTo: number;
  /** Samples either side over which the local range is taken. */
  readonly rangeSamples: number;
}

/** Sample index of the highest point of every cycle. */
export function findCycles(signal: Float64Array, search: CycleSearch): number[] {
  const peaks: number[] = [];
  let best = -1;
  for (let index = 0; index < signal.length; index += 1) {
    const { low, high } = localRange(signal, index, search.rangeSamples);
    const level = ((signal[index] ?? 0) - low) / (high - low || 1);
    if (best < 0) {
      const sinceLast = index - (peaks.at(-1) ?? -search.refractorySamples);
      if (level > search.risesTo && sinceLast >= search.refractorySamples) best = index;
    } else if ((signal[index] ?? 0) > (signal[best] ?? 0)) {
      best = index;
    } else if (level < search.fallsTo) {
      peaks.push(best);
      best = -1;
    }
  }
  return peaks;
}

function localRange(
  signal: Float64Array,
  at: number,
  reach: number,
): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const until = Math.min(signal.length, at + reach);
  for (let index = Math.max(0, at - reach); index < until; index += 1) {
    const value = signal[index] ?? 0;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** Mean over `width` samples either side: takes out what is faster than a breath. */
export function smooth(signal: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(signal.length + 1);
  signal.forEach((value, index) => {
    sums[index + 1] = (sums[index] ?? 0) + value;
  });
  return signal.map((_, index) => {
    const from = Math.max(0, index - width);
    const until = Math.min(signal.length, index + width + 1);
    return ((sums[until] ?? 0) - (sums[from] ?? 0)) / (until - from);
  });
}
