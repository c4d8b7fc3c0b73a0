/** The chunks of a subject's series, found and opened: the one place where stored bytes become readings. */
import type { Compression } from '@ausculta/blocks/compression';
import {
  type DecodedReadings,
  decodeReadings,
  type ReadingRoom,
} from '@ausculta/blocks/readings-block';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import type { UnreadablePart } from '@ausculta/contract/readings';
import { ok, type Result } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { isDamage } from '../database/fault.ts';
import type { Series } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import type { ChunkContent } from './chunk-content.ts';
import { chunkContext } from './chunk-row.ts';
import type { Span } from './merge.ts';
import type { QueryPorts } from './query-ports.ts';
import * as store from './store.ts';
import { zstd } from './zstd.ts';

/** A flush that ends while its chunks are asked for is rare; one that does so again and again is not. */
const TRIES_MAX = 5;

/**
 * Chunks of each series, and what `takeFresh` finds in the heads at the same instant. A flush that ends
 * meanwhile would be in neither, and a move that ends meanwhile in two records: then it is asked again.
 */
export async function readChunks<T>(
  ports: QueryPorts,
  { series, fromMs, toMs }: Span & { readonly series: readonly Series[] },
  takeFresh: () => T,
): Promise<{ readonly chunks: Map<number, store.SealedChunk[]>; readonly fresh: T }> {
  const asked = chunkQuestion(ports, series, { fromMs, toMs });
  for (let tries = 1; ; tries += 1) {
    const { flushes } = ports.heads;
    const { changes } = ports.registry.moves;
    const rows = await readRows(ports, organisationOf(series), asked);
    const isSame = ports.heads.flushes === flushes && ports.registry.moves.changes === changes;
    if (isSame || tries === TRIES_MAX)
      return { chunks: Map.groupBy(rows, (row) => row.series_id), fresh: takeFresh() };
  }
}

/** Where PostgreSQL itself finds a page damaged, each chunk is read alone: one does not hide the others. */
async function readRows(
  ports: QueryPorts,
  organisationId: OrganisationId,
  asked: store.ChunkQuestion,
): Promise<store.SealedChunk[]> {
  try {
    return await ports.read(organisationId, (tx) => store.chunksBetween(tx, asked));
  } catch (error) {
    if (!isDamage(error)) throw error;
    const places = await ports.read(organisationId, (tx) => store.chunkPlacesBetween(tx, asked));
    const rows: store.SealedChunk[] = [];
    for (const place of places) {
      rows.push({ ...place, sealed: await readOne(ports, organisationId, place) });
    }
    return rows;
  }
}

/** Nothing, which no key opens, where the page cannot be read. */
async function readOne(
  ports: QueryPorts,
  organisationId: OrganisationId,
  place: store.ChunkPlace,
): Promise<Uint8Array> {
  try {
    return await ports.read(organisationId, (tx) => store.sealedOf(tx, place));
  } catch (error) {
    if (!isDamage(error)) throw error;
    return new Uint8Array();
  }
}

export function organisationOf(series: readonly Series[]): OrganisationId {
  return (series[0] as Series).organisationId;
}

export function chunkQuestion(
  ports: QueryPorts,
  series: readonly Series[],
  span: Span,
): store.ChunkQuestion {
  const { partition, subjectId } = series[0] as Series;
  const wanted = series.map((one) => ({ id: one.id, ...stampsOf(ports, one, span) }));
  return { partition, subjectId, series: wanted };
}

/** The stamps that corrected times of a span can have. */
export function stampsOf(ports: QueryPorts, series: Series, span: Span): Span {
  const { low, high } = ports.offsetsOf(series).span;
  return { fromMs: Math.floor(span.fromMs - high), toMs: Math.ceil(span.toMs - low) };
}

/** Into `room`, where there is one. Undefined when its subject was erased while the question was on its way, or when it is unreadable. */
export function openReadings(
  ports: QueryPorts,
  part: ChunkOfSeries,
  { unreadable, room }: { unreadable: UnreadablePart[]; room?: ReadingRoom | undefined },
): DecodedReadings | undefined {
  const decode = (block: Uint8Array, by: Compression) => decodeReadings(block, by, room);
  return open(ports, part, { unreadable, decode });
}

/** What a chunk holds, for who puts it elsewhere: its fault where it does not open or decode. */
export function contentOf(
  seal: Seal,
  series: Series,
  row: Pick<store.SealedChunk, 'generation' | 'first_ms' | 'sealed'>,
): Result<ChunkContent> {
  const opened = seal.open(row.sealed, chunkContext(series.id, row.generation, row.first_ms));
  if (!opened.ok) return opened;
  if (series.metric.kind === 'waveform') {
    const runs = decodeRuns(opened.value, zstd);
    return runs.ok ? ok({ kind: 'waveform', runs: runs.value }) : runs;
  }
  const columns = decodeReadings(opened.value, zstd);
  return columns.ok ? ok({ kind: 'readings', columns: columns.value }) : columns;
}

/** As `openReadings`, of a waveform. */
export function openRuns(
  ports: QueryPorts,
  part: ChunkOfSeries,
  unreadable: UnreadablePart[],
): readonly WaveformRun[] | undefined {
  return open(ports, part, { unreadable, decode: decodeRuns });
}

export interface ChunkOfSeries {
  readonly series: Series;
  readonly row: store.SealedChunk;
}

export const chunkName = (row: Omit<store.SealedChunk, 'sealed'>): string =>
  `${row.series_id}/${row.generation}/${row.first_ms}`;

/**
 * A chunk that does not open or decode is not the end of the answer: the rest of the series is given,
 * and what is missing is named, to whoever asked and to whoever runs the server.
 */
function open<T>(
  ports: QueryPorts,
  { series, row }: ChunkOfSeries,
  how: { unreadable: UnreadablePart[]; decode: (block: Uint8Array, by: Compression) => Result<T> },
): T | undefined {
  const seal = ports.sealOf(series.subjectId);
  if (seal === undefined) return undefined;
  const place = chunkContext(row.series_id, row.generation, row.first_ms);
  const opened = seal.open(row.sealed, place);
  const decoded = opened.ok ? how.decode(opened.value, zstd) : opened;
  if (decoded.ok) return decoded.value;
  const chunk = chunkName(row);
  const { code, detail } = decoded.fault;
  ports.onProblem(`open chunk ${chunk}`, new Error(`${code}: ${detail ?? ''}`));
  // One that spans several windows is met in each of them.
  if (how.unreadable.some((known) => known.chunk === chunk)) return undefined;
  const timeOf = (stampMs: number): number => stampMs + ports.offsetsOf(series).at(stampMs);
  how.unreadable.push({
    metric: series.metric.key,
    device: series.deviceId,
    fromMs: timeOf(row.first_ms),
    toMs: timeOf(row.last_ms),
    chunk,
  });
  return undefined;
}
