/** The telemetry engine's SQL: log tables, checkpoints, chunks, detector states. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import type { PartitionSpan } from './flush-turns.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Rows of one statement: the driver writes it in one go, and devices wait meanwhile. */
const ROWS_AT_ONCE = 25;

/** One table an hour: log_2026112103. They are dropped whole, rows are never deleted. */
export function logTableName(atMs: number): string {
  const hour = new Date(atMs).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');
  return `log_${hour}`;
}

const LOG_TABLE = /^log_\d{10}$/;

/** Makes the hour's table; two servers may try at once. Only the telemetry engine's scope sees rows. */
export async function createLogTable(sql: Sql, table: string): Promise<void> {
  await sql`
    CREATE TABLE IF NOT EXISTS ${sql(table)} (
      lane smallint NOT NULL,
      sequence bigint NOT NULL,
      fence bigint NOT NULL,
      base_ms bigint NOT NULL,
      sealed bytea NOT NULL,
      PRIMARY KEY (lane, sequence))`;
  await sql`ALTER TABLE ${sql(table)} ALTER COLUMN sealed SET STORAGE EXTERNAL`;
  await sql`ALTER TABLE ${sql(table)} ENABLE ROW LEVEL SECURITY`;
  await sql`ALTER TABLE ${sql(table)} FORCE ROW LEVEL SECURITY`;
  await sql`DROP POLICY IF EXISTS line_only ON ${sql(table)}`;
  await sql`
    CREATE POLICY line_only ON ${sql(table)}
    USING (current_setting('ausculta.scope', true) = 'line')`;
}

export interface LogRow {
  readonly lane: number;
  readonly sequence: number;
  readonly base_ms: number;
  readonly sealed: Uint8Array;
}

/**
 * Appends one group commit, while the lane is still ours: the lock makes a new owner wait for commits
 * that are under way. A retry after a lost answer finds its own row. False: somebody has taken over.
 */
export async function appendLogRow(
  sql: Sql,
  table: string,
  row: LogRow & { readonly fence: number },
): Promise<boolean> {
  const { lane, sequence, fence, base_ms, sealed } = row;
  const added = await sql`
    WITH ours AS (SELECT lane FROM lane WHERE lane = ${lane} AND fence = ${fence} FOR SHARE)
    INSERT INTO ${sql(table)} (lane, sequence, fence, base_ms, sealed)
    SELECT ${lane}, ${sequence}, ${fence}, ${base_ms}, ${sealed} FROM ours
    ON CONFLICT (lane, sequence) DO NOTHING RETURNING 1`;
  if (added.length === 1) return true;
  const known = await sql`
    SELECT FROM ${sql(table)} WHERE lane = ${lane} AND sequence = ${sequence} AND fence = ${fence}`;
  return known.length === 1;
}

/** The log tables that exist, oldest first. */
export async function listLogTables(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = current_schema() AND c.relname LIKE 'log\\_%'
    ORDER BY c.relname`;
  return rows.map((row) => row.name).filter((name) => LOG_TABLE.test(name));
}

export async function dropLogTable(sql: Sql, table: string): Promise<void> {
  await sql`DROP TABLE IF EXISTS ${sql(table)}`;
}

/** The last durable sequence of a lane, wherever it stands. */
export async function lastSequence(
  sql: Sql,
  lane: number,
  tables: readonly string[],
): Promise<number> {
  const [checkpoint] = await sql<{ sequence: number | null }[]>`
    SELECT max(sequence) AS sequence FROM checkpoint WHERE lane = ${lane}`;
  let last = checkpoint?.sequence ?? 0;
  for (const table of tables) {
    const [row] = await sql<{ sequence: number | null }[]>`
      SELECT max(sequence) AS sequence FROM ${sql(table)} WHERE lane = ${lane}`;
    last = Math.max(last, row?.sequence ?? 0);
  }
  return last;
}

/** Rows of one table behind a sequence, a few at a time, in commit order. */
export async function* logRowsAfter(
  sql: Sql,
  table: string,
  after: { lane: number; sequence: number },
): AsyncGenerator<LogRow> {
  const cursor = sql<LogRow[]>`
    SELECT lane, sequence, base_ms, sealed FROM ${sql(table)}
    WHERE lane = ${after.lane} AND sequence > ${after.sequence}
    ORDER BY sequence`.cursor(64);
  for await (const rows of cursor) yield* rows;
}

export async function readCheckpoints(sql: Sql, lane: number): Promise<Map<number, number>> {
  const rows = await sql<{ partition: number; sequence: number }[]>`
    SELECT partition, sequence FROM checkpoint WHERE lane = ${lane}`;
  return new Map(rows.map((row) => [row.partition, row.sequence]));
}

/**
 * Moves partitions of a consumer to one sequence, while the lane is still ours: a new owner waits
 * for a flush that is under way, and then no older one succeeds.
 */
export async function writeCheckpoints(
  sql: Sql,
  mark: { lane: number; sequence: number; fence: number; span: PartitionSpan },
): Promise<boolean> {
  const rows = await sql`
    WITH ours AS (
      SELECT lane FROM lane WHERE lane = ${mark.lane} AND fence = ${mark.fence} FOR SHARE)
    INSERT INTO checkpoint (partition, lane, sequence, fence, at)
    SELECT p, ours.lane, ${mark.sequence}, ${mark.fence}, now()
    FROM ours CROSS JOIN generate_series(${mark.span.from}::int, ${mark.span.until - 1}::int) AS p
    ON CONFLICT (partition, lane) DO UPDATE
      SET sequence = excluded.sequence, fence = excluded.fence, at = excluded.at
      WHERE checkpoint.fence <= excluded.fence
    RETURNING 1`;
  return rows.length === mark.span.until - mark.span.from;
}

/** Takes the lane with a new fence: whatever an older owner still writes is refused. */
export async function takeLane(sql: Sql, lane: number): Promise<number> {
  const [row] = await sql<{ fence: number }[]>`
    INSERT INTO lane (lane, fence) VALUES (${lane}, 1)
    ON CONFLICT (lane) DO UPDATE SET fence = lane.fence + 1
    RETURNING fence`;
  return row?.fence ?? 1;
}

/** Whether the lane is still ours; whoever takes it waits until this transaction is over. */
export async function holdLane(sql: Sql, owner: { lane: number; fence: number }): Promise<boolean> {
  const rows = await sql`
    SELECT FROM lane WHERE lane = ${owner.lane} AND fence = ${owner.fence} FOR SHARE`.execute();
  return rows.length === 1;
}

export interface ChunkRow {
  readonly organisation_id: OrganisationId;
  readonly partition: number;
  readonly subject_id: SubjectId;
  readonly series_id: number;
  readonly kind: 'readings' | 'waveform';
  readonly first_ms: number;
  readonly last_ms: number;
  readonly generation: number;
  readonly count: number;
  readonly bytes: number;
  readonly sealed: Uint8Array;
  /** What the block holds, sealed like it; chunks of before have none. */
  readonly summary?: Uint8Array;
  /** Large enough; without it compaction looks at the chunk. */
  readonly closed?: boolean;
}

export async function insertChunks(sql: Sql, rows: readonly ChunkRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    await sql`
      INSERT INTO chunk ${sql(rows.slice(at, at + ROWS_AT_ONCE))}
      ON CONFLICT DO NOTHING`;
  }
}

/** Series of one subject, each with the stamps that are asked for: [fromMs, toMs). */
export interface ChunkQuestion {
  readonly partition: number;
  readonly subjectId: string;
  readonly series: readonly {
    readonly id: number;
    readonly fromMs: number;
    readonly toMs: number;
  }[];
}

export type ChunkPlace = Pick<
  ChunkRow,
  'series_id' | 'generation' | 'first_ms' | 'last_ms' | 'count'
>;
export type SealedChunk = ChunkPlace & Pick<ChunkRow, 'sealed'>;

/**
 * The chunks that may hold such stamps, series by series, the older generation first. Those that span
 * more than a day have an index of their own (0003-long-chunks.sql); "IS TRUE" keeps PostgreSQL from
 * leaving it for the table's key, whose 256 partitions it would look through one by one.
 */
export async function chunksBetween(sql: Sql, question: ChunkQuestion): Promise<SealedChunk[]> {
  return await foundBetween(sql, question, sql`found.sealed`);
}

/** The same without what is sealed: where a page of that is damaged. */
export async function chunkPlacesBetween(sql: Sql, question: ChunkQuestion): Promise<ChunkPlace[]> {
  return await foundBetween<ChunkPlace>(sql, question, sql`found.series_id`);
}

export async function sealedOf(sql: Sql, place: ChunkPlace): Promise<Uint8Array> {
  const [row] = await sql<{ sealed: Uint8Array }[]>`
    SELECT sealed FROM chunk
    WHERE series_id = ${place.series_id} AND last_ms = ${place.last_ms}
      AND generation = ${place.generation} AND first_ms = ${place.first_ms}`;
  return row?.sealed ?? new Uint8Array();
}

async function foundBetween<Found extends ChunkPlace = SealedChunk>(
  sql: Sql,
  question: ChunkQuestion,
  also: postgres.PendingQuery<postgres.Row[]>,
): Promise<Found[]> {
  const { partition, subjectId, series } = question;
  const wanted = JSON.stringify(series);
  return await sql<Found[]>`
    SELECT found.series_id, found.generation, found.first_ms, found.last_ms, found.count, ${also}
    FROM jsonb_to_recordset(${wanted}::text::jsonb) AS wanted ("id" bigint, "fromMs" bigint, "toMs" bigint)
    CROSS JOIN LATERAL (
      SELECT series_id, generation, first_ms, last_ms, count, sealed FROM chunk
      WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = wanted."id"
        AND first_ms >= wanted."fromMs" - 86400000 AND first_ms < wanted."toMs"
        AND last_ms >= wanted."fromMs" AND last_ms - first_ms <= 86400000 AND sealed IS NOT NULL
      UNION ALL
      SELECT series_id, generation, first_ms, last_ms, count, sealed FROM chunk
      WHERE series_id = wanted."id" AND (subject_id = ${subjectId}) IS TRUE
        AND last_ms - first_ms > 86400000 AND sealed IS NOT NULL
        AND last_ms >= wanted."fromMs" AND first_ms < wanted."toMs"
    ) AS found
    ORDER BY found.series_id, found.generation, found.first_ms`;
}

/** How much of each series a window may hold: what is reached first ends it. */
export interface WindowSize {
  readonly chunks: number;
  readonly readings: number;
}

type Border = { readonly series_id: number; readonly at_ms: number };

/** For each series: where the chunk begins that comes after so many; a series with fewer is left out. */
export async function chunkStarts(
  sql: Sql,
  question: ChunkQuestion,
  size: WindowSize,
): Promise<Border[]> {
  const { partition, subjectId, series } = question;
  return await sql`
    SELECT wanted."id" AS series_id, next.at_ms
    FROM jsonb_to_recordset(${JSON.stringify(series)}::text::jsonb)
      AS wanted ("id" bigint, "fromMs" bigint, "toMs" bigint)
    CROSS JOIN LATERAL (
      SELECT first_ms AS at_ms FROM (
        SELECT first_ms, row_number() OVER before AS chunks, sum(count) OVER before AS readings
        FROM (
          SELECT first_ms, count FROM chunk
          WHERE partition = ${partition} AND subject_id = ${subjectId} AND series_id = wanted."id"
            AND first_ms >= wanted."fromMs" AND first_ms < wanted."toMs"
          ORDER BY first_ms LIMIT ${size.chunks + 1}
        ) AS nearest
        WINDOW before AS (ORDER BY first_ms ROWS UNBOUNDED PRECEDING)
      ) AS counted
      WHERE chunks > ${size.chunks} OR (chunks > 1 AND readings > ${size.readings})
      ORDER BY chunks LIMIT 1
    ) AS next`;
}

/** The same from the end back: where the chunk ends that comes before so many. */
export async function chunkEnds(
  sql: Sql,
  question: ChunkQuestion,
  size: WindowSize,
): Promise<Border[]> {
  const { subjectId, series } = question;
  return await sql`
    SELECT wanted."id" AS series_id, previous.at_ms
    FROM jsonb_to_recordset(${JSON.stringify(series)}::text::jsonb)
      AS wanted ("id" bigint, "fromMs" bigint, "toMs" bigint)
    CROSS JOIN LATERAL (
      SELECT last_ms AS at_ms FROM (
        SELECT last_ms, row_number() OVER after AS chunks, sum(count) OVER after AS readings
        FROM (
          SELECT last_ms, count FROM chunk
          WHERE series_id = wanted."id" AND subject_id = ${subjectId}
            AND last_ms >= wanted."fromMs" AND last_ms < wanted."toMs"
          ORDER BY last_ms DESC LIMIT ${size.chunks + 1}
        ) AS nearest
        WINDOW after AS (ORDER BY last_ms DESC ROWS UNBOUNDED PRECEDING)
      ) AS counted
      WHERE chunks > ${size.chunks} OR (chunks > 1 AND readings > ${size.readings})
      ORDER BY chunks LIMIT 1
    ) AS previous`;
}

/** The chunk that holds the newest reading of each series: the head knows them from the start. */
export async function newestChunks(sql: Sql): Promise<SealedChunk[]> {
  return await sql`
    SELECT newest.series_id, newest.generation, newest.first_ms, newest.last_ms, newest.count,
      newest.sealed
    FROM series CROSS JOIN LATERAL (
      SELECT * FROM chunk WHERE chunk.series_id = series.id AND sealed IS NOT NULL
      ORDER BY last_ms DESC, generation DESC LIMIT 1
    ) AS newest
    WHERE newest.kind = 'readings'`;
}

export async function newestChunkOf(sql: Sql, seriesId: number): Promise<SealedChunk[]> {
  return await sql`
    SELECT series_id, generation, first_ms, last_ms, count, sealed FROM chunk
    WHERE series_id = ${seriesId} AND kind = 'readings'
    ORDER BY last_ms DESC, generation DESC LIMIT 1`;
}

/** How far the stored samples of each waveform reach. */
export async function newestSamples(sql: Sql): Promise<{ series_id: number; last_ms: number }[]> {
  return await sql`
    SELECT series.id AS series_id, newest.last_ms
    FROM series CROSS JOIN LATERAL (
      SELECT kind, last_ms FROM chunk WHERE chunk.series_id = series.id
      ORDER BY last_ms DESC, generation DESC LIMIT 1
    ) AS newest
    WHERE newest.kind = 'waveform'`;
}

export interface DetectorStateRow {
  readonly organisation_id: OrganisationId;
  readonly partition: number;
  readonly subject_id: SubjectId;
  readonly sealed: Uint8Array;
}

export async function writeDetectorStates(
  sql: Sql,
  rows: readonly DetectorStateRow[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    await sql`
      INSERT INTO detector_state ${sql(rows.slice(at, at + ROWS_AT_ONCE))}
      ON CONFLICT (partition, subject_id) DO UPDATE SET sealed = excluded.sealed`;
  }
}

export async function readDetectorStates(
  sql: Sql,
): Promise<Pick<DetectorStateRow, 'subject_id' | 'sealed'>[]> {
  return await sql`SELECT subject_id, sealed FROM detector_state`;
}

export interface EventRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly id: string;
  readonly device_id: string;
  readonly kind: string;
  readonly stamp_ms: number | null;
  readonly placed_ms: number;
  readonly received_ms: number;
  readonly sealed: Uint8Array;
}

export interface EventQuestion {
  readonly subjectId: SubjectId;
  readonly fromMs: number;
  readonly toMs: number;
  /** Those after this one in the answer's order, which is from the newest back. */
  readonly after: { readonly placedMs: number; readonly id: string };
  readonly limit: number;
}

/** The newest first; of one time, the greatest id first. */
export async function eventsBefore(sql: Sql, question: EventQuestion): Promise<EventRow[]> {
  const { subjectId, fromMs, toMs, after, limit } = question;
  return await sql`
    SELECT organisation_id, subject_id, id, device_id, kind, stamp_ms, placed_ms, received_ms, sealed
    FROM event
    WHERE subject_id = ${subjectId} AND placed_ms >= ${fromMs} AND placed_ms < ${toMs}
      AND placed_ms <= ${after.placedMs}
      AND (placed_ms < ${after.placedMs} OR id COLLATE "C" < ${after.id})
    ORDER BY placed_ms DESC, id COLLATE "C" DESC LIMIT ${limit}`;
}

/** Stores events once: the same event sent twice is the same event. */
export async function insertEvents(sql: Sql, rows: readonly EventRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    await sql`
      INSERT INTO event ${sql(rows.slice(at, at + ROWS_AT_ONCE))} ON CONFLICT (subject_id, id) DO NOTHING`;
  }
}
