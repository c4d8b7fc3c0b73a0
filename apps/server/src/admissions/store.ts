/** SQL of admissions: who lies where, which messages said so, and which device stands at which bed. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface StayRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly changed_ms: number;
  readonly sealed: Uint8Array;
}

export interface BedDeviceRow {
  readonly organisation_id: OrganisationId;
  readonly device_id: string;
  readonly bed_sealed: Uint8Array;
}

/** In the order in which they changed: of two unknown patients of a bed, the later one is met again. */
export async function readStays(sql: Sql): Promise<StayRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, changed_ms, sealed FROM stay ORDER BY changed_ms, subject_id`;
}

export async function writeStay(sql: Sql, row: StayRow): Promise<void> {
  await sql`
    INSERT INTO stay ${sql(row)}
    ON CONFLICT (subject_id) DO UPDATE SET changed_ms = excluded.changed_ms, sealed = excluded.sealed`;
}

export async function readBedDevices(sql: Sql): Promise<BedDeviceRow[]> {
  return await sql`SELECT organisation_id, device_id, bed_sealed FROM bed_device`;
}

export async function writeBedDevice(sql: Sql, row: BedDeviceRow): Promise<void> {
  await sql`
    INSERT INTO bed_device ${sql(row)}
    ON CONFLICT (device_id) DO UPDATE SET bed_sealed = excluded.bed_sealed`;
}

export interface MovementRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly message_id: string;
  readonly what: string;
  readonly at_ms: number;
  readonly received_ms: number;
}

/** Whom a message was about that has been taken already. */
export async function subjectOfMessage(
  sql: Sql,
  organisationId: OrganisationId,
  messageId: string,
): Promise<SubjectId | undefined> {
  const [row] = await sql<{ subject_id: SubjectId }[]>`
    SELECT subject_id FROM movement
    WHERE message_id = ${messageId} AND organisation_id = ${organisationId}`;
  return row?.subject_id;
}

export async function insertMovement(sql: Sql, row: MovementRow): Promise<void> {
  await sql`INSERT INTO movement ${sql(row)}`;
}

export interface RefusedRow {
  readonly id: string;
  readonly device_id: string;
  readonly subject_id: string | null;
  readonly fault: string;
  readonly detail: string;
  readonly message_id: string;
  readonly received_ms: number;
  readonly message_sealed: Uint8Array;
}

/** Messages that contradict what is known, and have not been taken since; the newest first. */
export async function readRefused(
  sql: Sql,
  organisationId: OrganisationId,
  { sinceMs, limit }: { readonly sinceMs: number; readonly limit: number },
): Promise<RefusedRow[]> {
  return await sql`
    SELECT id, device_id, subject_id, fault, detail, message_id, received_ms, message_sealed
    FROM parked
    WHERE organisation_id = ${organisationId} AND received_ms > ${sinceMs}
      AND door = 'hl7' AND fault IN ('MOVEMENT_REFUSED', 'PATIENT_UNKNOWN')
      AND message_sealed IS NOT NULL
      AND NOT EXISTS (SELECT FROM movement WHERE movement.message_id = parked.message_id)
    ORDER BY received_ms DESC LIMIT ${limit}`;
}
