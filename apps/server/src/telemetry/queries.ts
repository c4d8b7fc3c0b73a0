/**
 * TelemetryStore: latest, range, downsampled range and waveforms, by merging head and chunks. Times
 * in questions and answers are corrected ones; a series is stored by stamp, so a question looks as
 * far around as the offsets of its epoch reach.
 *
 * A question may be of a second or of years. It is answered window by window, each of so many chunks
 * that neither memory nor the devices notice, as far as whoever asks goes on reading.
 */
import { decodeReadings, type ReadingColumns } from '@ausculta/blocks/readings-block';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import { expect } from '@ausculta/vitals/expect';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Sql, Transaction } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import { HELD_EPOCH } from '../line/clock.ts';
import type { Series } from '../line/entry.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { chunkContext } from './flush.ts';
import type { Heads } from './heads.ts';
import { mergeReadings, type SeriesRange, type Span } from './merge.ts';
import type { LastReading } from './reading-head.ts';
import * as store from './store.ts';
import { endOf, joinRuns, withoutRepeats } from './waveform-head.ts';
import { zstd } from './zstd.ts';

export interface QueryPorts {
  /** For the start alone: it reads for all organisations. */
  readonly sql: Sql;
  /** What people ask sees one organisation, and waits in a line of its own, not in the devices'. */
  readonly read: <T>(
    organisationId: OrganisationId,
    work: (tx: Transaction) => Promise<T>,
  ) => Promise<T>;
  readonly sealOf: SubjectKeys['sealOf'];
  readonly heads: Heads;
  readonly registry: Registry;
}

export interface Question extends Span {
  readonly subjectId: SubjectId;
  readonly metrics: readonly string[];
}

/** Of all series of a window together: 256 of them are decoded in some ten milliseconds. */
const CHUNKS_PER_WINDOW = 256;

/** However dense the chunks, a window gets on. */
const WINDOW_MIN_MS = 1_000;

/** A flush that ends while its chunks are asked for is rare; one that does so again and again is not. */
const TRIES_MAX = 5;

export interface Latest {
  readonly series: Series;
  readonly last: LastReading;
}

/** The last reading of every series of a subject. */
export function latest(ports: QueryPorts, subjectId: SubjectId): Latest[] {
  const found: Latest[] = [];
  for (const { series, last } of ports.heads.ofSubject(subjectId).readings) {
    if (last !== undefined) found.push({ series, last });
  }
  return found;
}

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
    yield await readWindow(ports, series, span);
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
  span: Span,
): Promise<SeriesRange[]> {
  if (series.length === 0) return [];
  const chunks = await readChunks(ports, series, span);
  const ranges: SeriesRange[] = [];
  for (const one of series) {
    const stretches: ReadingColumns[] = [];
    for (const chunk of chunks.get(one.id) ?? []) {
      const block = openChunk(ports, one, chunk);
      if (block === undefined) continue;
      const decoded = decodeReadings(block, zstd);
      expect(decoded.ok, 'a chunk of readings decodes');
      stretches.push(decoded.value);
    }
    for (const fresh of ports.heads.readings.get(one.id)?.unflushed() ?? []) stretches.push(fresh);
    const offsetAt = (stampMs: number) => ports.registry.offsetOf(one, stampMs);
    const stamps = stampsOf(ports, one, span);
    const merged = mergeReadings({ series: one, stretches, span, stamps, offsetAt });
    if (merged.stampsMs.length > 0) ranges.push(merged);
  }
  return ranges;
}

/** Chunks of each series. A flush that ends meanwhile would be in neither chunks nor heads: ask again. */
async function readChunks(
  ports: QueryPorts,
  series: readonly Series[],
  span: Span,
): Promise<Map<number, store.SealedChunk[]>> {
  const asked = chunkQuestion(ports, series, span);
  for (let tries = 1; ; tries += 1) {
    const { flushes } = ports.heads;
    const rows = await ports.read(organisationOf(series), (tx) => store.chunksBetween(tx, asked));
    if (ports.heads.flushes === flushes || tries === TRIES_MAX)
      return Map.groupBy(rows, (row) => row.series_id);
  }
}

function organisationOf(series: readonly Series[]): OrganisationId {
  return (series[0] as Series).organisationId;
}

function chunkQuestion(
  ports: QueryPorts,
  series: readonly Series[],
  span: Span,
): store.ChunkQuestion {
  const { partition, subjectId } = series[0] as Series;
  const wanted = series.map((one) => ({ id: one.id, ...stampsOf(ports, one, span) }));
  return { partition, subjectId, series: wanted };
}

/** The stamps that corrected times of a span can have. */
function stampsOf(ports: QueryPorts, series: Series, span: Span): Span {
  const device = ports.registry.devices.get(series.deviceId);
  const { low, high } = device?.offsetSpan(series.epoch) ?? { low: 0, high: 0 };
  return { fromMs: Math.floor(span.fromMs - high), toMs: Math.ceil(span.toMs - low) };
}

/** Undefined when its subject was erased while the question was on its way. */
function openChunk(
  ports: QueryPorts,
  { subjectId }: Series,
  row: store.SealedChunk,
): Uint8Array | undefined {
  const place = chunkContext(row.series_id, row.generation, row.first_ms);
  const opened = ports.sealOf(subjectId)?.open(row.sealed, place);
  expect(opened?.ok !== false, 'a chunk opens with the key of its subject');
  return opened?.value;
}

/** Runs of a subject's waveforms that touch the span, cut to it, with corrected starts. */
export async function waveforms(ports: QueryPorts, question: Question): Promise<WaveformRun[]> {
  const wanted = ports.registry
    .seriesOfSubject(question.subjectId)
    .filter((s) => s.metric.kind === 'waveform' && question.metrics.includes(s.metric.key));
  if (wanted.length === 0) return [];
  const chunks = await readChunks(ports, wanted, question);
  const found: WaveformRun[] = [];
  for (const series of wanted) {
    for (const run of runsOf(ports, { series, chunks: chunks.get(series.id) ?? [] }, question))
      found.push(run);
  }
  return found;
}

function runsOf(
  ports: QueryPorts,
  part: { series: Series; chunks: readonly store.SealedChunk[] },
  span: Span,
): WaveformRun[] {
  const { series, chunks } = part;
  const runs: WaveformRun[] = [];
  for (const chunk of chunks) {
    const block = openChunk(ports, series, chunk);
    if (block === undefined) continue;
    const decoded = decodeRuns(block, zstd);
    expect(decoded.ok, 'a chunk of waveforms decodes');
    for (const run of decoded.value) runs.push(run);
  }
  for (const run of ports.heads.waveforms.get(series.id)?.unflushed() ?? []) runs.push(run);
  return joinRuns(withoutRepeats(runs))
    .map((run) => ({ ...run, startMs: run.startMs + ports.registry.offsetOf(series, run.startMs) }))
    .map((run) => cutTo(run, span))
    .filter((run) => run.samples.length > 0);
}

function cutTo(run: WaveformRun, span: Span): WaveformRun {
  const perMs = run.rate.numerator / (1000 * run.rate.denominator);
  const from = Math.max(0, Math.ceil((span.fromMs - run.startMs) * perMs));
  const until = Math.max(
    from,
    Math.min(run.samples.length, Math.ceil((span.toMs - run.startMs) * perMs)),
  );
  const startMs = endOf({ ...run, samples: run.samples.subarray(0, from) });
  return { ...run, startMs, samples: run.samples.subarray(from, until) };
}

/** The last reading of each series, from the newest chunks, for the head at start-up. */
export async function recallLast(ports: QueryPorts): Promise<void> {
  for (const row of await store.newestChunks(ports.sql)) {
    const series = ports.registry.seriesById(row.series_id);
    if (series === undefined) continue;
    const block = openChunk(ports, series, row);
    if (block === undefined) continue;
    const decoded = decodeReadings(block, zstd);
    expect(decoded.ok, 'a chunk of readings decodes');
    const { stampsMs } = decoded.value;
    const lastStampMs = stampsMs.at(-1) ?? 0;
    const head = ports.heads.readingHead(series);
    head.recall(decoded.value, ports.registry.offsetOf(series, lastStampMs));
    ports.registry.noteNewestStamp(series, lastStampMs);
  }
  // A device that sends waveforms alone has a clock as well, and it may go back while we are away.
  for (const { series_id, last_ms } of await store.newestSamples(ports.sql)) {
    const series = ports.registry.seriesById(series_id);
    if (series !== undefined) ports.registry.noteNewestStamp(series, last_ms);
  }
}
