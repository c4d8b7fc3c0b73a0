/** SQL of retention: chunks whose time is over, a few at a time. */
import type postgres from 'postgres';
import type { SeriesPlace } from './compaction-store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface Expired extends SeriesPlace {
  /** Chunks that end before this stamp. */
  readonly beforeMs: number;
  readonly limit: number;
}

/** Leaves the summaries; a chunk that has none yet is left for compaction first. How many there were. */
export async function dropBlocks(sql: Sql, expired: Expired): Promise<number> {
  const { partition, subjectId, seriesId, beforeMs, limit } = expired;
  const { count } = await sql`
    UPDATE chunk SET sealed = NULL, closed = true WHERE ctid IN (
      SELECT ctid FROM chunk
      WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
        AND last_ms < ${beforeMs} AND sealed IS NOT NULL AND summary IS NOT NULL
      LIMIT ${limit})`;
  return count;
}

export async function dropChunks(sql: Sql, expired: Expired): Promise<number> {
  const { partition, subjectId, seriesId, beforeMs, limit } = expired;
  const { count } = await sql`
    DELETE FROM chunk WHERE ctid IN (
      SELECT ctid FROM chunk
      WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
        AND last_ms < ${beforeMs}
      LIMIT ${limit})`;
  return count;
}
