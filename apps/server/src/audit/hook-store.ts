/** SQL of heads that are sent elsewhere: what a receiver has, and what comes next. */
import type { Sql } from '../database/pool.ts';
import type { Reader } from '../database/readers.ts';

/** Organisations that have heads begin with the newest: what came before it is in it. */
export async function beginTelling(sql: Sql, receiver: string): Promise<void> {
  await sql`
    INSERT INTO audit_told (organisation_id, receiver, size)
    SELECT o.id, ${receiver}, h.size - 1 FROM organisation AS o
    JOIN LATERAL (SELECT size FROM audit_head WHERE organisation_id = o.id
      ORDER BY size DESC LIMIT 1) AS h ON true
    ON CONFLICT DO NOTHING`;
}

export interface Untold {
  readonly organisation_id: string;
  readonly size: number;
  readonly note: string;
  /** It says that the database was put back. */
  readonly is_restoration: boolean;
}

/** The next of each organisation, in the order in which they were signed. */
export async function nextUntold(sql: Sql, receiver: string): Promise<Untold[]> {
  return await sql`
    SELECT t.organisation_id, coalesce(h.size, t.size) AS size,
      coalesce(t.restored, h.note) AS note, t.restored IS NOT NULL AS is_restoration
    FROM audit_told AS t
    LEFT JOIN LATERAL (SELECT size, note FROM audit_head AS own
      WHERE own.organisation_id = t.organisation_id AND own.size > t.size
      ORDER BY own.size LIMIT 1) AS h ON true
    WHERE t.receiver = ${receiver} AND (h.size IS NOT NULL OR t.restored IS NOT NULL)
    ORDER BY t.organisation_id`;
}

interface OfReceiver {
  readonly receiver: string;
  readonly organisationId: string;
  readonly atMs: number;
}

export async function noteTaken(
  sql: Sql,
  { receiver, organisationId, atMs, head }: OfReceiver & { readonly head: Untold },
): Promise<void> {
  await sql`
    UPDATE audit_told SET told_ms = ${atMs}, failing_ms = NULL, attempts = 0, why = NULL,
      restored = CASE WHEN ${head.is_restoration} THEN NULL ELSE restored END,
      size = CASE WHEN ${head.is_restoration} THEN size ELSE ${head.size}::bigint END
    WHERE organisation_id = ${organisationId} AND receiver = ${receiver}`;
}

export async function noteNotTaken(
  sql: Sql,
  { receiver, organisationId, atMs, why }: OfReceiver & { readonly why: string },
): Promise<void> {
  await sql`
    UPDATE audit_told SET failing_ms = coalesce(failing_ms, ${atMs}), attempts = attempts + 1,
      why = ${why}
    WHERE organisation_id = ${organisationId} AND receiver = ${receiver}`;
}

/** Told before anything else, to whoever has had heads of what was lost. */
export async function noteRestoration(
  sql: Sql,
  { receiver, organisationId, note }: Omit<OfReceiver, 'atMs'> & { readonly note: string },
): Promise<void> {
  await sql`
    INSERT INTO audit_told (organisation_id, receiver, size, restored)
    SELECT ${organisationId}, ${receiver}, coalesce(max(size), 0), ${note} FROM audit_head
    WHERE organisation_id = ${organisationId}
    ON CONFLICT (organisation_id, receiver) DO UPDATE SET restored = excluded.restored`;
}

export interface ToldRow {
  readonly size: number;
  readonly told_ms: number | null;
  readonly failing_ms: number | null;
  readonly attempts: number;
  readonly why: string | null;
  /** Heads that it has not. */
  readonly waiting: number;
}

export async function toldOf(
  sql: Reader,
  { receiver, organisationId }: Omit<OfReceiver, 'atMs'>,
): Promise<ToldRow | undefined> {
  const [row] = await sql<ToldRow[]>`
    SELECT t.size, t.told_ms, t.failing_ms, t.attempts, t.why,
      (SELECT count(*)::int FROM audit_head AS h
        WHERE h.organisation_id = t.organisation_id AND h.size > t.size) AS waiting
    FROM audit_told AS t
    WHERE t.organisation_id = ${organisationId} AND t.receiver = ${receiver}`;
  return row;
}
