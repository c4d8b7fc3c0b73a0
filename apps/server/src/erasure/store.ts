/** SQL of erasure: holds, receipts, and the rows of an erased subject. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import { forgetSubject } from '../oidc/app-store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Deleted at once: devices wait for no statement longer than some ten milliseconds. */
const ROWS_AT_ONCE = 2_000;

export interface HoldRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly id: string;
  readonly reason_sealed: Uint8Array;
  readonly placed_by: string | null;
  readonly placed_ms: number;
}

export interface ErasureRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly erased_ms: number;
  readonly signed: string;
  readonly signature: string;
}

/** Those in force. */
export async function readHolds(sql: Sql): Promise<HoldRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, reason_sealed, placed_by, placed_ms
    FROM legal_hold WHERE released_ms IS NULL ORDER BY placed_ms`;
}

export async function insertHold(sql: Sql, row: HoldRow): Promise<void> {
  await sql`INSERT INTO legal_hold ${sql(row)}`;
}

export async function releaseHold(
  sql: Sql,
  hold: { id: string; subjectId: string; by: string | null; atMs: number },
): Promise<void> {
  await sql`
    UPDATE legal_hold SET released_ms = greatest(placed_ms, ${hold.atMs}), released_by = ${hold.by}
    WHERE subject_id = ${hold.subjectId} AND id = ${hold.id}`;
}

export async function readErasures(sql: Sql): Promise<ErasureRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, erased_ms, signed, signature FROM erasure ORDER BY erased_ms`;
}

/** False when this database knows of it already. */
export async function insertErasure(sql: Sql, row: ErasureRow): Promise<boolean> {
  const added = await sql`
    INSERT INTO erasure ${sql(row)} ON CONFLICT (subject_id) DO NOTHING RETURNING 1`;
  return added.length === 1;
}

/** Everything that says there was such a subject, but for the receipt; chunks come afterwards. */
export async function deleteIndexRows(sql: Sql, subjectId: string): Promise<void> {
  // What came while the subject wore the device was the subject's, whoever's key sealed it.
  await sql`
    DELETE FROM parked USING device_assignment AS worn
    WHERE worn.subject_id = ${subjectId} AND parked.device_id = worn.device_id
      AND parked.received_ms >= worn.valid_from_ms
      AND (worn.valid_until_ms IS NULL OR parked.received_ms < worn.valid_until_ms)`;
  await sql`DELETE FROM parked WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM alarm_transition WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM alarm WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM alarm_call WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM notification WHERE subject_id = ${subjectId}`;
  await sql`
    DELETE FROM reattribution
    WHERE from_subject_id = ${subjectId} OR to_subject_id = ${subjectId}`;
  await sql`DELETE FROM relation WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM broken_glass WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM unusual_access WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM guarded_record WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM access_grant WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM device_grant WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM protocol_assignment WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM protocol_override WHERE subject_id = ${subjectId}`;
  await forgetSubject(sql, subjectId);
  await sql`DELETE FROM stay WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM movement WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM legal_hold WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM device_assignment WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM series WHERE subject_id = ${subjectId}`;
  await sql`DELETE FROM subject WHERE id = ${subjectId}`;
}

/** The sealed rows, which nothing opens any more; false when there were none left. */
export async function deleteSealedRows(
  sql: Sql,
  subject: { id: string; partition: number },
): Promise<boolean> {
  const { id, partition } = subject;
  const chunks = await sql`
    DELETE FROM chunk WHERE ctid IN (
      SELECT ctid FROM chunk WHERE partition = ${partition} AND subject_id = ${id}
      LIMIT ${ROWS_AT_ONCE})`;
  const events = await sql`
    DELETE FROM event WHERE ctid IN (
      SELECT ctid FROM event WHERE subject_id = ${id} LIMIT ${ROWS_AT_ONCE})`;
  const states = await sql`
    DELETE FROM detector_state WHERE partition = ${partition} AND subject_id = ${id}`;
  return chunks.count + events.count + states.count > 0;
}
