/**
 * SQL of the index of tokens: which documents have a token, fifty to a row, a bit for each. Equality of
 * numbers is all that is asked of it, which PostgreSQL may ask of an index before it asks row-level security.
 */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;
type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** Divides the block in which `DocNames` come; as many bits are exact in a number. */
export const DOCS_OF_BLOCK = 50;

export interface TokenBlock {
  readonly block: number;
  /** The lowest bit is its first document. */
  readonly docs: number;
}

/**
 * Until the transaction ends, before anything is written here: two that change the same rows in another order
 * would wait for each other for ever. Documents are locked before it.
 */
export async function lockTokens(sql: Sql, organisationId: string): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock(hashtextextended('fhir_token ' || ${organisationId}::text, 0))`.execute();
}

/** All tokens that these documents have now. */
export async function addTokens(
  sql: Sql,
  organisationId: OrganisationId,
  docs: readonly number[],
): Promise<void> {
  if (docs.length === 0) return;
  await sql`
    INSERT INTO fhir_token AS known (organisation_id, token, block, docs)
    SELECT ${organisationId}::uuid, token, block, docs
    FROM ${blocksOf(
      sql,
      sql`
      SELECT organisation_id, doc, unnest(tokens) AS token FROM fhir_document
      WHERE doc = ANY(${[...docs]}::bigint[])`,
    )} AS made
    ORDER BY token, block
    ON CONFLICT (token, block, organisation_id) DO UPDATE SET docs = known.docs | excluded.docs
      WHERE known.docs | excluded.docs <> known.docs`.execute();
}

/** Tokens that these documents have no longer. */
export async function clearTokens(
  sql: Sql,
  organisationId: OrganisationId,
  gone: readonly { readonly doc: number; readonly token: number }[],
): Promise<void> {
  if (gone.length === 0) return;
  await clear(
    sql,
    sql`
      SELECT ${organisationId}::uuid AS organisation_id, * FROM unnest(
        ${gone.map(({ doc }) => doc)}::bigint[], ${gone.map(({ token }) => token)}::bigint[]
      ) AS gone (doc, token)`,
  );
}

/** Of all documents under the key of a subject. */
export async function clearTokensOfSubject(sql: Sql, subjectId: SubjectId | string): Promise<void> {
  await clear(
    sql,
    sql`
      SELECT organisation_id, doc, unnest(tokens) AS token FROM fhir_document
      WHERE subject_id = ${subjectId}`,
  );
}

/** Rows without a document left go: nothing stays of a token that nobody has. */
async function clear(sql: Sql, pairs: Fragment): Promise<void> {
  const isOf = sql`known.organisation_id = gone.organisation_id AND known.token = gone.token
    AND known.block = gone.block`;
  await sql`
    WITH gone AS MATERIALIZED (SELECT * FROM ${blocksOf(sql, pairs)} AS gone),
      emptied AS (
        DELETE FROM fhir_token AS known USING gone
        WHERE ${isOf} AND known.docs & ~gone.docs = 0)
    UPDATE fhir_token AS known SET docs = known.docs & ~gone.docs FROM gone
    WHERE ${isOf} AND known.docs & ~gone.docs <> 0`;
}

function blocksOf(sql: Sql, pairs: Fragment): Fragment {
  return sql`(
    SELECT organisation_id, token, doc / ${sql.unsafe(String(DOCS_OF_BLOCK))} AS block,
      bit_or(1::bigint << (doc % ${sql.unsafe(String(DOCS_OF_BLOCK))})::int) AS docs
    FROM (${pairs}) AS pair GROUP BY 1, 2, 3)`;
}

export interface BlocksAsked {
  readonly tokens: readonly number[];
  readonly from: number;
  /** Of each token. */
  readonly limit: number;
}

/** Of each token the first blocks, from one on, in which some document has it. */
export async function tokenBlocks(
  sql: Sql,
  organisationId: OrganisationId,
  { tokens, from, limit }: BlocksAsked,
): Promise<(TokenBlock & { readonly token: number })[]> {
  return await sql`
    SELECT asked.token, found.block, found.docs
    FROM unnest(${[...tokens]}::bigint[]) AS asked (token) CROSS JOIN LATERAL (
      SELECT block, docs FROM fhir_token AS known
      WHERE known.token = asked.token AND known.block >= ${from}
        AND known.organisation_id = ${organisationId}
      ORDER BY known.token, known.block LIMIT ${limit}) AS found`;
}

/** Of these blocks those in which some document has one of the tokens. */
export async function tokensWithin(
  sql: Sql,
  organisationId: OrganisationId,
  { tokens, blocks }: { readonly tokens: readonly number[]; readonly blocks: readonly number[] },
): Promise<TokenBlock[]> {
  return await sql`
    SELECT block, bit_or(docs) AS docs FROM fhir_token
    WHERE token = ANY(${[...tokens]}::bigint[]) AND block = ANY(${[...blocks]}::bigint[])
      AND organisation_id = ${organisationId}
    GROUP BY block`;
}
