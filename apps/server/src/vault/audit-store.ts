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

export type ReadLeaf = Pick<AuditLeafRow, 'at_ms' | 'act' | 'detail_sealed'>;

/** What was done to one target of late, the newest first. */
export async function leavesOf(
  sql: Sql,
  of: {
    readonly organisationId: OrganisationId;
    readonly target: string;
    readonly acts: readonly string[];
    readonly max: number;
  },
): Promise<ReadLeaf[]> {
  return await sql`
    SELECT at_ms, act, detail_sealed FROM audit_leaf
    WHERE organisation_id = ${of.organisationId} AND target = ${of.target}
      AND act = ANY(${of.acts as string[]}::text[])
    ORDER BY at_ms DESC LIMIT ${of.max}`;
}
