/** SQL of verifying the audit: all of it, in the order of the tree, and what the tree does not have. */
import type postgres from 'postgres';
import { type ActLeaf, hashOfAct, hashOfReads, type ReadsLeaf } from './leaf-record.ts';
import type { PlacedLeaf, StoredHead } from './tree-check.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Whoever is named by any row: one that was moved to another organisation is found there. */
export async function auditedOrganisations(sql: Sql): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT organisation_id AS id FROM audit_leaf UNION SELECT organisation_id FROM audit_read
    UNION SELECT organisation_id FROM audit_access UNION SELECT organisation_id FROM audit_place
    UNION SELECT organisation_id FROM audit_head UNION SELECT organisation_id FROM audit_waiting
    ORDER BY id`;
  return rows.map(({ id }) => id);
}

/** A verification of years takes longer than a question of somebody who waits. */
export async function takeTime(sql: Sql): Promise<void> {
  await sql`SET LOCAL statement_timeout = 0`;
  await sql`SET LOCAL idle_in_transaction_session_timeout = 0`;
}

const ROWS_AT_ONCE = 2_000;

/** With each the hash of its entry as it is now. */
export async function* placedLeaves(sql: Sql, organisationId: string): AsyncGenerator<PlacedLeaf> {
  let after = '-1';
  for (;;) {
    const rows = await sql<PlacedRow[]>`
      SELECT p.place::text AS place, p.leaf_id, p.hashes, p.kind,
        coalesce(l.organisation_id, r.organisation_id) AS organisation_id, coalesce(l.id, r.id) AS id,
        coalesce(l.at_ms, r.at_ms)::text AS at, coalesce(l.salt, r.salt) AS salt,
        l.account_id, l.act, l.target, sha256(l.detail_sealed) AS detail,
        r.until_ms::text AS until, r.count::text AS count, r.subjects::text AS subjects, r.entries
      FROM audit_place AS p
      LEFT JOIN audit_leaf AS l
        ON p.kind = 'act' AND l.organisation_id = p.organisation_id AND l.id = p.leaf_id
      LEFT JOIN audit_read AS r
        ON p.kind = 'reads' AND r.organisation_id = p.organisation_id AND r.id = p.leaf_id
      WHERE p.organisation_id = ${organisationId} AND p.place > ${after}::bigint
      ORDER BY p.place LIMIT ${PLACES_AT_ONCE}`;
    for (const row of rows) {
      const { place, leaf_id: leafId, hashes } = row;
      yield { place, leafId, hashes, hash: hashIn(row) };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.place;
  }
}

/** Undefined where the leaf is gone. */
function hashIn(row: PlacedRow): Uint8Array | undefined {
  if (row.id === null) return undefined;
  return row.kind === 'act' ? hashOfAct(row) : hashOfReads(row);
}

/** Leaves of reads have some ten kilobytes each. */
const PLACES_AT_ONCE = 500;

type PlacedRow = {
  readonly place: string;
  readonly leaf_id: string;
  readonly hashes: Uint8Array;
} & (
  | ({ readonly kind: 'act' } & ActLeaf)
  | ({ readonly kind: 'reads' } & ReadsLeaf)
  | { readonly kind: string; readonly id: null }
);

export async function* storedHeads(sql: Sql, organisationId: string): AsyncGenerator<StoredHead> {
  let after = '-1';
  for (;;) {
    const rows = await sql<StoredHead[]>`
      SELECT size::text AS size, note FROM audit_head
      WHERE organisation_id = ${organisationId} AND size > ${after}::bigint
      ORDER BY audit_head.size LIMIT ${ROWS_AT_ONCE}`;
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
    SELECT id FROM (
      SELECT organisation_id, id FROM audit_leaf UNION ALL SELECT organisation_id, id FROM audit_read)
      AS l
    WHERE organisation_id = ${organisationId}
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
      AND NOT EXISTS (SELECT FROM audit_read AS r
        WHERE w.kind = 'reads' AND r.organisation_id = w.organisation_id
          AND r.id = w.leaf_id AND r.at_ms = w.at_ms)
    LIMIT ${ROWS_AT_ONCE}`;
  return rows.map(({ leaf_id }) => leaf_id);
}

/** Where the list of accesses to a subject is not what the placed entries say. */
export async function strayAccesses(
  sql: Sql,
  organisationId: string,
): Promise<{ subject_id: string; size: string; is_listed: boolean }[]> {
  return await sql`
    WITH named AS (
      SELECT DISTINCT unnest(r.subjects) AS subject_id,
        (SELECT min(h.size) FROM audit_head AS h
          WHERE h.organisation_id = p.organisation_id AND h.size > p.place) AS size
      FROM audit_place AS p JOIN audit_read AS r
        ON r.organisation_id = p.organisation_id AND r.id = p.leaf_id
      WHERE p.organisation_id = ${organisationId} AND p.kind = 'reads'),
    listed AS (SELECT subject_id, size FROM audit_access WHERE organisation_id = ${organisationId})
    SELECT subject_id, size::text AS size, listed.size IS NOT NULL AS is_listed
    FROM named FULL JOIN listed USING (subject_id, size)
    WHERE named.size IS NULL OR listed.size IS NULL LIMIT ${ROWS_AT_ONCE}`;
}

export async function countWaiting(sql: Sql, organisationId: string): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    SELECT count(*)::int AS n FROM audit_waiting WHERE organisation_id = ${organisationId}`;
  return row?.n ?? 0;
}
