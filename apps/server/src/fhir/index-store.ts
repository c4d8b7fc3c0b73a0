/** SQL of how far the index of documents has come: 0 is one that has none yet, and -1 one that does not open. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import type { Reader } from '../database/readers.ts';
import type { DocumentName } from './document.ts';
import type { VersionRow } from './store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** What is written of a document that does not open: it is found by its name alone. */
export const DAMAGED = -1;

export async function organisationsWithDocuments(sql: Sql): Promise<OrganisationId[]> {
  const rows = await sql<{ id: OrganisationId }[]>`
    SELECT id FROM organisation AS o
    WHERE EXISTS (SELECT FROM fhir_document AS d WHERE d.organisation_id = o.id)`;
  return rows.map(({ id }) => id);
}

/** Where the documents of an organisation have another mark, all of its index is to be made anew. */
export async function forgetOtherIndex(
  sql: Sql,
  organisationId: OrganisationId,
  mark: number,
): Promise<void> {
  const [sample] = await sql<{ indexed: number }[]>`
    SELECT indexed FROM fhir_document
    WHERE organisation_id = ${organisationId} AND indexed > 0 LIMIT 1`;
  if (sample === undefined || sample.indexed === mark) return;
  await sql`
    UPDATE fhir_document SET indexed = 0
    WHERE organisation_id = ${organisationId} AND indexed <> ${mark}`;
}

/** Of all organisations. */
export async function readNotIndexed(
  sql: Sql,
  limit: number,
): Promise<(VersionRow & { readonly organisation_id: OrganisationId; readonly doc: number })[]> {
  return await sql`
    SELECT organisation_id, doc, type, id, version, updated_ms, subject_id, sealed
    FROM fhir_document WHERE indexed = 0 ORDER BY doc LIMIT ${limit}`;
}

/** Another key store may open them by now: they are tried anew. */
export async function forgetDamaged(sql: Sql): Promise<void> {
  await sql`UPDATE fhir_document SET indexed = 0 WHERE indexed = -1`;
}

/** Whether something is yet to be indexed, by these rules and with this key. */
export async function isIndexWhole(
  sql: Sql,
  organisationId: OrganisationId,
  mark: number,
): Promise<boolean> {
  const [row] = await sql<{ is_whole: boolean }[]>`
    SELECT NOT EXISTS (SELECT FROM fhir_document WHERE organisation_id = ${organisationId} AND indexed = 0)
      AND NOT EXISTS (SELECT FROM fhir_document WHERE organisation_id = ${organisationId} AND indexed = -1)
      AND coalesce((
        SELECT indexed FROM fhir_document
        WHERE organisation_id = ${organisationId} AND indexed > 0 LIMIT 1), ${mark}) = ${mark} AS is_whole`;
  return row?.is_whole === true;
}

/** Of these types; of all where there is none. */
export async function readDamaged(
  sql: Reader,
  organisationId: OrganisationId,
  { types, limit }: { readonly types: readonly string[]; readonly limit: number },
): Promise<DocumentName[]> {
  return await sql`
    SELECT type, id FROM fhir_document
    WHERE organisation_id = ${organisationId} AND indexed = -1 AND type = ANY(${[...types]}::text[])
    ORDER BY type, doc LIMIT ${limit}`;
}
