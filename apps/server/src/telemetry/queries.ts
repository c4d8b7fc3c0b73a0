/**
 * TelemetryStore: latest, range, downsampled range and waveforms, by merging head and chunks. Times
 * in questions and answers are corrected ones; a series is stored by stamp, so a question looks as
 * far around as the offsets of its epoch reach.
 */
import { decodeReadings, type ReadingColumns } from '@ausculta/blocks/readings-block';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import { expect } from '@ausculta/vitals/expect';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import { HELD_EPOCH } from '../line/clock.ts';
import type { Series } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import { chunkContext } from './flush.ts';
import type { Heads } from './heads.ts';
import type { LastReading } from './reading-head.ts';
import * as store from './store.ts';
import { endOf, joinRuns, withoutRepeats } from './waveform-head.ts';
import { zstd } from './zstd.ts';

/** Half-open, corrected milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Readings of one series in time order, one for each stamp: the last received is read. */
export interface SeriesRange {
  readonly series: Series;
  readonly stampsMs: number[];
  readonly timesMs: number[];
  readonly values: number[];
  readonly flags: number[];
}

export interface QueryPorts {
  readonly sql: Sql;
  readonly seal: Seal;
  readonly heads: Heads;
  readonly registry: Registry;
}

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

export async function range(
  ports: QueryPorts,
  question: Span & { subjectId: SubjectId; metrics: readonly string[] },
): Promise<SeriesRange[]> {
  const wanted = ports.registry
    .seriesOfSubject(question.subjectId)
    .filter((s) => s.metric.kind !== 'waveform' && question.metrics.includes(s.metric.key))
    .filter((s) => s.epoch !== HELD_EPOCH);
  const ranges = await Promise.all(wanted.map((series) => seriesRange(ports, series, question)));
  return ranges.filter((found) => found.stampsMs.length > 0);
}

async function seriesRange(ports: QueryPorts, series: Series, span: Span): Promise<SeriesRange> {
  const stampSpan = stampsOf(ports, series, span);
  const stretches: ReadingColumns[] = [];
  const rows = await store.chunksBetween(ports.sql, {
    subjectId: series.subjectId,
    seriesId: series.id,
    ...stampSpan,
  });
  // The head is looked at after the chunks were read: what was flushed meanwhile is seen twice, never not.
  for (const row of rows) {
    const decoded = decodeReadings(openChunk(ports.seal, row), zstd);
    expect(decoded.ok, 'a chunk of readings decodes');
    stretches.push(decoded.value);
  }
  stretches.push(...(ports.heads.readings.get(series.id)?.unflushed() ?? []));
  return merge(ports, { series, stretches, span, stampSpan });
}

/** The stamps that corrected times of a span can have. */
function stampsOf(ports: QueryPorts, series: Series, span: Span): Span {
  const device = ports.registry.devices.get(series.deviceId);
  const { low, high } = device?.offsetSpan(series.epoch) ?? { low: 0, high: 0 };
  return { fromMs: Math.floor(span.fromMs - high), toMs: Math.ceil(span.toMs - low) };
}

function openChunk(
  seal: Seal,
  row: Pick<store.ChunkRow, 'series_id' | 'generation' | 'first_ms' | 'sealed'>,
): Uint8Array {
  const opened = seal.open(row.sealed, chunkContext(row.series_id, row.generation, row.first_ms));
  expect(opened.ok, 'a chunk opens with the key of this data directory');
  return opened.value;
}

function merge(
  ports: QueryPorts,
  part: { series: Series; stretches: readonly ReadingColumns[]; span: Span; stampSpan: Span },
): SeriesRange {
  const { series, span, stampSpan } = part;
  const merged: SeriesRange = { series, stampsMs: [], timesMs: [], values: [], flags: [] };
  const latestOf = new Map<number, number>();
  let isSorted = true;
  for (const { stampsMs, values, flags } of part.stretches) {
    for (let i = 0; i < stampsMs.length; i += 1) {
      const stampMs = stampsMs[i] as number;
      if (stampMs < stampSpan.fromMs || stampMs >= stampSpan.toMs) continue;
      const timeMs = stampMs + ports.registry.offsetOf(series, stampMs);
      if (timeMs < span.fromMs || timeMs >= span.toMs) continue;
      const known = latestOf.get(stampMs);
      if (known !== undefined) {
        merged.values[known] = values[i] as number;
        merged.flags[known] = flags[i] as number;
        continue;
      }
      const at = merged.stampsMs.length;
      if (at > 0 && timeMs < (merged.timesMs[at - 1] as number)) isSorted = false;
      latestOf.set(stampMs, at);
      merged.stampsMs.push(stampMs);
      merged.timesMs.push(timeMs);
      merged.values.push(values[i] as number);
      merged.flags.push(flags[i] as number);
    }
  }
  return isSorted ? merged : sortedByTime(merged);
}

function sortedByTime(found: SeriesRange): SeriesRange {
  const order = found.timesMs.map((_, i) => i);
  order.sort((a, b) => (found.timesMs[a] as number) - (found.timesMs[b] as number));
  const pick = (column: readonly number[]): number[] => order.map((i) => column[i] as number);
  return {
    series: found.series,
    stampsMs: pick(found.stampsMs),
    timesMs: pick(found.timesMs),
    values: pick(found.values),
    flags: pick(found.flags),
  };
}

/** Runs of a subject's waveforms that touch the span, cut to it, with corrected starts. */
export async function waveforms(
  ports: QueryPorts,
  question: Span & { subjectId: SubjectId; metrics: readonly string[] },
): Promise<WaveformRun[]> {
  const wanted = ports.registry
    .seriesOfSubject(question.subjectId)
    .filter((s) => s.metric.kind === 'waveform' && question.metrics.includes(s.metric.key));
  const found = await Promise.all(wanted.map((series) => waveformRange(ports, series, question)));
  return found.flat();
}

async function waveformRange(
  ports: QueryPorts,
  series: Series,
  span: Span,
): Promise<WaveformRun[]> {
  const stampSpan = stampsOf(ports, series, span);
  const rows = await store.chunksBetween(ports.sql, {
    subjectId: series.subjectId,
    seriesId: series.id,
    ...stampSpan,
  });
  const runs: WaveformRun[] = [];
  for (const row of rows) {
    const decoded = decodeRuns(openChunk(ports.seal, row), zstd);
    expect(decoded.ok, 'a chunk of waveforms decodes');
    runs.push(...decoded.value);
  }
  runs.push(...(ports.heads.waveforms.get(series.id)?.unflushed() ?? []));
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
    const decoded = decodeReadings(openChunk(ports.seal, row), zstd);
    expect(decoded.ok, 'a chunk of readings decodes');
    const { stampsMs } = decoded.value;
    const lastStampMs = stampsMs.at(-1) ?? 0;
    const head = ports.heads.readingHead(series);
    head.recall(decoded.value, ports.registry.offsetOf(series, lastStampMs));
    ports.registry.noteNewestStamp(series, lastStampMs);
  }
}
