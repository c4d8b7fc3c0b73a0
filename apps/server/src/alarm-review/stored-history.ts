/** What is stored of one person, piece after piece in time order, as a replay takes it. */
import type { Happened } from '@ausculta/rules/protocol/monitor-input';
import type { HistoryPiece, StretchOfSeries } from '@ausculta/rules/whatif/replay';
import type { SeriesRange, Span } from '../telemetry/merge.ts';
import { inTimeOrder } from '../telemetry/reading-order.ts';

/** Looked through in about a millisecond, when nothing in it tells. */
const SLICE_READINGS = 131_072;

type StoredEvent = Omit<Happened, 'kind' | 'receivedAtMs'>;

/** Events come with the readings before which they happened. */
export class StoredHistory {
  readonly #events: readonly StoredEvent[];
  #next = 0;

  /** In time order. */
  constructor(events: readonly StoredEvent[]) {
    this.#events = events;
  }

  /** What is read at once may be millions of readings: in slices of time, between which others get their turn. */
  *pieces(ranges: readonly SeriesRange[]): Generator<HistoryPiece> {
    const slices = Math.ceil(countOf(ranges) / SLICE_READINGS);
    const fromMs = Math.min(...ranges.map(({ timesMs }) => timesMs[0] ?? Infinity));
    const lastMs = Math.max(...ranges.map(({ timesMs }) => timesMs.at(-1) ?? -Infinity));
    const everyMs = Math.ceil((lastMs - fromMs + 1) / slices);
    for (let slice = 0; slice < slices; slice += 1) {
      const startMs = fromMs + slice * everyMs;
      const own = ranges.map((range) =>
        within(range, { fromMs: startMs, toMs: startMs + everyMs }),
      );
      if (countOf(own) > 0) yield this.#piece(own.filter(({ timesMs }) => timesMs.length > 0));
    }
  }

  #piece(ranges: readonly SeriesRange[]): HistoryPiece {
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

function countOf(ranges: readonly SeriesRange[]): number {
  return ranges.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
}

/** A view of it: nothing is copied. */
function within(range: SeriesRange, { fromMs, toMs }: Span): SeriesRange {
  const [from, until] = [firstFrom(range.timesMs, fromMs), firstFrom(range.timesMs, toMs)];
  return {
    series: range.series,
    timesMs: range.timesMs.subarray(from, until),
    stampsMs: range.stampsMs.subarray(from, until),
    values: range.values.subarray(from, until),
    flags: range.flags.subarray(from, until),
  };
}

/** Of times in order the index of the first that is not before. */
function firstFrom(timesMs: Float64Array, fromMs: number): number {
  let low = 0;
  let high = timesMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] as number) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
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
