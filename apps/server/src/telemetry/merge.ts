/** Chunks and head of one series as one: in time order, one reading for each stamp. */
import type { ReadingColumns } from '@ausculta/blocks/readings-block';
import type { Series } from '../line/entry.ts';

/** Half-open, corrected milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** All times that a date can name (ECMA-262, 21.4.1.1). */
export const ALL_TIME: Span = { fromMs: -8.64e15, toMs: 8.64e15 };

/**
 * Readings of one series in time order, one for each stamp: the last received is read. The columns
 * may be views of what others read too: look, do not write.
 */
export interface SeriesRange extends ReadingColumns {
  readonly series: Series;
  readonly timesMs: Float64Array;
}

/** From this stamp on, and before the first one too, measured time = stamp + offset. */
interface Offset {
  readonly fromStampMs: number;
  readonly offsetMs: number;
}

/** `everyMs`: each stamp is so much later than the one before it, as far as that is known. */
export type Stretch = ReadingColumns & { readonly everyMs?: number | undefined };

interface Part {
  readonly series: Series;
  /** Each in stamp order; what was received later stands in a later one. */
  readonly stretches: readonly Stretch[];
  readonly span: Span;
  /** The stamps that times of the span can have. */
  readonly stamps: Span;
  /** Of the series' clock epoch, in order. */
  readonly offsets: readonly Offset[];
}

export function mergeReadings({ series, stretches, span, stamps, offsets }: Part): SeriesRange {
  const parts: ReadingColumns[] = [];
  for (const stretch of stretches) {
    const part = withinStamps(stretch, stamps);
    if (part.stampsMs.length > 0)
      parts.push(stretch.everyMs === undefined ? lastOfEach(part) : part);
  }
  return placed({ series, ...inStampOrder(parts), timesMs: NO_TIMES }, span, offsets);
}

const NO_TIMES = new Float64Array(0);
const NOTHING: ReadingColumns = {
  stampsMs: NO_TIMES,
  values: NO_TIMES,
  flags: new Uint8Array(0),
};

/** A view of what has stamps of the span. */
export function withinStamps(columns: ReadingColumns, stamps: Span): ReadingColumns {
  const from = firstFrom(columns.stampsMs, stamps.fromMs);
  return slice(columns, from, Math.max(from, firstFrom(columns.stampsMs, stamps.toMs)));
}

/** Index of the first stamp at or after `fromMs`. */
function firstFrom(stampsMs: Float64Array, fromMs: number): number {
  let low = 0;
  let high = stampsMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((stampsMs[middle] as number) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function slice(columns: ReadingColumns, from: number, until: number): ReadingColumns {
  if (from === 0 && until === columns.stampsMs.length) return columns;
  return {
    stampsMs: columns.stampsMs.subarray(from, until),
    values: columns.values.subarray(from, until),
    flags: columns.flags.subarray(from, until),
  };
}

/** Of readings of one stamp the last; almost always there is but one. */
function lastOfEach(columns: ReadingColumns): ReadingColumns {
  const { stampsMs } = columns;
  let i = 1;
  while (i < stampsMs.length && stampsMs[i - 1] !== stampsMs[i]) i += 1;
  return i >= stampsMs.length ? columns : mergeTwo(columns, NOTHING);
}

/** Stretches that follow each other are put behind each other; those that overlap are woven. */
function inStampOrder(parts: readonly ReadingColumns[]): ReadingColumns {
  const order = parts.map((_, i) => i);
  order.sort((a, b) => firstOf(parts[a]) - firstOf(parts[b]) || a - b);
  const pieces: ReadingColumns[] = [];
  let group: number[] = [];
  let groupLastMs = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    if (group.length > 0 && firstOf(parts[i]) > groupLastMs) {
      pieces.push(woven(parts, group));
      group = [];
    }
    group.push(i);
    groupLastMs = Math.max(groupLastMs, lastOf(parts[i]));
  }
  if (group.length > 0) pieces.push(woven(parts, group));
  return concatenated(pieces);
}

const firstOf = (columns: ReadingColumns | undefined): number => columns?.stampsMs[0] ?? 0;
const lastOf = (columns: ReadingColumns | undefined): number => columns?.stampsMs.at(-1) ?? 0;

/** Neighbours in order of receipt are merged, round by round, so that the later one is always known. */
function woven(parts: readonly ReadingColumns[], group: readonly number[]): ReadingColumns {
  let round = [...group].sort((a, b) => a - b).map((i) => parts[i] ?? NOTHING);
  while (round.length > 1) {
    const next: ReadingColumns[] = [];
    for (let i = 0; i < round.length; i += 2) {
      const [earlier = NOTHING, later] = [round[i], round[i + 1]];
      next.push(later === undefined ? earlier : mergeTwo(earlier, later));
    }
    round = next;
  }
  return round[0] ?? NOTHING;
}

/** Two columns in stamp order as one, a reading for each stamp: of the later column, the last of it. */
function mergeTwo(earlier: ReadingColumns, later: ReadingColumns): ReadingColumns {
  const most = earlier.stampsMs.length + later.stampsMs.length;
  const stampsMs = new Float64Array(most);
  const values = new Float64Array(most);
  const flags = new Uint8Array(most);
  let length = 0;
  let [e, l] = [0, 0];
  while (e + l < most) {
    const takesEarlier =
      l === later.stampsMs.length ||
      (e < earlier.stampsMs.length &&
        (earlier.stampsMs[e] as number) <= (later.stampsMs[l] as number));
    const from = takesEarlier ? earlier : later;
    const index = takesEarlier ? e : l;
    const stampMs = from.stampsMs[index] as number;
    if (length > 0 && stampsMs[length - 1] === stampMs) length -= 1;
    stampsMs[length] = stampMs;
    values[length] = from.values[index] as number;
    flags[length] = from.flags[index] as number;
    length += 1;
    if (takesEarlier) e += 1;
    else l += 1;
  }
  return slice({ stampsMs, values, flags }, 0, length);
}

function concatenated(pieces: readonly ReadingColumns[]): ReadingColumns {
  const [only] = pieces;
  if (pieces.length <= 1) return only ?? NOTHING;
  let length = 0;
  for (const { stampsMs } of pieces) length += stampsMs.length;
  const stampsMs = new Float64Array(length);
  const values = new Float64Array(length);
  const flags = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    stampsMs.set(piece.stampsMs, at);
    values.set(piece.values, at);
    flags.set(piece.flags, at);
    at += piece.stampsMs.length;
  }
  return { stampsMs, values, flags };
}

/** Gives readings in stamp order their times, and keeps those of the span. */
function placed(found: SeriesRange, span: Span, offsets: readonly Offset[]): SeriesRange {
  const { stampsMs } = found;
  const index = offsetIndex(offsets, firstOf(found));
  const offsetMs = offsets[index]?.offsetMs ?? 0;
  if (index === offsetIndex(offsets, lastOf(found))) {
    // Most clocks are right: then stamps are times.
    const timesMs = offsetMs === 0 ? stampsMs : stampsMs.map((stampMs) => stampMs + offsetMs);
    return timeSlice({ ...found, timesMs }, span);
  }
  const timesMs = stampsMs.map((stampMs) => {
    return stampMs + (offsets[offsetIndex(offsets, stampMs)]?.offsetMs ?? 0);
  });
  return timeSlice(sortedByTime({ ...found, timesMs }), span);
}

/** Which offset holds at a stamp; before the first one the first one does. */
function offsetIndex(offsets: readonly Offset[], stampMs: number): number {
  let index = 0;
  while (index + 1 < offsets.length && (offsets[index + 1] as Offset).fromStampMs <= stampMs)
    index += 1;
  return index;
}

function timeSlice(found: SeriesRange, { fromMs, toMs }: Span): SeriesRange {
  const [from, until] = [firstFrom(found.timesMs, fromMs), firstFrom(found.timesMs, toMs)];
  const timesMs = found.timesMs.subarray(from, until);
  return { series: found.series, ...slice(found, from, until), timesMs };
}

function sortedByTime(found: SeriesRange): SeriesRange {
  const { timesMs } = found;
  let i = 1;
  while (i < timesMs.length && (timesMs[i - 1] as number) <= (timesMs[i] as number)) i += 1;
  if (i >= timesMs.length) return found;
  const order = Array.from(timesMs, (_, at) => at);
  order.sort((a, b) => (timesMs[a] as number) - (timesMs[b] as number));
  return {
    series: found.series,
    stampsMs: Float64Array.from(order, (at) => found.stampsMs[at] as number),
    timesMs: Float64Array.from(order, (at) => timesMs[at] as number),
    values: Float64Array.from(order, (at) => found.values[at] as number),
    flags: Uint8Array.from(order, (at) => found.flags[at] as number),
  };
}
