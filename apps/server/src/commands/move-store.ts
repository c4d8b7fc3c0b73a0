/** SQL of export and import: rows as JSON, whatever their columns are, and back. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';
import { PARTITIONS } from '../line/entry.ts';

/** Names are our own. `sealed` is the column whose content goes beside the row, opened. */
export interface MovedTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly sealed?: string;
}

export type JsonRow = Record<string, unknown>;

export interface MovedRow {
  readonly row: JsonRow;
  readonly sealed: Uint8Array | null;
}

export async function movedRowsAfter(
  sql: Sql | Transaction,
  { table, key, sealed }: MovedTable,
  page: { organisationId: OrganisationId; after: readonly unknown[] | undefined; limit: number },
): Promise<MovedRow[]> {
  const { organisationId, after, limit } = page;
  const order = key.join(', ');
  const parameters = after?.map((_, index) => `$${index + 2}`).join(', ');
  const isAfter = parameters === undefined ? 'true' : `(${order}) > (${parameters})`;
  const row = sealed === undefined ? 'to_jsonb(t)' : `to_jsonb(t) - '${sealed}'`;
  return await sql.unsafe<MovedRow[]>(
    `SELECT ${row} AS row, ${sealed ?? 'NULL::bytea'} AS sealed FROM ${table} AS t
     WHERE organisation_id = $1 AND ${isAfter} ORDER BY ${order} LIMIT ${limit}`,
    [organisationId, ...((after ?? []) as never[])],
  );
}

/** How many were not there before. What is there already stays as it is. */
export async function insertMoved(
  sql: Sql | Transaction,
  table: string,
  rows: readonly JsonRow[],
): Promise<number> {
  const added = await sql.unsafe(
    `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::text::jsonb)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [JSON.stringify(rows)],
  );
  return added.length;
}

/** The ids of series are kept where they are free; the next new one comes after all of them. */
export async function keepSeriesIds(sql: Transaction): Promise<void> {
  await sql`
    SELECT setval('series_id', greatest(last_value, (SELECT coalesce(max(id), 1) FROM series)))
    FROM series_id`;
}

export async function seriesIdOf(sql: Transaction, row: JsonRow): Promise<number | undefined> {
  const { subject_id, device_id, metric, epoch } = row as Record<string, string>;
  const [found] = await sql<{ id: number }[]>`
    SELECT id FROM series WHERE subject_id = ${subject_id ?? ''} AND device_id = ${device_id ?? ''}
      AND metric = ${metric ?? ''} AND epoch = ${Number(epoch)}`;
  return found?.id;
}

/**
 * The last commit of the log, and how far all of it has been flushed to chunks: nowhere, while a
 * partition has never had its turn.
 */
export async function readProgress(
  sql: Sql,
  logTables: readonly string[],
): Promise<{ last: number; flushed: number }> {
  const [mark] = await sql<{ partitions: number; oldest: number | null }[]>`
    SELECT count(*)::int AS partitions, min(sequence) AS oldest FROM checkpoint`;
  const flushed = mark?.partitions === PARTITIONS ? (mark.oldest ?? 0) : 0;
  let last = flushed;
  for (const table of logTables) {
    const [row] = await sql<{ newest: number | null }[]>`
      SELECT max(sequence) AS newest FROM ${sql(table)}`;
    last = Math.max(last, row?.newest ?? 0);
  }
  return { last, flushed };
}

/** Later flushes here must be later than those that were imported: the later is read. */
export async function passGenerations(sql: Transaction, partitions: number): Promise<void> {
  await sql`
    INSERT INTO checkpoint (partition, lane, sequence, fence)
    SELECT p, 0, newest.generation, coalesce((SELECT fence FROM lane WHERE lane = 0), 0)
    FROM generate_series(0, ${partitions - 1}) AS p,
      (SELECT coalesce(max(generation), 0) AS generation FROM chunk) AS newest
    ON CONFLICT (partition, lane) DO UPDATE
      SET sequence = greatest(checkpoint.sequence, excluded.sequence)`;
}

export async function ownerOfDevice(sql: Transaction, id: string): Promise<string | undefined> {
  const [row] = await sql<{ organisation_id: string }[]>`
    SELECT organisation_id FROM device WHERE id = ${id}`;
  return row?.organisation_id;
}

/** All that is read is as of one moment, for as long as it takes; row-level security holds all the same. */
export async function readAtOneMoment<T>(
  sql: Sql,
  read: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const { value } = await sql.begin('isolation level repeatable read read only', async (tx) => {
    await tx`SET LOCAL idle_in_transaction_session_timeout = 0`;
    return { value: await read(tx) };
  });
  return value;
}

export async function nextSeriesId(sql: Transaction): Promise<number> {
  const [row] = await sql<{ id: number }[]>`SELECT nextval('series_id') AS id`;
  return row?.id ?? 0;
}

export async function organisationIds(sql: Sql | Transaction): Promise<OrganisationId[]> {
  const rows = await sql<{ id: OrganisationId }[]>`SELECT id FROM organisation ORDER BY created_at`;
  return rows.map(({ id }) => id);
}
