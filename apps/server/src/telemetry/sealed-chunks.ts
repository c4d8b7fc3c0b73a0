/** The chunks of a subject's series, found and opened: the one place where stored bytes become readings. */
import { decodeReadings, type ReadingColumns } from '@ausculta/blocks/readings-block';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import { expect } from '@ausculta/vitals/expect';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Series } from '../line/entry.ts';
import { chunkContext } from './flush.ts';
import type { Span } from './merge.ts';
import type { QueryPorts } from './query-ports.ts';
import * as store from './store.ts';
import { zstd } from './zstd.ts';

/** A flush that ends while its chunks are asked for is rare; one that does so again and again is not. */
const TRIES_MAX = 5;

/** Chunks of each series. A flush that ends meanwhile would be in neither chunks nor heads: ask again. */
export async function readChunks(
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
  const device = ports.registry.devices.get(series.deviceId);
  const { low, high } = device?.offsetSpan(series.epoch) ?? { low: 0, high: 0 };
  return { fromMs: Math.floor(span.fromMs - high), toMs: Math.ceil(span.toMs - low) };
}

/** Undefined when its subject was erased while the question was on its way. */
export function openReadings(
  ports: QueryPorts,
  series: Series,
  row: store.SealedChunk,
): ReadingColumns | undefined {
  const block = openChunk(ports, series, row);
  if (block === undefined) return undefined;
  const decoded = decodeReadings(block, zstd);
  expect(decoded.ok, 'a chunk of readings decodes');
  return decoded.value;
}

/** As `openReadings`, of a waveform. */
export function openRuns(
  ports: QueryPorts,
  series: Series,
  row: store.SealedChunk,
): readonly WaveformRun[] | undefined {
  const block = openChunk(ports, series, row);
  if (block === undefined) return undefined;
  const decoded = decodeRuns(block, zstd);
  expect(decoded.ok, 'a chunk of waveforms decodes');
  return decoded.value;
}

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
