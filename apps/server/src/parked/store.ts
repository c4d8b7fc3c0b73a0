/** SQL of the parked: what could not be decoded or placed, with its reason and its bytes. */
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface ParkedRow {
  readonly organisation_id: string | null;
  readonly id: string;
  readonly device_id: string | null;
  readonly door: string;
  readonly fault: string;
  readonly detail: string;
  readonly message_id: string;
  readonly received_ms: number;
  readonly message_sealed: Uint8Array | null;
  readonly expires_ms: number;
}

/** Parks once: a message that is sent again is the same message. Returns how many were new. */
export async function insertParked(sql: Sql, rows: readonly ParkedRow[]): Promise<number> {
  const added = await sql`
    INSERT INTO parked ${sql(rows as ParkedRow[])}
    ON CONFLICT (device_id, message_id) DO NOTHING RETURNING 1`;
  return added.length;
}

export interface ParkedListRow {
  readonly id: string;
  readonly door: string;
  readonly device_id: string | null;
  readonly fault: string;
  readonly detail: string;
  readonly received_ms: number;
  readonly bytes: number;
}

/** The newest first; never the bytes themselves. */
export async function listParked(sql: Sql, limit: number): Promise<ParkedListRow[]> {
  return await sql`
    SELECT id, door, device_id, fault, detail, received_ms,
      coalesce(octet_length(message_sealed), 0) AS bytes
    FROM parked ORDER BY received_ms DESC LIMIT ${limit}`;
}

export async function countParkedOf(sql: Sql, deviceId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM parked WHERE device_id = ${deviceId}`;
  return row?.count ?? 0;
}

export async function countParked(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM parked`;
  return row?.count ?? 0;
}

export async function deleteExpired(sql: Sql, nowMs: number): Promise<void> {
  await sql`DELETE FROM parked WHERE expires_ms < ${nowMs}`;
}
