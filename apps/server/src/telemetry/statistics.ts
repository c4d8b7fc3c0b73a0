/**
 * Statistics of one series of numbers, gathered in pieces. What devices measure takes few different
 * values, so they are counted, value by value: every figure is then exact, in any order, in one
 * reading of the data, and the variance is taken from the mean and not from a difference of large sums.
 */
import { FLAG, hasFlag } from '@ausculta/vitals/reading';

/** A share of the readings that lies at or below: Hyndman and Fan 1996, definition 7, as NumPy and R have it. */
export type Percentiles = readonly { readonly percent: number; readonly value: number }[];

export interface Statistics {
  /** Readings that the figures are of. One-sided ones stand at their bound. */
  readonly count: number;
  readonly above: number;
  readonly below: number;
  /** Left out: outside of what is plausible. */
  readonly implausible: number;
  readonly mean: number;
  /** Of a sample: over count - 1. Null for a single reading. */
  readonly sd: number | null;
  /** 100 sd / mean; null where that means nothing (a mean of zero or less). */
  readonly cvPercent: number | null;
  readonly min: number;
  readonly max: number;
  readonly percentiles: Percentiles;
}

export const PERCENTS = [5, 10, 25, 50, 75, 90, 95] as const;

export class ValueCounts {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #above = 0;
  #below = 0;
  #implausible = 0;

  /** Different values so far: what it costs in memory. */
  get size(): number {
    return this.#counts.size;
  }

  add(value: number, flags: number): void {
    if (hasFlag(flags, FLAG.IMPLAUSIBLE)) {
      this.#implausible += 1;
      return;
    }
    if (hasFlag(flags, FLAG.ABOVE)) this.#above += 1;
    if (hasFlag(flags, FLAG.BELOW)) this.#below += 1;
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    this.#count += 1;
  }

  /** Undefined when there is nothing that a figure could be of. */
  statistics(percents: readonly number[] = PERCENTS): Statistics | undefined {
    const sorted = [...this.#counts].sort((a, b) => a[0] - b[0]);
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const count = this.#count;
    const mean = meanOf(sorted, count);
    const sd = count < 2 ? null : Math.sqrt(squaresAround(sorted, mean) / (count - 1));
    return {
      count,
      above: this.#above,
      below: this.#below,
      implausible: this.#implausible,
      mean,
      sd,
      cvPercent: sd === null || mean <= 0 ? null : (100 * sd) / mean,
      min: first[0],
      max: last[0],
      percentiles: percentilesOf(sorted, count, percents),
    };
  }

  get implausible(): number {
    return this.#implausible;
  }
}

type Counted = readonly (readonly [value: number, count: number])[];

/** Around the first value: what is added up stays small. */
function meanOf(sorted: Counted, count: number): number {
  const origin = sorted[0]?.[0] ?? 0;
  let sum = 0;
  for (const [value, times] of sorted) sum += (value - origin) * times;
  return origin + sum / count;
}

function squaresAround(sorted: Counted, mean: number): number {
  let sum = 0;
  for (const [value, times] of sorted) sum += (value - mean) ** 2 * times;
  return sum;
}

/** Of percents in ascending order. */
function percentilesOf(sorted: Counted, count: number, percents: readonly number[]): Percentiles {
  let index = 0;
  let until = sorted[0]?.[1] ?? 0;
  const valueAt = (rank: number): number => {
    while (rank >= until) {
      index += 1;
      until += sorted[index]?.[1] ?? Number.POSITIVE_INFINITY;
    }
    return sorted[index]?.[0] ?? Number.NaN;
  };
  return percents.map((percent) => {
    const rank = (percent / 100) * (count - 1);
    const low = valueAt(Math.floor(rank));
    const next = nextValue(sorted, { index, until }, Math.ceil(rank));
    return { percent, value: low + (next - low) * (rank - Math.floor(rank)) };
  });
}

/** The value of a rank that is this one's or the next. */
function nextValue(sorted: Counted, at: { index: number; until: number }, rank: number): number {
  return sorted[rank < at.until ? at.index : at.index + 1]?.[0] ?? Number.NaN;
}
