/** One chunk as its row: the block and its summary, each sealed for its place. */
import type { Series } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import type { EncodedChunk } from './chunk-content.ts';
import type { ChunkRow } from './store.ts';

/** The sealed form names its place: a chunk copied to another series does not open. */
export const chunkContext = (seriesId: number, generation: number, firstMs: number): string =>
  `chunk/${seriesId}/${generation}/${firstMs}`;

export const summaryContext = (seriesId: number, generation: number, firstMs: number): string =>
  `summary/${seriesId}/${generation}/${firstMs}`;

export interface ChunkPart extends EncodedChunk {
  readonly series: Series;
  readonly kind: ChunkRow['kind'];
  readonly generation: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly closed: boolean;
}

export function sealChunk(seal: Seal, part: ChunkPart): ChunkRow {
  const { series, kind, generation, firstMs, lastMs, count, closed } = part;
  const sealed = seal.seal(part.block, chunkContext(series.id, generation, firstMs));
  return {
    organisation_id: series.organisationId,
    partition: series.partition,
    subject_id: series.subjectId,
    series_id: series.id,
    kind,
    generation,
    first_ms: firstMs,
    last_ms: lastMs,
    count,
    bytes: sealed.length,
    sealed,
    summary: seal.seal(part.summary, summaryContext(series.id, generation, firstMs)),
    closed,
  };
}
