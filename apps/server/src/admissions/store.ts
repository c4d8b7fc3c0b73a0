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
