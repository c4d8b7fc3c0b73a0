/**
 * One lane of a chart: every point while they fit, else bands of equal width that keep the extremes.
 * What a band says in the middle is the mean; of measurements that each stand for themselves (glucose,
 * weight, a cuff) it is the one that tells most of the line's shape. A lane never holds more than a few
 * times what it will answer.
 */
import type { TrendLane } from '@ausculta/contract/readings';
import type { Series } from '../line/entry.ts';
import type { Span } from './merge.ts';
import type { Amount } from './rollup.ts';

/** Up to so many single measurements a band, one of them is shown; beyond it their mean. */
const SPARSE_PER_BAND_MAX = 4;

interface Band {
  readonly index: number;
  count: number;
  sum: number;
  low: number;
  high: number;
  flags: number;
}

/** Where bands begin, in corrected time. */
export interface Grid {
  readonly originMs: number;
  readonly bandMs: number;
}

interface Points {
  readonly timesMs: number[];
  readonly values: number[];
  readonly flags: number[];
}

export function plainGrid({ fromMs, toMs }: Span, pointsMax: number): Grid {
  return { originMs: fromMs, bandMs: Math.max(1, (toMs - fromMs) / pointsMax) };
}

export class Lane {
  readonly #series: Series;
  readonly #grid: Grid;
  readonly #pointsMax: number;
  readonly #keptMax: number;
  /** Every reading, until there are too many. */
  #points: Points | undefined = { timesMs: [], values: [], flags: [] };
  readonly #bands = new Map<number, Band>();

  constructor(series: Series, grid: Grid, pointsMax: number) {
    this.#series = series;
    this.#grid = grid;
    this.#pointsMax = pointsMax;
    const isSparse = series.metric.cadence.kind === 'episodic';
    this.#keptMax = isSparse ? pointsMax * SPARSE_PER_BAND_MAX : pointsMax;
  }

  add(timeMs: number, value: number, flags: number): void {
    const points = this.#points;
    if (points !== undefined && points.timesMs.length < this.#keptMax) {
      points.timesMs.push(timeMs);
      points.values.push(value);
      points.flags.push(flags);
    } else {
      this.addAmount(timeMs, { count: 1, sum: value, low: value, high: value, flags });
    }
  }

  /** All of an amount is taken to be where it begins. */
  addAmount(timeMs: number, amount: Amount): void {
    this.#leavePoints();
    const index = this.bandOf(timeMs);
    const band = this.#bands.get(index);
    if (band === undefined) {
      this.#bands.set(index, { index, ...amount });
      return;
    }
    band.count += amount.count;
    band.sum += amount.sum;
    if (amount.low < band.low) band.low = amount.low;
    if (amount.high > band.high) band.high = amount.high;
    band.flags |= amount.flags;
  }

  /** Which band a time lies in. */
  bandOf(timeMs: number): number {
    return Math.floor((timeMs - this.#grid.originMs) / this.#grid.bandMs);
  }

  #leavePoints(): void {
    const points = this.#points;
    if (points === undefined) return;
    this.#points = undefined;
    for (const [i, timeMs] of points.timesMs.entries())
      this.add(timeMs, points.values[i] as number, points.flags[i] as number);
  }

  /** Undefined when there is nothing to draw. */
  answer(): TrendLane | undefined {
    const points = this.#points;
    if (points?.timesMs.length === 0) return undefined;
    const of = { metric: this.#series.metric.key, device: this.#series.deviceId };
    if (points !== undefined && points.timesMs.length <= this.#pointsMax)
      return { ...of, form: 'points', bandMs: 0, ...points, lows: [], highs: [] };
    const telling = points && tellingValues(points, (timeMs) => this.bandOf(timeMs));
    this.#leavePoints();
    const bands = [...this.#bands.values()].sort((a, b) => a.index - b.index);
    const { originMs, bandMs } = this.#grid;
    return {
      ...of,
      form: 'bands',
      bandMs,
      timesMs: bands.map(({ index }) => originMs + index * bandMs),
      values: bands.map(({ index, sum, count }) => telling?.get(index) ?? sum / count),
      lows: bands.map(({ low }) => low),
      highs: bands.map(({ high }) => high),
      flags: bands.map(({ flags }) => flags),
    };
  }
}

/**
 * Largest triangle three buckets (Steinarsson 2013): of each band the point that makes the largest
 * triangle with the one chosen before and the mean of the band behind. The first and the last stay.
 */
function tellingValues(
  { timesMs, values }: Points,
  bandOf: (timeMs: number) => number,
): Map<number, number> {
  const bands = [...Map.groupBy(timesMs.keys(), (i) => bandOf(timesMs[i] as number))];
  const chosen = new Map<number, number>();
  let before = 0;
  for (const [at, [index, members]] of bands.entries()) {
    const next = bands[at + 1]?.[1] ?? [timesMs.length - 1];
    const meanMs = mean(next.map((i) => timesMs[i] as number));
    const meanValue = mean(next.map((i) => values[i] as number));
    const areaOf = (i: number): number => {
      const [aMs, a] = [timesMs[before] as number, values[before] as number];
      const [bMs, b] = [timesMs[i] as number, values[i] as number];
      return Math.abs((aMs - meanMs) * (b - a) - (aMs - bMs) * (meanValue - a));
    };
    const isEnd = at === 0 || at === bands.length - 1;
    const end = at === 0 ? (members[0] as number) : (members.at(-1) as number);
    before = isEnd ? end : members.reduce((best, i) => (areaOf(i) > areaOf(best) ? i : best));
    chosen.set(index, values[before] as number);
  }
  return chosen;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
