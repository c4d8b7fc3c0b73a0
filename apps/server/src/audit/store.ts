/** SQL of the audit's order: what waits for a place, places, and heads. Nothing here changes a row. */
import type postgres from 'postgres';
import type { Reader } from '../database/readers.ts';
import type { ActLeaf, ReadsLeaf } from './leaf-record.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

export type LeafKind = 'act' | 'reads';

export interface WaitingRow {
  readonly at_ms: number;
  readonly organisation_id: string;
  readonly leaf_id: string;
  readonly kind: LeafKind;
}

export interface PlaceRow {
  readonly organisation_id: string;
  readonly place: number;
  readonly kind: LeafKind;
  readonly leaf_id: string;
  readonly hashes: Uint8Array;
}

export interface HeadRow {
  readonly organisation_id: string;
  readonly size: number;
  readonly note: string;
}

export interface WaitingLeaf extends WaitingRow {
  readonly is_placed: boolean;
  readonly leaf: ActLeaf | ReadsLeaf;
}

export async function isAnyWaiting(sql: Sql, but: ReadonlySet<string>): Promise<boolean> {
  const [row] = await sql<{ waits: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM audit_waiting WHERE organisation_id <> ALL(${[...but]}::uuid[])) AS waits`;
  return row?.waits ?? false;
}

/**
 * The oldest of those that wait, with their leaves. What waits for a leaf that is gone is left where it
 * is, for whoever verifies; what has a place already is told of, so that it need not wait.
 */
export async function waitingLeaves(
  sql: Sql,
  but: ReadonlySet<string>,
  limit: number,
): Promise<WaitingLeaf[]> {
  const acts = await sql<WaitingOf<ActLeaf>[]>`
    SELECT w.at_ms, w.leaf_id, w.kind, ${isPlaced(sql)} AS is_placed,
      l.organisation_id, l.id, l.at_ms::text AS at, l.account_id, l.act, l.target, l.salt,
      sha256(l.detail_sealed) AS detail
    FROM audit_waiting AS w
    JOIN audit_leaf AS l ON l.organisation_id = w.organisation_id AND l.id = w.leaf_id
    WHERE w.kind = 'act' AND w.organisation_id <> ALL(${[...but]}::uuid[])
    ORDER BY w.at_ms, w.organisation_id, w.leaf_id LIMIT ${limit}`;
  const reads = await sql<WaitingOf<ReadsLeaf>[]>`
    SELECT w.at_ms, w.leaf_id, w.kind, ${isPlaced(sql)} AS is_placed,
      r.organisation_id, r.id, r.at_ms::text AS at, r.until_ms::text AS until,
      r.count::text AS count, r.subjects::text AS subjects, r.salt, r.entries
    FROM audit_waiting AS w
    JOIN audit_read AS r ON r.organisation_id = w.organisation_id AND r.id = w.leaf_id
    WHERE w.kind = 'reads' AND w.organisation_id <> ALL(${[...but]}::uuid[])
    ORDER BY w.at_ms, w.organisation_id, w.leaf_id LIMIT ${limit}`;
  const leaves = [...acts, ...reads].map((row) => ({ ...row, leaf: row }));
  return leaves.sort((a, b) => a.at_ms - b.at_ms).slice(0, limit);
}

type WaitingOf<Leaf> = WaitingRow & { readonly is_placed: boolean } & Leaf;

function isPlaced(sql: Sql): postgres.PendingQuery<postgres.Row[]> {
  return sql`EXISTS (SELECT FROM audit_place AS p
    WHERE p.organisation_id = w.organisation_id AND p.leaf_id = w.leaf_id)`;
}

/** Gives them their places, under their heads; they wait no longer. */
export async function insertPlaces(
  sql: Sql,
  {
    waited,
    places,
    heads,
  }: {
    readonly waited: readonly WaitingRow[];
    readonly places: readonly PlaceRow[];
    readonly heads: readonly HeadRow[];
  },
): Promise<void> {
  await sql`
    WITH waited AS (
      DELETE FROM audit_waiting WHERE (at_ms, organisation_id, leaf_id) IN (
        SELECT * FROM unnest(
          ${waited.map(({ at_ms }) => at_ms)}::bigint[],
          ${waited.map(({ organisation_id }) => organisation_id)}::uuid[],
          ${waited.map(({ leaf_id }) => leaf_id)}::uuid[]))),
    headed AS (
      INSERT INTO audit_head (organisation_id, size, note)
      SELECT * FROM unnest(
        ${heads.map(({ organisation_id }) => organisation_id)}::uuid[],
        ${heads.map(({ size }) => size)}::bigint[],
        ${heads.map(({ note }) => note)}::text[]))
    INSERT INTO audit_place (organisation_id, place, kind, leaf_id, hashes)
    SELECT organisation_id, place, kind, leaf_id, decode(hashes, 'hex') FROM unnest(
      ${places.map(({ organisation_id }) => organisation_id)}::uuid[],
      ${places.map(({ place }) => place)}::bigint[],
      ${places.map(({ kind }) => kind)}::text[],
      ${places.map(({ leaf_id }) => leaf_id)}::uuid[],
      ${places.map(({ hashes }) => Buffer.from(hashes).toString('hex'))}::text[])
      AS placed(organisation_id, place, kind, leaf_id, hashes)`;
}

/** Those that have a tree. */
export async function placedOrganisations(sql: Sql): Promise<string[]> {
  // The first place of each in turn: reading all places for it would take longer every day.
  const rows = await sql<{ id: string }[]>`
    WITH RECURSIVE one AS (
      (SELECT organisation_id AS id FROM audit_place ORDER BY organisation_id, place LIMIT 1)
      UNION ALL
      SELECT (SELECT p.organisation_id FROM audit_place AS p WHERE p.organisation_id > one.id
        ORDER BY p.organisation_id, p.place LIMIT 1) FROM one WHERE one.id IS NOT NULL)
    SELECT id FROM one WHERE id IS NOT NULL`;
  return rows.map(({ id }) => id);
}

export async function lastHead(sql: Sql, organisationId: string): Promise<HeadRow | undefined> {
  const [row] = await sql<HeadRow[]>`
    SELECT organisation_id, size, note FROM audit_head
    WHERE organisation_id = ${organisationId} ORDER BY size DESC LIMIT 1`;
  return row;
}

export async function headOfSize(
  sql: Sql,
  organisationId: string,
  size: number,
): Promise<HeadRow | undefined> {
  const [row] = await sql<HeadRow[]>`
    SELECT organisation_id, size, note FROM audit_head
    WHERE organisation_id = ${organisationId} AND size = ${size}`;
  return row;
}

export async function placesAt(
  sql: Sql,
  organisationId: string,
  places: readonly number[],
): Promise<Pick<PlaceRow, 'place' | 'hashes'>[]> {
  return await sql`
    SELECT place, hashes FROM audit_place
    WHERE organisation_id = ${organisationId} AND place = ANY(${[...places]}::bigint[])`;
}

/** How many wait for their place, and since when. */
export async function waitingSince(
  sql: Sql | Reader,
  organisationId: string,
): Promise<{ readonly entries: number; readonly since_ms: number | null }> {
  const [row] = await sql<{ entries: number; since_ms: number | null }[]>`
    SELECT count(*)::int AS entries, min(at_ms) AS since_ms FROM audit_waiting
    WHERE organisation_id = ${organisationId}`;
  return row ?? { entries: 0, since_ms: null };
}
