/**
 * Readings of a subject, chunks and head as one. Times in questions and answers are corrected ones; a
 * series is stored by stamp, so a question looks as far around as the offsets of its epoch reach.
 *
 * A question may be of a second or of years. It is answered window by window, each of so many chunks
 * that neither memory nor the devices notice, as far as whoever asks goes on reading.
 */
import type { ReadingColumns } from '@ausculta/blocks/readings-block';
import { expect } from '@ausculta/vitals/expect';
import { HELD_EPOCH } from '../line/clock.ts';
import type { Series } from '../line/entry.ts';
import { mergeReadings, type SeriesRange, type Span } from './merge.ts';
import type { QueryPorts, Question } from './query-ports.ts';
import {
  chunkQuestion,
  openReadings,
  organisationOf,
  readChunks,
  stampsOf,
} from './sealed-chunks.ts';
import { visibleColumns } from './stamp-cuts.ts';
import * as store from './store.ts';

/** Of all series of a window together: 256 of them are decoded in some ten milliseconds. */
const CHUNKS_PER_WINDOW = 256;

/** However dense the chunks, a window gets on. */
const WINDOW_MIN_MS = 1_000;

/** All of it at once: for spans that are known to be short. */
export async function range(ports: QueryPorts, question: Question): Promise<SeriesRange[]> {
  return await readWindow(ports, seriesFor(ports, question), question);
}

/**
 * The same, window after window in time order, or from the newest back. A window without readings is
 * handed out too: whoever reads may have had enough.
 */
export async function* windows(
  ports: QueryPorts,
  question: Question & { readonly newestFirst: boolean },
): AsyncGenerator<SeriesRange[]> {
  const { newestFirst } = question;
  const series = seriesFor(ports, question);
  let { fromMs, toMs } = question;
  while (fromMs < toMs && series.length > 0) {
    const span = newestFirst
      ? { fromMs: await windowStart(ports, series, { fromMs, toMs }), toMs }
      : { fromMs, toMs: await windowEnd(ports, series, { fromMs, toMs }) };
    yield await readWindow(ports, series, { ...span, unreadable: question.unreadable });
    if (newestFirst) toMs = span.fromMs;
    else fromMs = span.toMs;
  }
}

function seriesFor(ports: QueryPorts, { subjectId, metrics }: Question): Series[] {
  return ports.registry
    .seriesOfSubject(subjectId)
    .filter((s) => s.metric.kind !== 'waveform' && metrics.includes(s.metric.key))
    .filter((s) => s.epoch !== HELD_EPOCH);
}

const chunksEach = (series: readonly Series[]): number =>
  Math.max(2, Math.floor(CHUNKS_PER_WINDOW / series.length));

async function windowEnd(
  ports: QueryPorts,
  series: readonly Series[],
  { fromMs, toMs }: Span,
): Promise<number> {
  const asked = chunkQuestion(ports, series, { fromMs, toMs });
  const starts = await ports.read(organisationOf(series), (tx) =>
    store.chunkStarts(tx, asked, chunksEach(series)),
  );
  const nextMs = starts.map(({ series_id, at_ms }) => timeOf(ports, series_id, at_ms));
  return Math.min(toMs, Math.max(fromMs + WINDOW_MIN_MS, Math.min(...nextMs)));
}

async function windowStart(
  ports: QueryPorts,
  series: readonly Series[],
  { fromMs, toMs }: Span,
): Promise<number> {
  const asked = chunkQuestion(ports, series, { fromMs, toMs });
  const ends = await ports.read(organisationOf(series), (tx) =>
    store.chunkEnds(tx, asked, chunksEach(series)),
  );
  const previousMs = ends.map(({ series_id, at_ms }) => timeOf(ports, series_id, at_ms));
  return Math.max(fromMs, Math.min(toMs - WINDOW_MIN_MS, Math.max(...previousMs)));
}

function timeOf(ports: QueryPorts, seriesId: number, stampMs: number): number {
  const series = ports.registry.seriesById(seriesId);
  expect(series !== undefined, 'a chunk belongs to a series that is known');
  return stampMs + ports.registry.offsetOf(series, stampMs);
}

async function readWindow(
  ports: QueryPorts,
  series: readonly Series[],
  asked: Span & Pick<Question, 'unreadable'>,
): Promise<SeriesRange[]> {
  if (series.length === 0) return [];
  const { unreadable, ...span } = asked;
  const chunks = await readChunks(ports, series, span);
  const ranges: SeriesRange[] = [];
  for (const one of series) {
    const stretches: ReadingColumns[] = [];
    for (const chunk of chunks.get(one.id) ?? []) {
      const columns = openReadings(ports, { series: one, row: chunk }, unreadable);
      if (columns !== undefined) stretches.push(columns);
    }
    for (const fresh of ports.heads.readings.get(one.id)?.unflushed() ?? []) stretches.push(fresh);
    const hidden = ports.registry.hiddenStamps(one);
    const offsetAt = (stampMs: number) => ports.registry.offsetOf(one, stampMs);
    const stamps = stampsOf(ports, one, span);
    const merged = mergeReadings({
      series: one,
      stretches: stretches.flatMap((columns) => visibleColumns(columns, hidden)),
      span,
      stamps,
      offsetAt,
    });
    if (merged.stampsMs.length > 0) ranges.push(merged);
  }
  return ranges;
}
