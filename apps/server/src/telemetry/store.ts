/** The telemetry engine's SQL: log tables, checkpoints, chunks, detector states. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Rows of one statement: the driver writes it in one go, and devices wait meanwhile. */
const ROWS_AT_ONCE = 100;

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

/** Moves all of a consumer's partitions to one sequence; an older fence than the table's is refused. */
export async function writeCheckpoints(
  sql: Sql,
  mark: { lane: number; sequence: number; fence: number; partitions: number },
): Promise<boolean> {
  const rows = await sql`
    INSERT INTO checkpoint (partition, lane, sequence, fence, at)
    SELECT p, ${mark.lane}, ${mark.sequence}, ${mark.fence}, now()
    FROM generate_series(0, ${mark.partitions - 1}) AS p
    ON CONFLICT (partition, lane) DO UPDATE
      SET sequence = excluded.sequence, fence = excluded.fence, at = excluded.at
      WHERE checkpoint.fence <= excluded.fence
    RETURNING 1`;
  return rows.length === mark.partitions;
}

/** Takes the lane with a new fence: whatever an older owner still writes is refused. */
export async function takeLane(sql: Sql, lane: number): Promise<number> {
  const [row] = await sql<{ fence: number }[]>`
    INSERT INTO lane (lane, fence) VALUES (${lane}, 1)
    ON CONFLICT (lane) DO UPDATE SET fence = lane.fence + 1
    RETURNING fence`;
  return row?.fence ?? 1;
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
}

export async function insertChunks(sql: Sql, rows: readonly ChunkRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    await sql`
      INSERT INTO chunk ${sql(rows.slice(at, at + ROWS_AT_ONCE))}
      ON CONFLICT DO NOTHING`;
  }
}

/** A series' chunks that may hold stamps of [fromMs, toMs), the older generation first. */
export async function chunksBetween(
  sql: Sql,
  span: { subjectId: string; seriesId: number; fromMs: number; toMs: number },
): Promise<Pick<ChunkRow, 'series_id' | 'generation' | 'first_ms' | 'sealed'>[]> {
  return await sql`
    SELECT series_id, generation, first_ms, sealed FROM chunk
    WHERE subject_id = ${span.subjectId} AND series_id = ${span.seriesId}
      AND last_ms >= ${span.fromMs} AND first_ms < ${span.toMs}
    ORDER BY generation, first_ms`;
}

/** The chunk that holds the newest reading of each series: the head knows them from the start. */
export async function newestChunks(
  sql: Sql,
): Promise<Pick<ChunkRow, 'series_id' | 'generation' | 'first_ms' | 'sealed'>[]> {
  return await sql`
    SELECT DISTINCT ON (series_id) series_id, generation, first_ms, sealed FROM chunk
    WHERE kind = 'readings'
    ORDER BY series_id, last_ms DESC, generation DESC`;
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

/** Stores events once: the same event sent twice is the same event. */
export async function insertEvents(sql: Sql, rows: readonly EventRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    await sql`
      INSERT INTO event ${sql(rows.slice(at, at + ROWS_AT_ONCE))} ON CONFLICT (subject_id, id) DO NOTHING`;
  }
}
