/** What is stored of one person, piece after piece in time order, as a replay takes it. */
import type { Happened } from '@ausculta/rules/protocol/monitor-input';
import type { HistoryPiece, StretchOfSeries } from '@ausculta/rules/whatif/replay';
import type { SeriesRange } from '../telemetry/merge.ts';
import { inTimeOrder } from '../telemetry/reading-order.ts';

type StoredEvent = Omit<Happened, 'kind' | 'receivedAtMs'>;

/** Events come with the readings before which they happened. */
export class StoredHistory {
  readonly #events: readonly StoredEvent[];
  #next = 0;

  /** In time order. */
  constructor(events: readonly StoredEvent[]) {
    this.#events = events;
  }

  piece(ranges: readonly SeriesRange[]): HistoryPiece {
    const nameOf = ({ series }: SeriesRange): string => `${series.deviceId}/${series.metric.key}`;
    const bySeries = Map.groupBy(ranges, nameOf);
    const lastMs = Math.max(...ranges.map(({ timesMs }) => timesMs.at(-1) ?? -Infinity));
    return {
      stretches: [...bySeries.values()].map(stretchOf),
      events: this.#until(lastMs),
    };
  }

  /** What happened after the last reading. */
  rest(): HistoryPiece {
    return { stretches: [], events: this.#until(Number.POSITIVE_INFINITY) };
  }

  #until(lastMs: number): readonly StoredEvent[] {
    const from = this.#next;
    while ((this.#events[this.#next]?.atMs ?? Number.NaN) <= lastMs) this.#next += 1;
    return this.#events.slice(from, this.#next);
  }
}

/** Of one device the epochs of its clock follow each other as one story. */
function stretchOf(own: readonly SeriesRange[]): StretchOfSeries {
  const [first, ...others] = own as [SeriesRange, ...SeriesRange[]];
  const place = { device: first.series.deviceId, metric: first.series.metric.key };
  if (others.length === 0) return { ...place, count: first.timesMs.length, read: () => first };
  const ordered = [...inTimeOrder(own, false)];
  const times = ordered.map(({ range, index }) => range.timesMs[index] as number);
  const columns = {
    timesMs: Float64Array.from(times),
    values: Float64Array.from(ordered, ({ range, index }) => range.values[index] as number),
    flags: Uint8Array.from(ordered, ({ range, index }) => range.flags[index] as number),
  };
  return { ...place, count: ordered.length, read: () => columns };
}
