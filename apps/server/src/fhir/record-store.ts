/** SQL of what is in a patient's record, and no search of it finds. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Whether something that is sealed for the patient is yet to be indexed. */
export async function isIndexUnfinished(
  sql: Sql,
  organisationId: OrganisationId,
  subjectId: SubjectId,
): Promise<boolean> {
  const found = await sql`
    SELECT FROM fhir_document AS d
    WHERE d.organisation_id = ${organisationId} AND d.indexed = 0 AND (
      d.subject_id = ${subjectId} OR EXISTS (
        SELECT FROM fhir_copy AS c WHERE c.subject_id = ${subjectId}
          AND (c.type, c.id, c.version) = (d.type, d.id, d.version)))
    LIMIT 1`;
  return found.length > 0;
}

/** Those of these patients who have documents beside what is said of themselves. */
export async function withDocuments(
  sql: Sql,
  organisationId: OrganisationId,
  subjectIds: readonly SubjectId[],
): Promise<SubjectId[]> {
  if (subjectIds.length === 0) return [];
  const found = await sql<{ id: SubjectId }[]>`
    SELECT asked.subject AS id FROM unnest(${[...subjectIds]}::uuid[]) AS asked (subject)
    WHERE EXISTS (
      SELECT FROM fhir_document AS d
      WHERE d.subject_id = asked.subject AND d.organisation_id = ${organisationId}
        AND d.type <> 'Patient' AND d.sealed IS NOT NULL)
    OR EXISTS (
      SELECT FROM fhir_copy AS c WHERE c.subject_id = asked.subject AND c.organisation_id = ${organisationId})`;
  return found.map(({ id }) => id);
}
