/** SQL of moving a device's measurements from one subject to another: a few rows at a time, out and in. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import type { Series } from '../line/entry.ts';
import { type ChunkRow, type EventRow, insertEvents } from './store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

export type MovableChunk = Pick<
  ChunkRow,
  'kind' | 'first_ms' | 'last_ms' | 'generation' | 'count' | 'sealed'
>;

type ChunkName = Pick<ChunkRow, 'first_ms' | 'generation'>;

/** Where a look at a series has come to: behind this chunk. */
export interface ChunkCursor {
  readonly firstMs: number;
  readonly generation: number;
}

/** Chunks of a series that may hold such stamps, in order of their names. */
export async function chunksWithin(
  sql: Sql,
  { partition, subjectId, id }: Series,
  part: { fromMs: number; untilMs: number; after: ChunkCursor; limit: number },
): Promise<MovableChunk[]> {
  const { fromMs, untilMs, after, limit } = part;
  return await sql`
    SELECT kind, first_ms, last_ms, generation, count, sealed FROM chunk
    WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${id}
      AND first_ms < ${untilMs} AND last_ms >= ${fromMs} AND octet_length(sealed) > 0
      AND (first_ms, generation) > (${after.firstMs}, ${after.generation})
    ORDER BY first_ms, generation LIMIT ${limit}`;
}

/** Takes chunks out, all or nothing: false when one of them is not there any more. */
export async function takeChunks(
  sql: Sql,
  { partition, subjectId, id }: Series,
  chunks: readonly ChunkName[],
): Promise<boolean> {
  const names = namesOf(chunks);
  // In the order in which every other statement takes them, so that none waits for the other.
  const found = await sql`
    SELECT FROM jsonb_to_recordset(${names}::text::jsonb) AS old (g bigint, f bigint)
    JOIN chunk ON chunk.first_ms = old.f AND chunk.generation = old.g
    WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${id}
    ORDER BY chunk.first_ms, chunk.generation FOR UPDATE OF chunk`;
  if (found.length !== chunks.length) return false;
  await sql`
    DELETE FROM chunk USING jsonb_to_recordset(${names}::text::jsonb) AS old (g bigint, f bigint)
    WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${id}
      AND first_ms = old.f AND generation = old.g`;
  return true;
}

/** Of the names that these chunks would have, those that others have already. */
export async function namesTaken(
  sql: Sql,
  { partition, subjectId, id }: Series,
  names: readonly ChunkName[],
): Promise<ChunkName[]> {
  return await sql`
    SELECT chunk.first_ms, chunk.generation
    FROM jsonb_to_recordset(${namesOf(names)}::text::jsonb) AS wanted (g bigint, f bigint)
    JOIN chunk ON chunk.first_ms = wanted.f AND chunk.generation = wanted.g
    WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = ${id}`;
}

function namesOf(chunks: readonly ChunkName[]): string {
  return JSON.stringify(chunks.map(({ generation, first_ms }) => ({ g: generation, f: first_ms })));
}

export interface MovableSpan {
  readonly subjectId: SubjectId;
  readonly deviceId: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A few of the events of a device that were placed in a span, behind one of them. */
export async function eventsWithin(
  sql: Sql,
  { subjectId, deviceId, fromMs, untilMs }: MovableSpan,
  { after, limit }: { after: string; limit: number },
): Promise<EventRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, device_id, kind, stamp_ms, placed_ms, received_ms, sealed
    FROM event
    WHERE subject_id = ${subjectId} AND device_id = ${deviceId}
      AND placed_ms >= ${fromMs} AND placed_ms < ${untilMs} AND id COLLATE "C" > ${after}
    ORDER BY id COLLATE "C" LIMIT ${limit}`;
}

/** An event that was there already is the same event. */
export async function replaceEvents(
  sql: Sql,
  change: { from: SubjectId; ids: readonly string[]; rows: readonly EventRow[] },
): Promise<void> {
  await sql`
    DELETE FROM event
    WHERE subject_id = ${change.from} AND id = ANY(${change.ids as string[]}::text[])`;
  await insertEvents(sql, change.rows);
}

export interface ParkedSealed {
  readonly id: string;
  readonly device_id: string;
  readonly message_id: string;
  readonly message_sealed: Uint8Array | null;
}

/** What could not be placed, of a device, received in a span and sealed for that subject. */
export async function parkedWithin(
  sql: Sql,
  { subjectId, deviceId, fromMs, untilMs }: MovableSpan,
  { after, limit }: { after: string; limit: number },
): Promise<ParkedSealed[]> {
  return await sql`
    SELECT id, device_id, message_id, message_sealed FROM parked
    WHERE subject_id = ${subjectId} AND device_id = ${deviceId}
      AND received_ms >= ${fromMs} AND received_ms < ${untilMs}
      AND (${after} = '' OR id > nullif(${after}, '')::uuid)
    ORDER BY id LIMIT ${limit}`;
}

export async function sealParkedAnew(
  sql: Sql,
  to: SubjectId,
  rows: readonly Pick<ParkedSealed, 'id' | 'message_sealed'>[],
): Promise<void> {
  for (const { id, message_sealed } of rows) {
    await sql`
      UPDATE parked SET subject_id = ${to}, message_sealed = ${message_sealed} WHERE id = ${id}`;
  }
}
