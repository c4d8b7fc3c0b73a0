import type { TrendLane } from '@ausculta/contract/readings';
import { LANES } from './lane-plan.ts';
import { bestLane, type TrendLine, type TrendPoint, trendLine } from './trend-line.ts';

interface Recent extends TrendPoint {
  readonly metric: string;
  readonly device: string;
}

/** The line of each vital: what the server answered, and what the live socket has brought since. */
export function laneLines(
  lanes: readonly TrendLane[],
  recent: ReadonlyMap<string, readonly Recent[]>,
): ReadonlyMap<string, TrendLine> {
  const answered = new Set(lanes.filter((lane) => lane.timesMs.length > 0).map(seriesKey));
  const all = [...lanes];
  for (const [key, readings] of recent) {
    if (!answered.has(key) && readings.length > 0) all.push(laneOf(readings));
  }
  const lines = new Map<string, TrendLine>();
  for (const plan of LANES) {
    for (const vital of [plan.vital, plan.lowerVital]) {
      const lane = vital === undefined ? undefined : bestLane(all, vital);
      const line = lane && trendLine(lane, recent.get(seriesKey(lane)) ?? []);
      if (vital !== undefined && line !== undefined) lines.set(vital, line);
    }
  }
  return lines;
}

function seriesKey(series: { readonly metric: string; readonly device: string }): string {
  return `${series.metric} ${series.device}`;
}

function laneOf(readings: readonly Recent[]): TrendLane {
  const [first] = readings;
  const values = readings.map(({ value }) => value);
  return {
    metric: first?.metric ?? '',
    device: first?.device ?? '',
    form: 'points',
    bandMs: 0,
    timesMs: readings.map(({ timeMs }) => timeMs),
    values,
    lows: values,
    highs: values,
    flags: readings.map(({ flags }) => flags),
  };
}
