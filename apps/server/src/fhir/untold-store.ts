/** SQL of findings in what was written that are yet to be told. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface UntoldRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly id: string;
  readonly sealed: Uint8Array;
}

/** Sent when it is called. */
export async function insertUntold(sql: Sql, rows: readonly UntoldRow[]): Promise<void> {
  if (rows.length > 0) await sql`INSERT INTO fhir_untold ${sql(rows)}`.execute();
}

/** A few behind one of them, of all organisations. */
export async function readUntold(
  sql: Sql,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<UntoldRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, sealed FROM fhir_untold
    WHERE id > ${after} ORDER BY id LIMIT ${limit}`;
}

/** Told, and their alarms are durable. */
export async function deleteUntold(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql`DELETE FROM fhir_untold WHERE id = ANY(${ids as string[]})`;
}
