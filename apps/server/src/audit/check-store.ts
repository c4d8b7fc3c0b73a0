/** SQL of verifying the audit: all of it, in the order of the tree, and what the tree does not have. */
import type postgres from 'postgres';
import { type ActLeaf, hashOfAct } from './leaf-record.ts';
import type { PlacedLeaf, StoredHead } from './tree-check.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Whoever is named by any row: one that was moved to another organisation is found there. */
export async function auditedOrganisations(sql: Sql): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT organisation_id AS id FROM audit_leaf UNION SELECT organisation_id FROM audit_place
    UNION SELECT organisation_id FROM audit_head UNION SELECT organisation_id FROM audit_waiting
    ORDER BY id`;
  return rows.map(({ id }) => id);
}

/** A verification of years takes longer than a question of somebody who waits. */
export async function takeTime(sql: Sql): Promise<void> {
  await sql`SET LOCAL statement_timeout = 0`;
}

const ROWS_AT_ONCE = 2_000;

/** With each the hash of its entry as it is now. */
export async function* placedLeaves(sql: Sql, organisationId: string): AsyncGenerator<PlacedLeaf> {
  let after = '-1';
  for (;;) {
    const rows = await sql<PlacedRow[]>`
      SELECT p.place::text AS place, p.leaf_id, p.hashes,
        l.organisation_id, l.id, l.at_ms::text AS at, l.account_id, l.act, l.target, l.salt,
        sha256(l.detail_sealed) AS detail
      FROM audit_place AS p
      LEFT JOIN audit_leaf AS l
        ON p.kind = 'act' AND l.organisation_id = p.organisation_id AND l.id = p.leaf_id
      WHERE p.organisation_id = ${organisationId} AND p.place > ${after}::bigint
      ORDER BY p.place LIMIT ${ROWS_AT_ONCE}`;
    for (const row of rows) {
      const { place, leaf_id: leafId, hashes } = row;
      yield { place, leafId, hashes, hash: row.id === null ? undefined : hashOfAct(row) };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.place;
  }
}

type PlacedRow = {
  readonly place: string;
  readonly leaf_id: string;
  readonly hashes: Uint8Array;
} & (ActLeaf | { readonly id: null });

export async function* storedHeads(sql: Sql, organisationId: string): AsyncGenerator<StoredHead> {
  let after = '-1';
  for (;;) {
    const rows = await sql<StoredHead[]>`
      SELECT size::text AS size, note FROM audit_head
      WHERE organisation_id = ${organisationId} AND size > ${after}::bigint
      ORDER BY size LIMIT ${ROWS_AT_ONCE}`;
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.size;
  }
}

export async function notesOfSizes(
  sql: Sql,
  organisationId: string,
  sizes: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const rows = await sql<{ size: number; note: string }[]>`
    SELECT size, note FROM audit_head
    WHERE organisation_id = ${organisationId} AND size = ANY(${[...sizes]}::bigint[])`;
  return new Map(rows.map(({ size, note }) => [size, note]));
}

/** Entries that neither have a place nor wait for one. */
export async function strayLeaves(sql: Sql, organisationId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM audit_leaf AS l WHERE organisation_id = ${organisationId}
      AND NOT EXISTS (SELECT FROM audit_place AS p
        WHERE p.organisation_id = l.organisation_id AND p.leaf_id = l.id)
      AND NOT EXISTS (SELECT FROM audit_waiting AS w
        WHERE w.organisation_id = l.organisation_id AND w.leaf_id = l.id)
    LIMIT ${ROWS_AT_ONCE}`;
  return rows.map(({ id }) => id);
}

/** What waits for a place and is not there, or not as it was when it began to wait. */
export async function strayWaiting(sql: Sql, organisationId: string): Promise<string[]> {
  const rows = await sql<{ leaf_id: string }[]>`
    SELECT leaf_id FROM audit_waiting AS w WHERE organisation_id = ${organisationId}
      AND NOT EXISTS (SELECT FROM audit_leaf AS l
        WHERE w.kind = 'act' AND l.organisation_id = w.organisation_id
          AND l.id = w.leaf_id AND l.at_ms = w.at_ms)
    LIMIT ${ROWS_AT_ONCE}`;
  return rows.map(({ leaf_id }) => leaf_id);
}

export async function countWaiting(sql: Sql, organisationId: string): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    SELECT count(*)::int AS n FROM audit_waiting WHERE organisation_id = ${organisationId}`;
  return row?.n ?? 0;
}
