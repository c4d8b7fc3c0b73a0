/** Downsampling for charts: every point while they fit, else bands of equal width with low, mean, high. */
import type { TrendLane } from '@ausculta/contract/readings';
import type { SeriesRange, Span } from './queries.ts';

export function trendLane(found: SeriesRange, span: Span, points: number): TrendLane {
  const { series, timesMs, values, flags } = found;
  const lane = { metric: series.metric.key, device: series.deviceId };
  if (timesMs.length <= points) {
    return { ...lane, form: 'points', bandMs: 0, timesMs, values, lows: [], highs: [], flags };
  }
  const bandMs = Math.max(1, (span.toMs - span.fromMs) / points);
  const bands: TrendLane = {
    ...lane,
    form: 'bands',
    bandMs,
    timesMs: [],
    values: [],
    lows: [],
    highs: [],
    flags: [],
  };
  let at = 0;
  while (at < timesMs.length) {
    const band = Math.floor(((timesMs[at] as number) - span.fromMs) / bandMs);
    const endMs = span.fromMs + (band + 1) * bandMs;
    let until = at;
    let sum = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let either = 0;
    while (until < timesMs.length && (until === at || (timesMs[until] as number) < endMs)) {
      const value = values[until] as number;
      sum += value;
      if (value < low) low = value;
      if (value > high) high = value;
      either |= flags[until] as number;
      until += 1;
    }
    bands.timesMs.push(span.fromMs + (band + 0.5) * bandMs);
    bands.values.push(sum / (until - at));
    bands.lows.push(low);
    bands.highs.push(high);
    bands.flags.push(either);
    at = until;
  }
  return bands;
}
