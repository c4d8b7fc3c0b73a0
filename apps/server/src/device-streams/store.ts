/** SQL of grants between devices. */
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export type StreamedData = 'vitals' | 'events';

export interface GrantRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly from_device: DeviceId;
  readonly to_device: DeviceId;
  readonly subject_id: SubjectId;
  readonly data_classes: StreamedData[];
  readonly from_ms: number;
  readonly until_ms: number;
  readonly given_by: string | null;
}

/** Those in force, or still to be. */
export async function readGrants(sql: Sql, nowMs: number): Promise<GrantRow[]> {
  return await sql`
    SELECT organisation_id, id, from_device, to_device, subject_id, data_classes, from_ms, until_ms,
      given_by
    FROM device_grant WHERE withdrawn_ms IS NULL AND until_ms > ${nowMs}`;
}

export async function insertGrant(sql: Sql, row: GrantRow): Promise<void> {
  await sql`INSERT INTO device_grant ${sql(row)}`;
}

export async function withdrawGrant(sql: Sql, id: string, atMs: number): Promise<void> {
  await sql`
    UPDATE device_grant SET withdrawn_ms = ${atMs} WHERE id = ${id} AND withdrawn_ms IS NULL`;
}
