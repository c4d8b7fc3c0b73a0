/**
 * Downsampling for charts: every point while they fit, else bands of equal width with low, mean, high.
 * Readings come a window at a time, in time order; a lane never holds more than it will answer.
 */
import type { TrendLane } from '@ausculta/contract/readings';
import type { Series } from '../line/entry.ts';
import type { SeriesRange, Span } from './merge.ts';

interface Band {
  index: number;
  count: number;
  sum: number;
  low: number;
  high: number;
  flags: number;
}

interface Lane {
  readonly series: Series;
  /** Every reading, until there are too many. */
  points: { timesMs: number[]; values: number[]; flags: number[] } | undefined;
  readonly bands: Band[];
}

export class TrendLanes {
  readonly #span: Span;
  readonly #pointsMax: number;
  readonly #bandMs: number;
  readonly #lanes = new Map<number, Lane>();
  readings = 0;

  constructor(span: Span, pointsMax: number) {
    this.#span = span;
    this.#pointsMax = pointsMax;
    this.#bandMs = Math.max(1, (span.toMs - span.fromMs) / pointsMax);
  }

  add({ series, timesMs, values, flags }: SeriesRange): void {
    const lane = this.#laneOf(series);
    this.readings += timesMs.length;
    for (let i = 0; i < timesMs.length; i += 1) {
      const reading = [timesMs[i] as number, values[i] as number, flags[i] as number] as const;
      if (lane.points !== undefined && lane.points.timesMs.length < this.#pointsMax)
        addPoint(lane.points, ...reading);
      else this.#addToBands(lane, ...reading);
    }
  }

  #laneOf(series: Series): Lane {
    let lane = this.#lanes.get(series.id);
    if (lane === undefined) {
      lane = { series, points: { timesMs: [], values: [], flags: [] }, bands: [] };
      this.#lanes.set(series.id, lane);
    }
    return lane;
  }

  #addToBands(lane: Lane, timeMs: number, value: number, flags: number): void {
    const { points } = lane;
    if (points !== undefined) {
      lane.points = undefined;
      for (const [i, earlierMs] of points.timesMs.entries())
        this.#addToBands(lane, earlierMs, points.values[i] as number, points.flags[i] as number);
    }
    const index = Math.floor((timeMs - this.#span.fromMs) / this.#bandMs);
    const band = lane.bands.at(-1);
    if (band === undefined || band.index < index) {
      lane.bands.push({ index, count: 1, sum: value, low: value, high: value, flags });
      return;
    }
    band.count += 1;
    band.sum += value;
    if (value < band.low) band.low = value;
    if (value > band.high) band.high = value;
    band.flags |= flags;
  }

  lanes(): TrendLane[] {
    return [...this.#lanes.values()].map(({ series, points, bands }) => {
      const of = { metric: series.metric.key, device: series.deviceId };
      if (points !== undefined)
        return { ...of, form: 'points', bandMs: 0, ...points, lows: [], highs: [] };
      return {
        ...of,
        form: 'bands',
        bandMs: this.#bandMs,
        timesMs: bands.map(({ index }) => this.#span.fromMs + (index + 0.5) * this.#bandMs),
        values: bands.map(({ sum, count }) => sum / count),
        lows: bands.map(({ low }) => low),
        highs: bands.map(({ high }) => high),
        flags: bands.map(({ flags }) => flags),
      };
    });
  }
}

function addPoint(
  points: { timesMs: number[]; values: number[]; flags: number[] },
  timeMs: number,
  value: number,
  flags: number,
): void {
  points.timesMs.push(timeMs);
  points.values.push(value);
  points.flags.push(flags);
}
