/** SQL of FHIR documents: versions, and the rows of their index. Each sentence takes any number of them. */
import { expect } from '@ausculta/vitals/expect';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import type { DocumentName } from './document.ts';
import type { IndexEntries, RangeEntry, ReferenceEntry } from './index-entries.ts';
import { PAGE_BYTES_MAX } from './page-budget.ts';
import { addTokens, clearTokens, lockTokens } from './token-store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** The newest version of a document: a row of it without its content. */
export interface HeadRow extends DocumentName {
  readonly doc: number;
  readonly version: number;
  readonly updated_ms: number;
  readonly subject_id: SubjectId | null;
  readonly is_deleted: boolean;
}

export interface VersionRow extends DocumentName {
  readonly version: number;
  readonly updated_ms: number;
  readonly subject_id: SubjectId | null;
  /** Null: it is deleted by this version. */
  readonly sealed: Uint8Array | null;
}

export interface WrittenRow extends VersionRow {
  readonly doc: number;
  readonly tokens: readonly number[];
}

export interface CopyRow extends DocumentName {
  readonly subject_id: SubjectId;
  readonly version: number;
  readonly sealed: Uint8Array;
}

/** Of a page what may be fetched at once; the rest is asked for again, behind the last of these. */
export interface Fetched<Row> {
  readonly rows: readonly Row[];
  readonly isCut: boolean;
}

/** Sent without a name, and forgotten by the database: the driver takes no such option of a query's own. */
export function unkept<Query extends object>(query: Query): Query {
  const { options } = query as { options?: object };
  return Object.assign(query, { options: { ...options, prepare: false } });
}

/** Rows of a page up to so many bytes, in its order, and always the first. */
export async function withinBytes<Row extends { readonly sealed: Uint8Array | null }>(
  sql: Sql,
  page: postgres.PendingQuery<postgres.Row[]>,
  { isKept } = { isKept: true },
): Promise<Fetched<Row>> {
  const query = sql<(Row & { readonly of_page: number })[]>`
    SELECT * FROM (
      SELECT page.*, count(*) OVER () AS of_page, coalesce(sum(octet_length(page.sealed))
        OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
      FROM (${page}) AS page
    ) AS weighed WHERE bytes_before < ${PAGE_BYTES_MAX}`;
  const rows = await (isKept ? query : unkept(query));
  return { rows, isCut: rows.length < (rows[0]?.of_page ?? 0) };
}

export type OfDoc<Entry> = Entry & { readonly doc: number };

/** The first of a block of so many names; the next block is somebody else's. */
export const DOC_BLOCK = 1_000;

export async function nextDocs(sql: Sql): Promise<number> {
  const [row] = await sql<{ first: number }[]>`SELECT nextval('fhir_doc') AS first`;
  expect(row !== undefined, 'a sequence gives a number');
  return row.first;
}

/**
 * The documents of these names. Their ids alone are asked of an index, the rest of what it finds: a plan
 * that is made while there are few documents would otherwise take any index that begins with the
 * organisation, and keep it.
 */
function named(sql: Sql, organisationId: OrganisationId, names: readonly DocumentName[]) {
  return sql`id = ANY(${names.map(({ id }) => id)}::text[])
    AND type || '/' || id = ANY(${names.map(({ type, id }) => `${type}/${id}`)}::text[])
    AND organisation_id::text = ${organisationId}`;
}

/** Those of the names that exist, held until the transaction ends. */
export async function lockHeads(
  sql: Sql,
  organisationId: OrganisationId,
  names: readonly DocumentName[],
): Promise<HeadRow[]> {
  return await sql`
    SELECT doc, type, id, version, updated_ms, subject_id, sealed IS NULL AS is_deleted
    FROM fhir_document
    WHERE ${named(sql, organisationId, names)}
    ORDER BY doc FOR UPDATE`;
}

/** One at a time, in the order in which they are given: until the transaction ends. */
export async function lockQuestions(
  sql: Sql,
  room: number,
  questions: readonly number[],
): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock(${room}::int, question)
    FROM unnest(${[...questions]}::int[]) AS question`;
}

export async function insertDocuments(
  sql: Sql,
  organisationId: OrganisationId,
  rows: readonly WrittenRow[],
  mark: number,
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO fhir_document
      (organisation_id, type, id, doc, version, updated_ms, subject_id, sealed, tokens, indexed)
    SELECT ${organisationId}, row.type, row.id, row.doc, row.version, row.updated_ms, row.subject_id,
      ${sealedOfRow(sql, rows)}, row.tokens::bigint[], ${mark}
    FROM ${unnested(sql, rows)}`.execute();
}

/** The versions that were the newest become history. */
export async function replaceDocuments(
  sql: Sql,
  organisationId: OrganisationId,
  rows: readonly WrittenRow[],
  mark: number,
): Promise<void> {
  if (rows.length === 0) return;
  const docs = rows.map(({ doc }) => doc);
  await lockTokens(sql, organisationId);
  const kept = new Map(rows.map(({ doc, tokens }) => [doc, new Set(tokens)]));
  const before = await readTokens(sql, docs);
  const gone = before.filter(({ doc, token }) => kept.get(doc)?.has(token) !== true);
  await clearTokens(sql, organisationId, gone);
  await sql`
    INSERT INTO fhir_history (organisation_id, type, id, version, updated_ms, subject_id, sealed)
    SELECT organisation_id, type, id, version, updated_ms, subject_id, sealed
    FROM fhir_document WHERE doc = ANY(${docs}::bigint[])`;
  await sql`DELETE FROM fhir_range WHERE doc = ANY(${docs}::bigint[])`;
  await sql`DELETE FROM fhir_reference WHERE doc = ANY(${docs}::bigint[])`;
  await sql`
    UPDATE fhir_document AS document
    SET version = row.version, updated_ms = row.updated_ms, subject_id = row.subject_id,
      sealed = ${sealedOfRow(sql, rows)}, tokens = row.tokens::bigint[], indexed = ${mark}
    FROM ${unnested(sql, rows)}
    WHERE document.organisation_id = ${organisationId} AND document.doc = row.doc`;
}

async function readTokens(
  sql: Sql,
  docs: readonly number[],
): Promise<{ readonly doc: number; readonly token: number }[]> {
  return await sql`
    SELECT doc, unnest(tokens) AS token FROM fhir_document WHERE doc = ANY(${[...docs]}::bigint[])`;
}

function unnested(sql: Sql, rows: readonly WrittenRow[]) {
  const column = <T>(of: (row: WrittenRow) => T): T[] => rows.map(of);
  let end = 0;
  const ends = rows.map(({ sealed }) => {
    end += sealed?.length ?? 0;
    return end;
  });
  return sql`unnest(
    ${column((row) => row.type)}::text[], ${column((row) => row.id)}::text[],
    ${column((row) => row.doc)}::bigint[], ${column((row) => row.version)}::bigint[],
    ${column((row) => row.updated_ms)}::bigint[], ${column((row) => row.subject_id)}::uuid[],
    ${column((row) => row.sealed?.length ?? null)}::integer[], ${ends}::integer[],
    ${column((row) => `{${row.tokens.join()}}`)}::text[]
  ) AS row (type, id, doc, version, updated_ms, subject_id, size, until, tokens)`;
}

/** All contents travel as one text, in base64: as an array of bytes each would be half as long again. */
function sealedOfRow(sql: Sql, rows: readonly WrittenRow[]) {
  const all = Buffer.concat(rows.flatMap(({ sealed }) => sealed ?? [])).toString('base64');
  return sql`substring((SELECT decode(${all}, 'base64')) FROM row.until - row.size + 1 FOR row.size)`;
}

export async function insertRanges(
  sql: Sql,
  organisationId: OrganisationId,
  rows: readonly OfDoc<RangeEntry>[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO fhir_range (organisation_id, doc, name, low, high)
    SELECT ${organisationId}, * FROM unnest(
      ${rows.map(({ doc }) => doc)}::bigint[], ${rows.map(({ name }) => name)}::bigint[],
      ${rows.map(({ low }) => low)}::float8[], ${rows.map(({ high }) => high)}::float8[])`.execute();
}

export async function insertReferences(
  sql: Sql,
  organisationId: OrganisationId,
  rows: readonly OfDoc<ReferenceEntry>[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO fhir_reference (organisation_id, doc, name, target_type, target_id)
    SELECT ${organisationId}, * FROM unnest(
      ${rows.map(({ doc }) => doc)}::bigint[], ${rows.map(({ name }) => name)}::bigint[],
      ${rows.map(({ targetType }) => targetType)}::text[],
      ${rows.map(({ targetId }) => targetId)}::text[])`.execute();
}

export async function insertCopies(
  sql: Sql,
  organisationId: OrganisationId,
  rows: readonly CopyRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    INSERT INTO fhir_copy ${sql(rows.map((row) => ({ organisation_id: organisationId, ...row })))}`.execute();
}

/** Those of the names that exist, in any order. */
export async function readDocuments(
  sql: Sql,
  organisationId: OrganisationId,
  names: readonly DocumentName[],
): Promise<VersionRow[]> {
  return await sql<VersionRow[]>`
    SELECT type, id, version, updated_ms, subject_id, sealed FROM fhir_document
    WHERE ${named(sql, organisationId, names)}`;
}

export async function readVersion(
  sql: Sql,
  organisationId: OrganisationId,
  { version, ...name }: DocumentName & { readonly version: number },
): Promise<VersionRow | undefined> {
  const { type, id } = name;
  const [row] = await sql<VersionRow[]>`
    SELECT type, id, version, updated_ms, subject_id, sealed FROM fhir_document
    WHERE ${named(sql, organisationId, [name])} AND version = ${version}
    UNION ALL
    SELECT type, id, version, updated_ms, subject_id, sealed FROM fhir_history
    WHERE organisation_id = ${organisationId} AND type = ${type} AND id = ${id}
      AND version = ${version}`;
  return row;
}

export interface HistoryQuestion {
  /** Undefined: of every type. */
  readonly type: string | undefined;
  /** Undefined: of every id. */
  readonly id: string | undefined;
  readonly sinceMs: number;
  /** The last version that was told; the next page comes after it. */
  readonly after: Pick<VersionRow, 'updated_ms' | 'type' | 'id' | 'version'> | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function readHistory(
  sql: Sql,
  organisationId: OrganisationId,
  { type, id, sinceMs, untilMs, after, limit }: HistoryQuestion & { readonly untilMs: number },
): Promise<Fetched<VersionRow>> {
  const isWanted = sql`
    organisation_id = ${organisationId} AND updated_ms >= ${sinceMs} AND updated_ms <= ${untilMs}
    ${type === undefined ? sql`` : sql`AND type = ${type}`}
    ${id === undefined ? sql`` : sql`AND id = ${id}`}
    ${
      after === undefined
        ? sql``
        : sql`AND (updated_ms, type, id, version)
            < (${after.updated_ms}, ${after.type}, ${after.id}, ${after.version})`
    }`;
  const columns = sql`type, id, version, updated_ms, subject_id, sealed`;
  return await withinBytes(
    sql,
    sql`
    (SELECT ${columns} FROM fhir_document WHERE ${isWanted}
     ORDER BY updated_ms DESC, type DESC, id DESC, version DESC LIMIT ${limit})
    UNION ALL
    (SELECT ${columns} FROM fhir_history WHERE ${isWanted}
     ORDER BY updated_ms DESC, type DESC, id DESC, version DESC LIMIT ${limit})
    ORDER BY updated_ms DESC, type DESC, id DESC, version DESC LIMIT ${limit}`,
  );
}

/** Of all organisations, for the start. */
export async function readOfTypeOfAll(
  sql: Sql,
  type: string,
): Promise<(VersionRow & { readonly organisation_id: string })[]> {
  return await sql`
    SELECT organisation_id, type, id, version, updated_ms, subject_id, sealed FROM fhir_document
    WHERE organisation_id IN (SELECT id FROM organisation) AND type = ${type}`;
}

export async function readOfType(
  sql: Sql,
  organisationId: OrganisationId,
  type: string,
): Promise<VersionRow[]> {
  return await sql`
    SELECT type, id, version, updated_ms, subject_id, sealed FROM fhir_document
    WHERE organisation_id = ${organisationId} AND type = ${type}`;
}

/**
 * Unless it has been written anew meanwhile, and was indexed with that. The document is locked before its
 * tokens, as by whoever writes it.
 */
export async function writeIndex(
  sql: Sql,
  organisationId: OrganisationId,
  { doc, version, entries }: { doc: number; version: number; entries: IndexEntries },
  mark: number,
): Promise<void> {
  const held = await sql`
    SELECT FROM fhir_document WHERE doc = ${doc} AND version = ${version} AND indexed = 0 FOR UPDATE`;
  if (held.length === 0) return;
  await lockTokens(sql, organisationId);
  const before = await readTokens(sql, [doc]);
  await sql`
    UPDATE fhir_document SET tokens = ${[...entries.tokens]}::bigint[], indexed = ${mark}
    WHERE doc = ${doc}`;
  await clearTokens(sql, organisationId, before);
  await addTokens(sql, organisationId, [doc]);
  await sql`DELETE FROM fhir_range WHERE doc = ${doc}`;
  await sql`DELETE FROM fhir_reference WHERE doc = ${doc}`;
  await insertRanges(
    sql,
    organisationId,
    entries.ranges.map((one) => ({ ...one, doc })),
  );
  await insertReferences(
    sql,
    organisationId,
    entries.references.map((one) => ({ ...one, doc })),
  );
}
