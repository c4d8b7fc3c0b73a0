/** SQL of the audit of reads: leaves of many entries, and where those are that name a subject. */
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface ReadsRow {
  readonly organisation_id: string;
  readonly id: string;
  readonly at_ms: number;
  readonly until_ms: number;
  readonly count: number;
  readonly subjects: readonly string[];
  readonly entries: Uint8Array;
}

/** What is there already stays. */
export async function insertReads(sql: Sql, row: ReadsRow): Promise<void> {
  const { organisation_id, id, at_ms, until_ms, count, subjects, entries } = row;
  await sql`
    INSERT INTO audit_read (organisation_id, id, at_ms, until_ms, count, subjects, entries)
    VALUES (${organisation_id}, ${id}, ${at_ms}, ${until_ms}, ${count}, ${[...subjects]}::uuid[],
      ${entries})
    ON CONFLICT DO NOTHING`;
}

/** Of leaves that have just got their places, under these heads. */
export async function insertAccesses(
  sql: Sql,
  placed: readonly {
    readonly organisation_id: string;
    readonly leaf_id: string;
    readonly size: number;
  }[],
): Promise<void> {
  await sql`
    INSERT INTO audit_access (organisation_id, subject_id, size)
    SELECT DISTINCT r.organisation_id, subject_id, p.size
    FROM unnest(
      ${placed.map(({ organisation_id }) => organisation_id)}::uuid[],
      ${placed.map(({ leaf_id }) => leaf_id)}::uuid[],
      ${placed.map(({ size }) => size)}::bigint[]) AS p(organisation_id, leaf_id, size)
    JOIN audit_read AS r ON r.organisation_id = p.organisation_id AND r.id = p.leaf_id,
      unnest(r.subjects) AS subject_id
    ON CONFLICT DO NOTHING`;
}

export interface ReadsPage {
  readonly leaves: readonly { readonly entries: Uint8Array }[];
  /** How many heads were looked under, and the smallest of them. */
  readonly heads: number;
  readonly last: number;
}

/** What was placed under the newest heads that name the subject. */
export async function readsOfSubject(
  sql: Sql,
  page: {
    readonly organisationId: string;
    readonly subjectId: string;
    readonly before: number;
    readonly limit: number;
  },
): Promise<ReadsPage> {
  const { organisationId, subjectId, before, limit } = page;
  const heads = await sql<{ size: number; after: number }[]>`
    SELECT a.size, coalesce((SELECT max(h.size) FROM audit_head AS h
      WHERE h.organisation_id = ${organisationId} AND h.size < a.size), 0) AS after
    FROM audit_access AS a
    WHERE a.organisation_id = ${organisationId} AND a.subject_id = ${subjectId}
      AND a.size < ${before}
    ORDER BY a.size DESC LIMIT ${limit}`;
  const leaves = await sql<{ entries: Uint8Array }[]>`
    SELECT r.entries FROM unnest(
      ${heads.map(({ after }) => after)}::bigint[], ${heads.map(({ size }) => size)}::bigint[])
      AS of(after, size)
    JOIN audit_place AS p ON p.organisation_id = ${organisationId}
      AND p.place >= of.after AND p.place < of.size AND p.kind = 'reads'
    JOIN audit_read AS r ON r.organisation_id = p.organisation_id AND r.id = p.leaf_id
    WHERE ${subjectId}::uuid = ANY(r.subjects)`;
  return { leaves, heads: heads.length, last: heads.at(-1)?.size ?? 0 };
}

/** In the order of their first entries; one that ends within the span is of it as well. */
export async function readsWithin(
  sql: Sql,
  page: {
    readonly organisationId: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly after: { readonly at_ms: number; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<Pick<ReadsRow, 'at_ms' | 'id' | 'entries'>[]> {
  const { organisationId, fromMs, toMs, after, limit } = page;
  const [atMs, id] = [after?.at_ms ?? fromMs - LEAF_LASTS_MS, after?.id ?? NIL];
  return await sql`
    SELECT at_ms, id, entries FROM audit_read
    WHERE organisation_id = ${organisationId} AND at_ms < ${toMs} AND until_ms >= ${fromMs}
      AND (at_ms, id) > (${atMs}::bigint, ${id}::uuid)
    ORDER BY at_ms, id LIMIT ${limit}`;
}

/** Entries wait in the journal for the database, which may be away for a while. */
export const LEAF_LASTS_MS = 7 * 24 * 3_600_000;
const NIL = '00000000-0000-0000-0000-000000000000';

/** By account, by `token-…`, or by client. */
export async function namesOfReaders(
  sql: Sql,
  organisationId: string,
  who: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ who: string; name: string }[]>`
    SELECT id::text AS who, display_name AS name FROM account
    WHERE organisation_id = ${organisationId} AND id::text = ANY(${[...who]}::text[])
    UNION ALL
    SELECT id::text, name FROM oidc_client
    WHERE organisation_id = ${organisationId} AND id::text = ANY(${[...who]}::text[])
    UNION ALL
    SELECT 'token-' || encode(substring(token_hash FROM 1 FOR 8), 'hex'), label FROM api_token
    WHERE organisation_id = ${organisationId}
      AND 'token-' || encode(substring(token_hash FROM 1 FOR 8), 'hex') = ANY(${[...who]}::text[])`;
  return new Map(rows.map((row) => [row.who, row.name]));
}
