/** SQL of erasure: FHIR documents of an erased subject, and whatever leads to them. */
import type postgres from 'postgres';
import { clearTokensOfSubject, lockTokens } from '../fhir/token-store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/**
 * A version that names several subjects goes on living under the key of another one of them; every
 * other version goes, with the rows of its index.
 */
export async function deleteDocuments(sql: Sql, subjectId: string): Promise<void> {
  await sql`DELETE FROM fhir_untold WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM fhir_copy WHERE subject_id = ${subjectId}`;
  for (const table of ['fhir_document', 'fhir_history']) {
    await sql`
      WITH other AS (
        SELECT DISTINCT ON (c.organisation_id, c.type, c.id, c.version) c.*
        FROM fhir_copy AS c JOIN ${sql(table)} AS d USING (organisation_id, type, id, version)
        WHERE d.subject_id = ${subjectId}
        ORDER BY c.organisation_id, c.type, c.id, c.version, c.subject_id
      ), heir AS (
        UPDATE ${sql(table)} AS d SET subject_id = other.subject_id, sealed = other.sealed
        FROM other
        WHERE (d.organisation_id, d.type, d.id, d.version)
          = (other.organisation_id, other.type, other.id, other.version)
      )
      DELETE FROM fhir_copy AS c USING other
      WHERE (c.subject_id, c.type, c.id, c.version)
        = (other.subject_id, other.type, other.id, other.version)`;
  }
  // Documents first, then the index of tokens: as whoever writes them does.
  const organisations = await sql<{ id: string }[]>`
    SELECT DISTINCT organisation_id AS id FROM (
      SELECT organisation_id FROM fhir_document WHERE subject_id = ${subjectId} ORDER BY doc FOR UPDATE
    ) AS held`;
  for (const { id } of organisations) await lockTokens(sql, id);
  await clearTokensOfSubject(sql, subjectId);
  await sql`
    WITH gone AS (DELETE FROM fhir_document WHERE subject_id = ${subjectId} RETURNING doc),
      ranges AS (DELETE FROM fhir_range WHERE doc IN (SELECT doc FROM gone))
    DELETE FROM fhir_reference WHERE doc IN (SELECT doc FROM gone)`;
  await sql`DELETE FROM fhir_history WHERE subject_id = ${subjectId}`;
  await sql`
    DELETE FROM fhir_reference WHERE target_type = 'Patient' AND target_id = ${subjectId}`;
}

/** What subscribers are told of the subject: the numbers stay, so that nobody takes it for a loss. */
export async function emptySubscriptionEvents(sql: Sql, subjectId: string): Promise<void> {
  await sql`
    UPDATE subscription_event SET subject_id = NULL, cause = NULL, sealed = NULL
    WHERE subject_id = ${subjectId}`;
}

/** What is to be sent of the subject, and what was; answers which destinations have something of it. */
export async function deleteWriteBack(sql: Sql, subjectId: string): Promise<string[]> {
  const sent = await sql<{ destination: string }[]>`
    SELECT DISTINCT destination FROM write_back_sent WHERE subject_id = ${subjectId}`;
  for (const table of ['write_back_day', 'write_back_sent', 'write_back_patient'])
    await sql`DELETE FROM ${sql(table)} WHERE subject_id = ${subjectId}`;
  return sent.map(({ destination }) => destination);
}

/** All of the organisation: what they list names the subject somewhere, and they live for a day. */
export async function deleteExports(sql: Sql, organisationId: string): Promise<void> {
  await sql`DELETE FROM fhir_export WHERE organisation_id = ${organisationId}`;
}
