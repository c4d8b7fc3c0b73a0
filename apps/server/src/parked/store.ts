/** SQL of the parked: what could not be decoded or placed, with its reason and its bytes. */
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface ParkedRow {
  readonly organisation_id: string | null;
  readonly id: string;
  readonly device_id: string | null;
  readonly subject_id: string | null;
  readonly door: string;
  readonly fault: string;
  readonly detail: string;
  readonly message_id: string;
  readonly received_ms: number;
  readonly message_sealed: Uint8Array | null;
  readonly expires_ms: number;
  /** Set, with what follows, while the message waits for somebody to say who wore its device. */
  readonly kind: string | null;
  readonly epoch: number | null;
  readonly offset_ms: number | null;
  readonly shift_ms: number | null;
}

/** Parks once: a message that is sent again is the same message. Returns the ids of the new rows. */
export async function insertParked(sql: Sql, rows: readonly ParkedRow[]): Promise<Set<string>> {
  const added = await sql<{ id: string }[]>`
    INSERT INTO parked ${sql(rows as ParkedRow[])}
    ON CONFLICT (device_id, message_id) DO NOTHING RETURNING id`;
  return new Set(added.map(({ id }) => id));
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

/** How much is parked: rows, and the bytes of the messages that they keep. */
export interface ParkedAmount {
  readonly rows: number;
  readonly bytes: number;
}

const NOTHING: ParkedAmount = { rows: 0, bytes: 0 };

export async function parkedAmountOf(sql: Sql, deviceId: string): Promise<ParkedAmount> {
  const [amount] = await sql<ParkedAmount[]>`
    SELECT count(*)::int AS rows, coalesce(sum(octet_length(message_sealed)), 0)::bigint AS bytes
    FROM parked WHERE device_id = ${deviceId}`;
  return amount ?? NOTHING;
}

export async function parkedAmount(sql: Sql): Promise<ParkedAmount> {
  const [amount] = await sql<ParkedAmount[]>`
    SELECT count(*)::int AS rows, coalesce(sum(octet_length(message_sealed)), 0)::bigint AS bytes
    FROM parked`;
  return amount ?? NOTHING;
}

export async function deleteExpired(sql: Sql, nowMs: number): Promise<void> {
  await sql`DELETE FROM parked WHERE expires_ms < ${nowMs}`;
}
