/** SQL of verifying the audit: all of it, in the order of the tree, and what the tree does not have. */
import type postgres from 'postgres';
import { type ActLeaf, hashOfAct, hashOfReads, type ReadsLeaf } from './leaf-record.ts';
import type { PlacedLeaf, StoredHead } from './tree-check.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Whoever is named by any row: one that was moved to another organisation is found there. */
export async function auditedOrganisations(sql: Sql): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const next = await organisationAfter(sql, found.at(-1));
    if (next === undefined) return found;
    found.push(next);
  }
}

/** By the beginning of an index each: no table is read through. */
async function organisationAfter(sql: Sql, id: string | undefined): Promise<string | undefined> {
  const next = id === undefined ? sql`` : sql`WHERE organisation_id > ${id}`;
  const first = sql`${next} ORDER BY organisation_id LIMIT 1`;
  const [row] = await sql<{ id: string }[]>`
    SELECT organisation_id AS id FROM (
      (SELECT organisation_id FROM audit_leaf ${first}) UNION ALL
      (SELECT organisation_id FROM audit_read ${first}) UNION ALL
      (SELECT organisation_id FROM audit_access ${first}) UNION ALL
      (SELECT organisation_id FROM audit_place ${first}) UNION ALL
      (SELECT organisation_id FROM audit_head ${first}) UNION ALL
      (SELECT organisation_id FROM audit_waiting ${first})) AS firsts
    ORDER BY id LIMIT 1`;
  return row?.id;
}

/** What is verified ends here: what comes while it is looked at is of the next time. Null: there is none. */
export interface End {
  readonly place: string | null;
  readonly size: string | null;
}

export async function endOf(sql: Sql, organisationId: string): Promise<End> {
  const [row] = await sql<End[]>`
    SELECT (SELECT max(place) FROM audit_place WHERE organisation_id = ${organisationId})::text AS place,
      (SELECT max(size) FROM audit_head WHERE organisation_id = ${organisationId})::text AS size`;
  return row ?? { place: null, size: null };
}

/** A verification of years takes longer than a question of somebody who waits. */
export async function takeTime(sql: Sql): Promise<void> {
  await sql`SET LOCAL statement_timeout = 0`;
  await sql`SET LOCAL idle_in_transaction_session_timeout = 0`;
}

const ROWS_AT_ONCE = 2_000;

/** With each the hash of its entry as it is now. */
export async function* placedLeaves(
  sql: Sql,
  organisationId: string,
  { place: end }: End,
): AsyncGenerator<PlacedLeaf> {
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
        AND p.place <= ${end}::bigint
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

export async function* storedHeads(
  sql: Sql,
  organisationId: string,
  { size: end }: End,
): AsyncGenerator<StoredHead> {
  let after = '-1';
  for (;;) {
    const rows = await sql<StoredHead[]>`
      SELECT size::text AS size, note FROM audit_head
      WHERE organisation_id = ${organisationId} AND size > ${after}::bigint AND size <= ${end}::bigint
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

interface Stretch {
  /** Null: nothing is left. */
  readonly last: string | null;
  readonly strays: readonly string[];
}

/** Entries that neither have a place nor wait for one, a stretch at a time. */
export async function* strayLeaves(sql: Sql, organisationId: string): AsyncGenerator<string[]> {
  const tables = [sql`audit_leaf`, sql`audit_read`];
  for (const table of tables) {
    let after: string | null = NIL;
    while (after !== null) {
      const [stretch]: Stretch[] = await sql<Stretch[]>`
        WITH l AS (SELECT id FROM ${table}
          WHERE organisation_id = ${organisationId} AND id > ${after} ORDER BY id LIMIT ${ROWS_AT_ONCE})
        SELECT (SELECT id FROM l ORDER BY id DESC LIMIT 1) AS last, ARRAY(SELECT id::text FROM l
          WHERE NOT EXISTS (SELECT FROM audit_place AS p
              WHERE p.organisation_id = ${organisationId} AND p.leaf_id = l.id)
            AND NOT EXISTS (SELECT FROM audit_waiting AS w
              WHERE w.organisation_id = ${organisationId} AND w.leaf_id = l.id)) AS strays`;
      yield [...(stretch?.strays ?? [])];
      after = stretch?.last ?? null;
    }
  }
}

const NIL = '00000000-0000-0000-0000-000000000000';

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

export interface StrayAccess {
  readonly subject_id: string;
  readonly size: string;
}

/** What placed entries name and the list of accesses has not, under some heads at a time. */
export async function* unlistedAccesses(
  sql: Sql,
  organisationId: string,
  { size: end }: End,
): AsyncGenerator<StrayAccess[]> {
  for (let from = '0'; ; ) {
    const [until] = await sql<{ size: string | null }[]>`
      SELECT max(size)::text AS size FROM (SELECT size FROM audit_head
        WHERE organisation_id = ${organisationId} AND size > ${from}::bigint AND size <= ${end}::bigint
        ORDER BY size LIMIT ${HEADS_AT_ONCE}) AS next`;
    if (until === undefined || until.size === null) return;
    yield await sql<StrayAccess[]>`
      WITH named AS (
        SELECT DISTINCT unnest(r.subjects) AS subject_id,
          (SELECT min(h.size) FROM audit_head AS h
            WHERE h.organisation_id = p.organisation_id AND h.size > p.place) AS size
        FROM audit_place AS p JOIN audit_read AS r
          ON r.organisation_id = p.organisation_id AND r.id = p.leaf_id
        WHERE p.organisation_id = ${organisationId} AND p.kind = 'reads'
          AND p.place >= ${from}::bigint AND p.place < ${until.size}::bigint)
      SELECT subject_id, size::text AS size FROM named
      WHERE NOT EXISTS (SELECT FROM audit_access AS a WHERE a.organisation_id = ${organisationId}
        AND a.subject_id = named.subject_id AND a.size = named.size)`;
    from = until.size;
  }
}

/** Heads of a second each. */
const HEADS_AT_ONCE = 200;

/** What the list of accesses has and no placed entry names, some of the list at a time. */
export async function* unnamedAccesses(
  sql: Sql,
  organisationId: string,
): AsyncGenerator<StrayAccess[]> {
  let after: StrayAccess = { subject_id: NIL, size: '0' };
  for (;;) {
    const rows = await sql<(StrayAccess & { readonly is_named: boolean })[]>`
      SELECT a.subject_id, a.size::text AS size, EXISTS (
        SELECT FROM audit_head AS h
        JOIN audit_place AS p ON p.organisation_id = h.organisation_id AND p.kind = 'reads'
          AND p.place < h.size
          AND p.place >= coalesce((SELECT max(before.size) FROM audit_head AS before
            WHERE before.organisation_id = a.organisation_id AND before.size < a.size), 0)
        JOIN audit_read AS r ON r.organisation_id = p.organisation_id AND r.id = p.leaf_id
          AND a.subject_id = ANY(r.subjects)
        WHERE h.organisation_id = a.organisation_id AND h.size = a.size) AS is_named
      FROM audit_access AS a
      WHERE a.organisation_id = ${organisationId}
        AND (a.subject_id, a.size) > (${after.subject_id}::uuid, ${after.size}::bigint)
      ORDER BY a.subject_id, a.size LIMIT ${ROWS_AT_ONCE}`;
    yield rows.filter((row) => !row.is_named);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

export async function countWaiting(sql: Sql, organisationId: string): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    SELECT count(*)::int AS n FROM audit_waiting WHERE organisation_id = ${organisationId}`;
  return row?.n ?? 0;
}
