/** SQL of re-attribution: what was ordered, and how far it has come. */
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export type Stage = 'moving' | 'telling' | 'done';

export interface OrderRow {
  readonly organisation_id: OrganisationId;
  readonly device_id: DeviceId;
  readonly id: string;
  readonly from_subject_id: SubjectId;
  readonly to_subject_id: SubjectId;
  readonly from_ms: number;
  readonly until_ms: number | null;
  readonly ordered_ms: number;
  readonly ordered_by: string | null;
  readonly stage: Stage;
  readonly values_moved: number;
}

export async function insertOrders(sql: Sql, rows: readonly OrderRow[]): Promise<void> {
  if (rows.length > 0) await sql`INSERT INTO reattribution ${sql(rows)}`;
}

/** Those that are not done, in the order in which they were given. */
export async function readUnfinished(sql: Sql): Promise<OrderRow[]> {
  return await sql`
    SELECT organisation_id, device_id, id, from_subject_id, to_subject_id, from_ms, until_ms,
      ordered_ms, ordered_by, stage, values_moved
    FROM reattribution WHERE stage <> 'done' ORDER BY ordered_ms, id`;
}

/** The same of one device. */
export async function readUnfinishedOf(sql: Sql, deviceId: string): Promise<OrderRow[]> {
  return await sql`
    SELECT organisation_id, device_id, id, from_subject_id, to_subject_id, from_ms, until_ms,
      ordered_ms, ordered_by, stage, values_moved
    FROM reattribution WHERE device_id = ${deviceId} AND stage <> 'done' ORDER BY ordered_ms, id`;
}

/** Those of a device, the newest first. */
export async function readOrdersOf(sql: Sql, deviceId: string, limit: number): Promise<OrderRow[]> {
  return await sql`
    SELECT organisation_id, device_id, id, from_subject_id, to_subject_id, from_ms, until_ms,
      ordered_ms, ordered_by, stage, values_moved
    FROM reattribution WHERE device_id = ${deviceId} ORDER BY ordered_ms DESC, id LIMIT ${limit}`;
}

/** Those that have moved something, since a time, the newest last. */
export async function readEffective(sql: Sql, sinceMs: number): Promise<OrderRow[]> {
  return await sql`
    SELECT organisation_id, device_id, id, from_subject_id, to_subject_id, from_ms, until_ms,
      ordered_ms, ordered_by, stage, values_moved
    FROM reattribution WHERE ordered_ms >= ${sinceMs} AND values_moved > 0 ORDER BY ordered_ms, id`;
}

/** To whom readings have come from another record, and when last. */
export async function readArrivals(
  sql: Sql,
): Promise<{ to_subject_id: SubjectId; ordered_ms: number }[]> {
  return await sql`
    SELECT to_subject_id, max(ordered_ms) AS ordered_ms FROM reattribution
    WHERE values_moved > 0 GROUP BY to_subject_id`;
}

/** Written with the slice that it counts. */
export async function addMoved(sql: Sql, id: string, values: number): Promise<void> {
  await sql`UPDATE reattribution SET values_moved = values_moved + ${values} WHERE id = ${id}`;
}

/** The stage it is in now; answers how much it has moved. Undefined when it is gone with a subject. */
export async function writeStage(
  sql: Sql,
  order: { readonly id: string; readonly stage: Stage; readonly atMs: number },
): Promise<number | undefined> {
  const { id, stage, atMs } = order;
  const [row] = await sql<{ values_moved: number }[]>`
    UPDATE reattribution
    SET stage = ${stage}, done_ms = ${stage === 'done' ? atMs : null}
    WHERE id = ${id} RETURNING values_moved`;
  return row?.values_moved;
}
