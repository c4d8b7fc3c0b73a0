/**
 * What is found of some series in a span, as pieces: chunks and heads whose times overlap are merged;
 * what lies apart from everything else is handed out as it was decoded, without a copy.
 */
import type { ReadingRoom } from '@ausculta/blocks/readings-block';
import type { StampSpan } from '../devices/stamp-offsets.ts';
import type { Series } from '../line/entry.ts';
import { CHUNK_READINGS_MAX } from './chunk-cuts.ts';
import { mergeReadings, type SeriesRange, type Span, type Stretch, withinStamps } from './merge.ts';
import type { QueryPorts, Question } from './query-ports.ts';
import { openReadings, readChunks, stampsOf } from './sealed-chunks.ts';
import { visibleColumns } from './stamp-cuts.ts';
import type { SealedChunk } from './store.ts';

/** Decoded in about a millisecond; then others get their turn. */
const READINGS_AT_ONCE = 65_536;

/** Less than this waits for what follows: by itself it is dear to hand out, and to encode again. */
const PIECE_READINGS_MIN = CHUNK_READINGS_MAX / 4;

/** A chunk that was merged has up to twice as many as a flush makes. */
const ROOM_READINGS = 2 * CHUNK_READINGS_MAX;

type Asked = Span & Pick<Question, 'unreadable'>;

/** All of it at once: one answer for each series that holds anything. */
export async function readWindow(
  ports: QueryPorts,
  series: readonly Series[],
  asked: Asked,
): Promise<SeriesRange[]> {
  if (series.length === 0) return [];
  return await new Reading(ports, asked).ranges(await findParts(ports, series, asked));
}

/** What a span of time holds, found and not yet opened. */
export interface FoundWindow {
  readonly span: Span;
  readonly parts: readonly Part[];
}

export async function findWindow(
  ports: QueryPorts,
  series: readonly Series[],
  span: Span,
): Promise<FoundWindow> {
  return { span, parts: await findParts(ports, series, span) };
}

/**
 * The same piece by piece, in order of time or from the newest back; one empty piece when there is
 * nothing. A piece holds until the next is asked for: one room serves all that lie alone.
 */
export async function* piecesOf(
  ports: QueryPorts,
  { span, parts }: FoundWindow,
  { newestFirst, unreadable }: Pick<Question, 'unreadable'> & { readonly newestFirst: boolean },
): AsyncGenerator<SeriesRange[]> {
  const pieces = apart(parts);
  if (newestFirst) pieces.reverse();
  if (pieces.length === 0) yield [];
  // Of the first piece whoever asks may have enough: it gets columns of its own size.
  let room: ReadingRoom | undefined;
  const reading = new Reading(ports, { ...span, unreadable });
  for (const piece of pieces) {
    yield await reading.ranges(piece, piece.length === 1 ? room : undefined);
    room ??= newRoom();
  }
}

/** A chunk, or a stretch of the head. */
interface Part {
  readonly series: Series;
  /** What is on its way to another's record in this series. */
  readonly hidden: readonly StampSpan[];
  readonly held: { readonly chunk: SealedChunk } | { readonly stretch: Stretch };
  readonly count: number;
  /** Where its times lie at most, both ends included. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Series by series, each in order of receipt. */
async function findParts(
  ports: QueryPorts,
  series: readonly Series[],
  span: Span,
): Promise<Part[]> {
  const freshOf = () => new Map(series.map((one) => [one.id, freshReadings(ports, one, span)]));
  const { chunks, fresh } = await readChunks(ports, { series, ...span }, freshOf);
  return series.flatMap((one): Part[] => {
    const { low, high } = ports.offsetsOf(one).span;
    const { unflushed = [], hidden = [] } = fresh.get(one.id) ?? {};
    const of = { series: one, hidden };
    const stored = (chunks.get(one.id) ?? []).map((chunk) => {
      const times = { fromMs: chunk.first_ms + low, toMs: chunk.last_ms + high };
      return { ...of, held: { chunk }, count: chunk.count, ...times };
    });
    const held = unflushed.map((stretch) => {
      const [firstMs = 0, lastMs = 0] = [stretch.stampsMs[0], stretch.stampsMs.at(-1)];
      const times = { fromMs: firstMs + low, toMs: lastMs + high };
      return { ...of, held: { stretch }, count: stretch.stampsMs.length, ...times };
    });
    return [...stored, ...held];
  });
}

/** Copies: what the head shows changes with the next reading, and what is hidden with the next move. */
function freshReadings(ports: QueryPorts, series: Series, span: Span) {
  const stamps = stampsOf(ports, series, span);
  const unflushed = ports.heads.readings.get(series.id)?.unflushed() ?? [];
  return {
    hidden: [...ports.registry.hiddenStamps(series)],
    unflushed: unflushed
      .map((columns) => withinStamps(columns, stamps))
      .filter(({ stampsMs }) => stampsMs.length > 0)
      .map(({ stampsMs, values, flags }) => {
        return { stampsMs: stampsMs.slice(), values: values.slice(), flags: flags.slice() };
      }),
  };
}

/** In order of time; within a piece parts stand as they stood. */
function apart(parts: readonly Part[]): Part[][] {
  const order = parts.map((part, at) => ({ part, at }));
  order.sort((a, b) => a.part.fromMs - b.part.fromMs);
  const pieces: (typeof order)[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (const one of order) {
    const piece = pieces.at(-1);
    if (piece === undefined || (one.part.fromMs > lastMs && count >= PIECE_READINGS_MIN)) {
      pieces.push([one]);
      count = 0;
    } else {
      piece.push(one);
    }
    count += one.part.count;
    lastMs = Math.max(lastMs, one.part.toMs);
  }
  return pieces.map((piece) => piece.sort((a, b) => a.at - b.at).map(({ part }) => part));
}

/** One question's reading: it lets others have their turns. */
class Reading {
  readonly #ports: QueryPorts;
  readonly #asked: Asked;
  #decoded = 0;

  constructor(ports: QueryPorts, asked: Asked) {
    this.#ports = ports;
    this.#asked = asked;
  }

  /** One for each series of which there is anything; into `room` goes a chunk that is alone. */
  async ranges(parts: readonly Part[], room?: ReadingRoom): Promise<SeriesRange[]> {
    const ranges: SeriesRange[] = [];
    for (const [series, own] of Map.groupBy(parts, (part) => part.series)) {
      const stretches: Stretch[] = [];
      for (const part of own) stretches.push(...(await this.#read(part, room)));
      const merged = mergeReadings({
        series,
        stretches,
        span: this.#asked,
        stamps: stampsOf(this.#ports, series, this.#asked),
        offsets: this.#ports.offsetsOf(series).marks,
      });
      if (merged.stampsMs.length > 0) ranges.push(merged);
    }
    return ranges;
  }

  /** What of it may be shown. */
  async #read(part: Part, room: ReadingRoom | undefined): Promise<readonly Stretch[]> {
    const { series, hidden, held } = part;
    if ('stretch' in held) return visibleColumns(held.stretch, hidden);
    const { unreadable } = this.#asked;
    const columns = openReadings(this.#ports, { series, row: held.chunk }, { unreadable, room });
    if (columns === undefined) return [];
    this.#decoded += columns.stampsMs.length;
    if (this.#decoded >= READINGS_AT_ONCE) {
      this.#decoded = 0;
      await this.#ports.pause();
    }
    return visibleColumns(columns, hidden);
  }
}

function newRoom(): ReadingRoom {
  return {
    stampsMs: new Float64Array(ROOM_READINGS),
    values: new Float64Array(ROOM_READINGS),
    flags: new Uint8Array(ROOM_READINGS),
  };
}
