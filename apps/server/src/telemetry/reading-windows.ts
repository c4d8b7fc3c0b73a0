/**
 * Readings of a subject, chunks and head as one. Times in questions and answers are corrected ones; a
 * series is stored by stamp, so a question looks as far around as the offsets of its epoch reach.
 *
 * A question may be of a second or of years. It is answered window by window, each of so many chunks
 * that neither memory nor the devices notice, as far as whoever asks goes on reading.
 */
import { HELD_EPOCH } from '../line/clock.ts';
import type { Series } from '../line/entry.ts';
import type { SeriesRange, Span } from './merge.ts';
import { asKnownNow, type QueryPorts, type Question } from './query-ports.ts';
import { type FoundWindow, findWindow, piecesOf, readWindow } from './reading-pieces.ts';
import { chunkQuestion, organisationOf } from './sealed-chunks.ts';
import { seriesSeen } from './series-seen.ts';
import * as store from './store.ts';

/** Of all series of a window together: some megabytes as they are stored, 34 if all of it overlapped. */
const WINDOW_MAX: store.WindowSize = { chunks: 256, readings: 2_000_000 };

/** Many who ask have soon enough: who goes on reading gets more and more at once. */
const CHUNKS_FIRST = { newest: 1, oldest: 16 } as const;
const WINDOW_GROWTH = 16;

/** The newest few are asked for most often. Where they are is known without looking: a hundred at 1 Hz. */
const NEWEST_MS = 120_000;

/**
 * However dense the chunks, a window gets on, and twice as far each time: around a clock that has been
 * hours wrong a question looks at chunks of hours, and it is not asked again for each second of them.
 */
const WINDOW_MIN_MS = 1_000;

/** All of it at once: for spans that are known to be short. */
export async function range(ports: QueryPorts, question: Question): Promise<SeriesRange[]> {
  const series = seriesFor(ports, question);
  return await readWindow(asKnownNow(ports, series), series, question);
}

/**
 * The same, piece after piece in time order, or from the newest back. A window without readings is
 * handed out too: whoever reads may have had enough. A piece holds until the next is asked for: its
 * columns are written again then.
 */
export async function* windows(
  livePorts: QueryPorts,
  question: Question & { readonly newestFirst: boolean },
): AsyncGenerator<SeriesRange[]> {
  const { newestFirst } = question;
  const series = seriesFor(livePorts, question);
  const ports = asKnownNow(livePorts, series);
  let { fromMs, toMs } = question;
  let chunks: number = newestFirst ? CHUNKS_FIRST.newest : CHUNKS_FIRST.oldest;
  let leastMs = WINDOW_MIN_MS;
  let newestFromMs = newestFirst ? newestStart(ports, series, toMs) : undefined;

  async function next(): Promise<FoundWindow | undefined> {
    if (fromMs >= toMs || series.length === 0) return undefined;
    const span = await spanOfNext();
    if (newestFirst) toMs = span.fromMs;
    else fromMs = span.toMs;
    return await findWindow(ports, series, span);
  }

  async function spanOfNext(): Promise<Span> {
    if (newestFromMs !== undefined) {
      const span = { fromMs: Math.max(fromMs, newestFromMs), toMs };
      newestFromMs = undefined;
      return span;
    }
    const size = { ...sizeFor(series, chunks), leastMs };
    chunks *= WINDOW_GROWTH;
    const span = newestFirst
      ? { fromMs: await windowStart(ports, { series, fromMs, toMs }, size), toMs }
      : { fromMs, toMs: await windowEnd(ports, { series, fromMs, toMs }, size) };
    leastMs = span.toMs - span.fromMs === leastMs ? leastMs * 2 : WINDOW_MIN_MS;
    return span;
  }

  let window = await next();
  while (window !== undefined) {
    let following: ReturnType<typeof next> | undefined;
    for await (const piece of piecesOf(ports, window, question)) {
      yield piece;
      // Who asks for a second piece goes on: the database looks for the next window meanwhile.
      following ??= next();
      // Its fault is told when it is waited for, and to nobody if nobody goes on after all.
      following.catch(() => undefined);
    }
    window = await (following ?? next());
  }
}

function seriesFor(ports: QueryPorts, { subjectId, metrics }: Question): Series[] {
  return seriesSeen(ports, subjectId)
    .filter((s) => s.metric.kind !== 'waveform' && metrics.includes(s.metric.key))
    .filter((s) => s.epoch !== HELD_EPOCH);
}

function sizeFor(series: readonly Series[], chunksWanted: number): store.WindowSize {
  const { chunks, readings } = WINDOW_MAX;
  return {
    chunks: Math.max(
      Math.min(chunksWanted, 2),
      Math.floor(Math.min(chunksWanted, chunks) / series.length),
    ),
    readings: Math.ceil(readings / series.length),
  };
}

interface LeastWindow extends store.WindowSize {
  readonly leastMs: number;
}

interface SeriesSpan extends Span {
  readonly series: readonly Series[];
}

/** Undefined where it is not known, or lies behind what is asked for. */
function newestStart(
  { heads }: QueryPorts,
  series: readonly Series[],
  toMs: number,
): number | undefined {
  const newestMs = Math.max(
    ...series.map((one) => heads.newestMs(one) ?? Number.NEGATIVE_INFINITY),
  );
  return Number.isFinite(newestMs) && newestMs < toMs ? newestMs - NEWEST_MS : undefined;
}

async function windowEnd(
  ports: QueryPorts,
  { series, fromMs, toMs }: SeriesSpan,
  size: LeastWindow,
): Promise<number> {
  const asked = chunkQuestion(ports, series, { fromMs, toMs });
  const starts = await ports.read(organisationOf(series), (tx) =>
    store.chunkStarts(tx, asked, size),
  );
  const nextMs = starts.flatMap(({ series_id, at_ms }) => timesOf(ports, series_id, at_ms));
  return Math.min(toMs, Math.max(fromMs + size.leastMs, Math.min(...nextMs)));
}

async function windowStart(
  ports: QueryPorts,
  { series, fromMs, toMs }: SeriesSpan,
  size: LeastWindow,
): Promise<number> {
  const asked = chunkQuestion(ports, series, { fromMs, toMs });
  const ends = await ports.read(organisationOf(series), (tx) => store.chunkEnds(tx, asked, size));
  // Behind its last reading: the chunk itself belongs to the next window.
  const previousMs = ends.flatMap(({ series_id, at_ms }) => timesOf(ports, series_id, at_ms + 1));
  return Math.max(fromMs, Math.min(toMs - size.leastMs, Math.max(...previousMs)));
}

/** None of a subject that was erased while the question was on its way. */
function timesOf(ports: QueryPorts, seriesId: number, stampMs: number): number[] {
  const series = ports.registry.seriesById(seriesId);
  return series === undefined ? [] : [stampMs + ports.offsetsOf(series).at(stampMs)];
}
