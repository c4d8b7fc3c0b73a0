/** Figures of one metric in one day, gathered reading by reading of whichever device. */
import type { ValueFigures } from '@ausculta/fhir/observation-statistics';
import type { Metric } from '@ausculta/vitals/metric';
import { isOneSided } from '@ausculta/vitals/reading';
import type { SeriesRange } from '../telemetry/merge.ts';
import { inTimeOrder } from '../telemetry/reading-order.ts';
import { usualSilenceMs } from '../telemetry/spells.ts';
import { ValueCounts } from '../telemetry/statistics.ts';

export interface FiguresOfDay {
  readonly metric: Metric;
  readonly figures: ValueFigures | undefined;
  readonly implausible: number;
  readonly oneSided: number;
  readonly measuredMs: number | undefined;
  readonly devices: readonly string[];
}

const MEDIAN = [50] as const;

export class DayFigures {
  readonly #untilMs: number;
  readonly #ofMetric = new Map<Metric, MetricFigures>();
  /** Different values: what it costs in memory. */
  get size(): number {
    let size = 0;
    for (const { counts } of this.#ofMetric.values()) size += counts.size;
    return size;
  }

  /** Of a day that ends then. */
  constructor(untilMs: number) {
    this.#untilMs = untilMs;
  }

  /** The next piece, in time order. */
  add(ranges: readonly SeriesRange[]): void {
    for (const [metric, own] of Map.groupBy(ranges, ({ series }) => series.metric)) {
      let figures = this.#ofMetric.get(metric);
      for (const { range, index } of inTimeOrder(own, false)) {
        figures ??= new MetricFigures(metric);
        figures.add(range, index);
      }
      if (figures !== undefined) this.#ofMetric.set(metric, figures);
    }
  }

  /** Of metrics that were measured at all. */
  told(): FiguresOfDay[] {
    return [...this.#ofMetric.values()].map((figures) => figures.told(this.#untilMs));
  }
}

class MetricFigures {
  readonly counts = new ValueCounts();
  readonly #metric: Metric;
  readonly #silenceMs: number | undefined;
  readonly #devices = new Set<string>();
  #oneSided = 0;
  #measuredMs = 0;
  #lastMs: number | undefined;

  constructor(metric: Metric) {
    this.#metric = metric;
    this.#silenceMs = usualSilenceMs(metric);
  }

  add({ series, timesMs, values, flags }: SeriesRange, index: number): void {
    const timeMs = timesMs[index] as number;
    this.#hold(timeMs);
    this.#lastMs = timeMs;
    this.#devices.add(series.deviceId);
    this.counts.add(values[index] as number, flags[index] as number);
    if (isOneSided(flags[index] as number)) this.#oneSided += 1;
  }

  /** A reading holds until the next one; if that is long in coming, for as long as one usually does. */
  #hold(untilMs: number): void {
    const { cadence } = this.#metric;
    if (this.#lastMs === undefined || this.#silenceMs === undefined) return;
    const gapMs = untilMs - this.#lastMs;
    const usuallyMs = cadence.kind === 'continuous' ? cadence.intervalMs : 0;
    this.#measuredMs += gapMs <= this.#silenceMs ? gapMs : usuallyMs;
  }

  told(untilMs: number): FiguresOfDay {
    const isContinuous = this.#silenceMs !== undefined;
    const { cadence } = this.#metric;
    const restMs = Math.max(0, untilMs - (this.#lastMs ?? untilMs));
    const lastMs = cadence.kind === 'continuous' ? Math.min(cadence.intervalMs, restMs) : 0;
    return {
      metric: this.#metric,
      figures: this.counts.statistics(MEDIAN),
      implausible: this.counts.implausible,
      oneSided: this.#oneSided,
      measuredMs: isContinuous ? this.#measuredMs + lastMs : undefined,
      devices: [...this.#devices].sort(),
    };
  }
}
