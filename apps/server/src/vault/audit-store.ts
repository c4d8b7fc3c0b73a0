/** SQL of the audit: leaves are added and read, never changed. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

/** As it is written; the database adds the leaf's id and its salt. */
export interface AuditLeafRow {
  readonly organisation_id: OrganisationId;
  readonly at_ms: number;
  readonly account_id: string | null;
  readonly act: string;
  readonly target: string;
  readonly detail_sealed: Uint8Array | null;
}

export async function insertLeaf(sql: Sql, row: AuditLeafRow): Promise<void> {
  await sql`INSERT INTO audit_leaf ${sql(row)}`;
}
