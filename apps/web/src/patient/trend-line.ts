import type { TrendLane } from '@ausculta/contract/readings';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { gapMs } from '../vitals/freshness.ts';

export interface TrendPoint {
  readonly timeMs: number;
  readonly value: number;
  readonly flags: number;
}

/** One lane as a chart draws it; NaN-free, with null where the line must break. */
export interface TrendLine {
  readonly metric: Metric;
  readonly device: string;
  readonly timesMs: number[];
  readonly mids: (number | null)[];
  readonly lows: (number | null)[];
  readonly highs: (number | null)[];
  readonly flags: number[];
}

/** Of the lanes of one vital the best-ranked that holds anything; the fuller one of equals. */
export function bestLane(lanes: readonly TrendLane[], vital: string): TrendLane | undefined {
  let best: { lane: TrendLane; rank: number } | undefined;
  for (const lane of lanes) {
    const metric = metricByKey(lane.metric);
    if (metric?.vital !== vital || lane.timesMs.length === 0) continue;
    const isBetter =
      best === undefined ||
      metric.sourceRank < best.rank ||
      (metric.sourceRank === best.rank && lane.timesMs.length > best.lane.timesMs.length);
    if (isBetter) best = { lane, rank: metric.sourceRank };
  }
  return best?.lane;
}

/**
 * A lane with what the live socket has brought since, broken where nothing was measured. Bands stand
 * at their middle, so that points and bands of the same data lie on one line.
 */
export function trendLine(lane: TrendLane, recent: readonly TrendPoint[]): TrendLine | undefined {
  const metric = metricByKey(lane.metric);
  if (metric === undefined) return undefined;
  const line: TrendLine = {
    metric,
    device: lane.device,
    timesMs: [],
    mids: [],
    lows: [],
    highs: [],
    flags: [],
  };
  const half = lane.form === 'bands' ? lane.bandMs / 2 : 0;
  const breakMs = Math.max(gapMs(metric), lane.form === 'bands' ? lane.bandMs * 1.5 : 0);
  for (const [index, timeMs] of lane.timesMs.entries()) {
    add(line, breakMs, {
      timeMs: timeMs + half,
      mid: lane.values[index] as number,
      // A point is its own lowest and highest: the server sends those of bands only.
      low: lane.lows[index] ?? (lane.values[index] as number),
      high: lane.highs[index] ?? (lane.values[index] as number),
      flags: lane.flags[index] ?? 0,
    });
  }
  const untilMs = (lane.timesMs.at(-1) ?? Number.NEGATIVE_INFINITY) + lane.bandMs;
  for (const point of recent) {
    if (point.timeMs <= untilMs) continue;
    const { value, timeMs, flags } = point;
    add(line, breakMs, { timeMs, mid: value, low: value, high: value, flags });
  }
  return line;
}

function add(
  line: TrendLine,
  breakMs: number,
  point: { timeMs: number; mid: number; low: number; high: number; flags: number },
): void {
  const lastMs = line.timesMs.at(-1);
  if (lastMs !== undefined && point.timeMs - lastMs > breakMs) {
    push(line, { timeMs: lastMs + 1, mid: null, low: null, high: null, flags: 0 });
  }
  push(line, point);
}

function push(
  line: TrendLine,
  point: {
    timeMs: number;
    mid: number | null;
    low: number | null;
    high: number | null;
    flags: number;
  },
): void {
  line.timesMs.push(point.timeMs);
  line.mids.push(point.mid);
  line.lows.push(point.low);
  line.highs.push(point.high);
  line.flags.push(point.flags);
}

/** Where a line is broken: from the last value before to the first after. */
export function gapsOf(
  line: TrendLine | undefined,
): { readonly fromMs: number; readonly toMs: number }[] {
  if (line === undefined) return [];
  return line.mids.flatMap((mid, index) => {
    const fromMs = line.timesMs[index - 1];
    const toMs = line.timesMs[index + 1];
    return mid === null && fromMs !== undefined && toMs !== undefined ? [{ fromMs, toMs }] : [];
  });
}

/** Values with nothing on either side: a line has two ends, so these need a mark of their own. */
export function lonesOf(
  line: TrendLine | undefined,
): { readonly timeMs: number; readonly value: number }[] {
  if (line === undefined) return [];
  const { mids, timesMs } = line;
  return mids.flatMap((value, index) => {
    const timeMs = timesMs[index];
    const isLone = (mids[index - 1] ?? null) === null && (mids[index + 1] ?? null) === null;
    return value !== null && timeMs !== undefined && isLone ? [{ timeMs, value }] : [];
  });
}

/** The value nearest to a moment, unless it is too far away to stand for it. */
export function valueNear(
  line: TrendLine,
  moment: { readonly atMs: number; readonly withinMs: number },
): number | undefined {
  let best: number | undefined;
  let bestMs = moment.withinMs;
  for (const [index, timeMs] of line.timesMs.entries()) {
    const mid = line.mids[index];
    const distanceMs = Math.abs(timeMs - moment.atMs);
    if (mid === null || mid === undefined || distanceMs > bestMs) continue;
    best = mid;
    bestMs = distanceMs;
  }
  return best;
}

/** The heights of a lane: the usual ones, opened where values or limits lie beyond. */
export function laneRange(
  usual: readonly [low: number, high: number],
  values: Iterable<number | null>,
): [low: number, high: number] {
  let [low, high] = usual;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const pad = (high - low) * 0.06;
  return [low < usual[0] ? low - pad : low, high > usual[1] ? high + pad : high];
}
