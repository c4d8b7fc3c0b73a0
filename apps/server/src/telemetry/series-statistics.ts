/** Statistics of what one device measured of one metric, in all and by time of day. */
import type { StatisticsAnswer } from '@ausculta/contract/statistics';
import { FLAG } from '@ausculta/vitals/reading';
import type { SeriesRange } from './merge.ts';
import { inTimeOrder } from './reading-order.ts';
import { usualSilenceMs } from './spells.ts';
import { type Statistics, ValueCounts } from './statistics.ts';

export interface DayBins {
  readonly minuteAt: (timeMs: number) => number;
  readonly binMinutes: number;
}

/** Neighbours of what is measured now and then: a quarter of an hour. */
const NEIGHBOURS_MS = 900_000;

/** A difference with a bound, or with what is implausible, is none. */
const NO_DIFFERENCE = FLAG.IMPLAUSIBLE | FLAG.ABOVE | FLAG.BELOW;

interface Gathered {
  readonly metric: SeriesRange['series']['metric'];
  readonly device: string;
  readonly all: ValueCounts;
  readonly bins: Map<number, ValueCounts>;
  differences: number;
  squares: number;
  last: { readonly timeMs: number; readonly value: number } | undefined;
}

export class SeriesStatistics {
  readonly #day: DayBins | undefined;
  readonly #gathered = new Map<string, Gathered>();
  readings = 0;

  constructor(day: DayBins | undefined) {
    this.#day = day;
  }

  /** Of all counts together: what it costs in memory. */
  get size(): number {
    let size = 0;
    for (const { all, bins } of this.#gathered.values()) {
      size += all.size;
      for (const bin of bins.values()) size += bin.size;
    }
    return size;
  }

  add(ranges: readonly SeriesRange[]): void {
    const keyOf = ({ series }: SeriesRange): string => `${series.metric.key} ${series.deviceId}`;
    for (const [key, own] of Map.groupBy(ranges, keyOf)) {
      const gathered = this.#gatheredOf(key, own[0] as SeriesRange);
      for (const { range, index } of inTimeOrder(own, false)) this.#take(gathered, range, index);
    }
  }

  #gatheredOf(key: string, { series }: SeriesRange): Gathered {
    const known = this.#gathered.get(key);
    if (known !== undefined) return known;
    const made: Gathered = {
      metric: series.metric,
      device: series.deviceId,
      all: new ValueCounts(),
      bins: new Map(),
      differences: 0,
      squares: 0,
      last: undefined,
    };
    this.#gathered.set(key, made);
    return made;
  }

  #take(gathered: Gathered, range: SeriesRange, index: number): void {
    const timeMs = range.timesMs[index] as number;
    const value = range.values[index] as number;
    const flags = range.flags[index] as number;
    this.readings += 1;
    gathered.all.add(value, flags);
    if (this.#day !== undefined) this.#binAt(gathered, this.#day, timeMs).add(value, flags);
    if ((flags & NO_DIFFERENCE) !== 0) {
      gathered.last = undefined;
      return;
    }
    const { last, metric } = gathered;
    gathered.last = { timeMs, value };
    if (last === undefined || timeMs - last.timeMs > (usualSilenceMs(metric) ?? NEIGHBOURS_MS))
      return;
    gathered.differences += 1;
    gathered.squares += (value - last.value) ** 2;
  }

  #binAt({ bins }: Gathered, { minuteAt, binMinutes }: DayBins, timeMs: number): ValueCounts {
    const fromMinute = Math.floor(minuteAt(timeMs) / binMinutes) * binMinutes;
    let bin = bins.get(fromMinute);
    if (bin === undefined) {
      bin = new ValueCounts();
      bins.set(fromMinute, bin);
    }
    return bin;
  }

  answer(): StatisticsAnswer['series'] {
    return [...this.#gathered.values()].map(
      ({ metric, device, all, bins, squares, differences }) => ({
        metric: metric.key,
        unit: metric.unit,
        device,
        figures: asAnswer(all.statistics()) ?? null,
        rmssd: differences === 0 ? null : Math.sqrt(squares / differences),
        byTimeOfDay: [...bins]
          .sort((a, b) => a[0] - b[0])
          .flatMap(([fromMinute, counts]) => {
            const figures = asAnswer(counts.statistics());
            return figures === undefined ? [] : [{ fromMinute, figures }];
          }),
      }),
    );
  }
}

type Figures = NonNullable<StatisticsAnswer['series'][number]['figures']>;

function asAnswer(statistics: Statistics | undefined): Figures | undefined {
  if (statistics === undefined) return undefined;
  return { ...statistics, percentiles: [...statistics.percentiles] };
}
