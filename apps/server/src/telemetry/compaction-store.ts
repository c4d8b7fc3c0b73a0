/** SQL of compaction: the chunks of a series that are still to be merged, and their replacement. */
import type postgres from 'postgres';
import { type ChunkRow, insertChunks } from './store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Where a series lies. */
export interface SeriesPlace {
  readonly partition: number;
  readonly subjectId: string;
  readonly seriesId: number;
}

/** A few of the series behind `after` that have open chunks, with how many they have on this page. */
export async function openSeries(
  sql: Sql,
  { after, chunks }: { after: number; chunks: number },
): Promise<{ series_id: number; chunks: number }[]> {
  return await sql`
    SELECT series_id, count(*)::integer AS chunks
    FROM (
      SELECT series_id FROM chunk WHERE NOT closed AND series_id > ${after}
      ORDER BY series_id LIMIT ${chunks}
    ) AS page
    GROUP BY series_id ORDER BY series_id`;
}

export type MarkRow = Pick<
  Required<ChunkRow>,
  'kind' | 'generation' | 'first_ms' | 'last_ms' | 'count' | 'bytes' | 'closed'
> & { readonly summarised: boolean };

/**
 * Chunks of a series in order of their first stamp, from the first on that reaches to its oldest open
 * one. Those of which retention has left the roll-ups alone are not to be merged.
 */
export async function readMarks(sql: Sql, place: SeriesPlace, limit: number): Promise<MarkRow[]> {
  const { partition, subjectId, seriesId } = place;
  return await sql`
    SELECT kind, generation, first_ms, last_ms, count, bytes, closed, summary IS NOT NULL AS summarised
    FROM chunk
    WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
      AND sealed IS NOT NULL
      AND last_ms >= (SELECT min(first_ms) FROM chunk WHERE series_id = ${seriesId} AND NOT closed)
    ORDER BY first_ms, generation LIMIT ${limit}`;
}

type ChunkName = Pick<ChunkRow, 'generation' | 'first_ms'>;

export async function readSealed(
  sql: Sql,
  place: SeriesPlace,
  chunks: readonly ChunkName[],
): Promise<(ChunkName & Pick<ChunkRow, 'sealed'>)[]> {
  const { partition, subjectId, seriesId } = place;
  return await sql`
    SELECT chunk.generation, chunk.first_ms, chunk.sealed
    FROM jsonb_to_recordset(${namesOf(chunks)}::text::jsonb) AS wanted (g bigint, f bigint)
    JOIN chunk ON chunk.first_ms = wanted.f AND chunk.generation = wanted.g
    WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
    ORDER BY chunk.generation, chunk.first_ms`;
}

export async function closeChunks(
  sql: Sql,
  place: SeriesPlace,
  chunks: readonly ChunkName[],
): Promise<void> {
  const { partition, subjectId, seriesId } = place;
  await sql`
    UPDATE chunk SET closed = true
    FROM jsonb_to_recordset(${namesOf(chunks)}::text::jsonb) AS wanted (g bigint, f bigint)
    WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
      AND first_ms = wanted.f AND generation = wanted.g`;
}

export type Replaced = 'replaced' | 'changed' | 'taken over';

/**
 * Puts new chunks where others were, all or nothing, and only while the lane is ours and every one of
 * the others is still there: what was erased or moved meanwhile is not brought back.
 */
export async function replaceChunks(
  sql: postgres.Sql,
  owner: { readonly lane: number; readonly fence: number },
  change: { place: SeriesPlace; old: readonly ChunkName[]; rows: readonly ChunkRow[] },
): Promise<Replaced> {
  const { partition, subjectId, seriesId } = change.place;
  return await sql.begin(async (tx) => {
    const ours = await tx`
      SELECT FROM lane WHERE lane = ${owner.lane} AND fence = ${owner.fence} FOR SHARE`;
    if (ours.length === 0) return 'taken over';
    // In the order in which every other statement takes them, so that none waits for the other.
    const found = await tx`
      SELECT FROM jsonb_to_recordset(${namesOf(change.old)}::text::jsonb) AS old (g bigint, f bigint)
      JOIN chunk ON chunk.first_ms = old.f AND chunk.generation = old.g
      WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
      ORDER BY chunk.first_ms, chunk.generation FOR UPDATE OF chunk`;
    if (found.length !== change.old.length) return 'changed';
    await tx`
      DELETE FROM chunk USING jsonb_to_recordset(${namesOf(change.old)}::text::jsonb) AS old (g bigint, f bigint)
      WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${seriesId}
        AND first_ms = old.f AND generation = old.g`;
    await insertChunks(tx, change.rows);
    return 'replaced';
  });
}

function namesOf(chunks: readonly ChunkName[]): string {
  return JSON.stringify(chunks.map(({ generation, first_ms }) => ({ g: generation, f: first_ms })));
}
