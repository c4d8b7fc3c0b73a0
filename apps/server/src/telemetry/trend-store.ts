/** SQL of charts: where a series has chunks, and what is said beside them. */
import type postgres from 'postgres';
import type { ChunkRow } from './store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface StampQuestion {
  readonly partition: number;
  readonly subjectId: string;
  readonly seriesId: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export type ChunkSpan = Pick<ChunkRow, 'generation' | 'first_ms' | 'last_ms' | 'count'>;

/**
 * The chunks that may hold stamps from `fromMs` until before `toMs`, in order of their first one. For
 * "IS TRUE" see `chunksBetween`.
 */
export async function chunkSpans(
  sql: Sql,
  question: StampQuestion,
  limit: number,
): Promise<ChunkSpan[]> {
  const { partition, subjectId, seriesId, fromMs, toMs } = question;
  return await sql`
    SELECT generation, first_ms, last_ms, count FROM (
      SELECT generation, first_ms, last_ms, count FROM chunk
      WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
        AND first_ms >= ${fromMs}::bigint - 86400000 AND first_ms < ${toMs}
        AND last_ms >= ${fromMs} AND last_ms - first_ms <= 86400000
      UNION ALL
      SELECT generation, first_ms, last_ms, count FROM chunk
      WHERE series_id = ${seriesId} AND (subject_id = ${subjectId}) IS TRUE
        AND last_ms - first_ms > 86400000 AND last_ms >= ${fromMs} AND first_ms < ${toMs}
    ) AS found
    ORDER BY first_ms, generation LIMIT ${limit}`;
}

export type SealedSummary = Pick<Required<ChunkRow>, 'generation' | 'first_ms' | 'summary'>;

/** Of the chunks of a series whose names lie between two, both included. */
export async function summariesBetween(
  sql: Sql,
  { partition, subjectId, seriesId, fromMs, toMs }: StampQuestion,
): Promise<SealedSummary[]> {
  return await sql`
    SELECT generation, first_ms, summary FROM chunk
    WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
      AND first_ms BETWEEN ${fromMs} AND ${toMs} AND summary IS NOT NULL`;
}
