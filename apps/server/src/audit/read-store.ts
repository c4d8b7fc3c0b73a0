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
