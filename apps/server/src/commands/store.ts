/** SQL of commands: all that is sealed, row by row, and the counts that a drill compares. */
import type { Sql, Transaction } from '../database/pool.ts';

/** Where sealed bytes lie: the table, what orders its rows, and what names the place of a row's seal. */
export interface SealedTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  readonly sealed: string;
}

export type SealedRow = Readonly<Record<string, string | number | null>> & {
  readonly sealed: Uint8Array | null;
};

/** Rows after one of them, in the order of their key. The names are our own, never somebody's words. */
export async function sealedRowsAfter(
  sql: Sql | Transaction,
  { table, key, columns, sealed }: SealedTable,
  page: { after: readonly (string | number)[] | undefined; limit: number; withSealed: boolean },
): Promise<SealedRow[]> {
  const { after, limit, withSealed } = page;
  const names = [...new Set([...key, ...columns])].join(', ');
  const order = key.join(', ');
  const parameters = after?.map((_, index) => `$${index + 1}`).join(', ');
  const isAfter = parameters === undefined ? 'true' : `(${order}) > (${parameters})`;
  return await sql.unsafe<SealedRow[]>(
    `SELECT ${names}, ${withSealed ? sealed : 'NULL::bytea'} AS sealed FROM ${table}
     WHERE ${sealed} IS NOT NULL AND ${isAfter} ORDER BY ${order} LIMIT ${limit}`,
    [...(after ?? [])],
  );
}

/** What a drill compares before a backup and after its restore. */
export interface Counts {
  readonly subjects: number;
  readonly devices: number;
  readonly chunks: number;
  readonly readings: number;
  readonly samples: number;
  readonly events: number;
  readonly alarms: number;
}

export async function readCounts(sql: Sql | Transaction): Promise<Counts> {
  const [counts] = await sql<Counts[]>`
    SELECT
      (SELECT count(*) FROM subject) AS subjects,
      (SELECT count(*) FROM device) AS devices,
      (SELECT count(*) FROM chunk) AS chunks,
      (SELECT coalesce(sum(count), 0)::bigint FROM chunk WHERE kind = 'readings') AS readings,
      (SELECT coalesce(sum(count), 0)::bigint FROM chunk WHERE kind = 'waveform') AS samples,
      (SELECT count(*) FROM event) AS events,
      (SELECT count(*) FROM alarm) AS alarms`;
  return counts as Counts;
}

/** For as long as the transaction is open, another program may read what it reads. */
export async function exportSnapshot(tx: Transaction): Promise<string> {
  const [row] = await tx<{ name: string }[]>`SELECT pg_export_snapshot() AS name`;
  return row?.name ?? '';
}
