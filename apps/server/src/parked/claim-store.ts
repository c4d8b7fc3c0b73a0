/** SQL of claims: messages that wait for somebody to say who wore their device. */
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface ClaimableRow {
  readonly organisation_id: string;
  readonly id: string;
  readonly subject_id: string | null;
  readonly message_id: string;
  readonly received_ms: number;
  readonly message_sealed: Uint8Array;
  readonly kind: 'readings' | 'waveforms' | 'events';
  readonly epoch: number;
  readonly offset_ms: number;
  readonly shift_ms: number;
}

export interface ClaimCursor {
  readonly receivedMs: number;
  readonly messageId: string;
}

/** Devices of which something waits. */
export async function devicesToClaim(sql: Sql): Promise<string[]> {
  const rows = await sql<{ device_id: string }[]>`
    SELECT DISTINCT device_id FROM parked WHERE kind IS NOT NULL`;
  return rows.map(({ device_id }) => device_id);
}

/** The next few messages of a device, in the order in which they came. */
export async function claimableAfter(
  sql: Sql,
  deviceId: string,
  { after, limit }: { after: ClaimCursor; limit: number },
): Promise<ClaimableRow[]> {
  return await sql`
    SELECT organisation_id, id, subject_id, message_id, received_ms, message_sealed,
      kind, epoch, offset_ms, shift_ms
    FROM parked
    WHERE device_id = ${deviceId} AND kind IS NOT NULL AND message_sealed IS NOT NULL
      AND (received_ms, message_id) > (${after.receivedMs}, ${after.messageId})
    ORDER BY received_ms, message_id LIMIT ${limit}`;
}

export interface ParkedPart {
  readonly id: string;
  readonly fault: string;
  readonly detail: string;
}

/** What was wrong with a message, part by part; the row that keeps its bytes is the first. */
export async function partsOf(
  sql: Sql,
  message: { readonly deviceId: string; readonly messageId: string },
): Promise<ParkedPart[]> {
  const { deviceId, messageId } = message;
  return await sql`
    SELECT id, fault, detail FROM parked
    WHERE device_id = ${deviceId}
      AND (message_id = ${messageId} OR starts_with(message_id, ${`${messageId}#`}))
    ORDER BY message_id <> ${messageId}, length(message_id), message_id`;
}

export async function deleteParts(
  sql: Sql,
  parts: readonly Pick<ParkedPart, 'id'>[],
): Promise<void> {
  if (parts.length === 0) return;
  await sql`DELETE FROM parked WHERE id IN ${sql(parts.map(({ id }) => id))}`;
}

/** What is left of a message: why it is kept, under whose key, and whether it still waits. */
export async function keepMessage(
  sql: Sql,
  kept: {
    readonly id: string;
    readonly fault: string;
    readonly detail: string;
    readonly subjectId: string | null;
    readonly sealed: Uint8Array;
    readonly waits: boolean;
  },
): Promise<void> {
  const { id, fault, detail, subjectId, sealed, waits } = kept;
  await sql`
    UPDATE parked
    SET fault = ${fault}, detail = ${detail}, subject_id = ${subjectId}, message_sealed = ${sealed},
      kind = CASE WHEN ${waits} THEN kind END, epoch = CASE WHEN ${waits} THEN epoch END
    WHERE id = ${id}`;
}
