/** SQL of calling: how far each call is, and what is sent to whom. Each statement may be said again. */
import type { AlarmEpisode } from '@ausculta/vitals/alarm';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';

type Asks = Sql | Transaction;

export interface AlarmKey {
  readonly subject_id: SubjectId;
  readonly alarm_id: string;
}

/**
 * In the transaction that writes the alarms: what is owed from now on is called for, what was answered is not.
 * Read from the rows as they now stand, because what a person did stands against an older picture.
 */
export async function noteCalls(
  sql: Asks,
  alarms: readonly { readonly subject_id: SubjectId; readonly id: string }[],
  atMs: number,
): Promise<void> {
  const subjects = alarms.map(({ subject_id }) => subject_id);
  const ids = alarms.map(({ id }) => id);
  await followAlarms(
    sql,
    sql`alarm AS a JOIN unnest(${subjects}::uuid[], ${ids}::text[]) AS named (subject_id, id)
      USING (subject_id, id)`,
    atMs,
  );
}

/**
 * Of all alarms: those that were put here without a call, by an import or before there was calling, and those whose
 * call could not be written with them, also where they called once more.
 */
export const noteForgottenCalls = (sql: Asks, atMs: number): Promise<void> =>
  followAlarms(sql, sql`alarm AS a`, atMs);

async function followAlarms(
  sql: Asks,
  alarms: ReturnType<typeof sql>,
  atMs: number,
): Promise<void> {
  await sql`
    INSERT INTO alarm_call (organisation_id, subject_id, alarm_id, priority, since_ms, due_ms, looked_ms)
    SELECT a.organisation_id, a.subject_id, a.id,
      CASE WHEN a.is_late_high THEN 'high' ELSE a.priority END, ${atMs}, ${atMs}, ${atMs}
    FROM ${alarms}
    WHERE a.episode = 'raised' AND a.priority <> 'low'
    ON CONFLICT (subject_id, alarm_id) DO UPDATE SET
      priority = excluded.priority,
      due_ms = excluded.due_ms,
      since_ms = CASE WHEN alarm_call.ended_ms IS NULL THEN alarm_call.since_ms ELSE excluded.since_ms END,
      call = CASE WHEN alarm_call.ended_ms IS NULL THEN alarm_call.call END,
      ended_ms = NULL
    WHERE alarm_call.ended_ms IS NOT NULL OR alarm_call.priority <> excluded.priority`;
  await sql`
    WITH answered AS (
      SELECT a.subject_id, a.id FROM ${alarms}
      JOIN alarm_call AS c ON (c.subject_id, c.alarm_id) = (a.subject_id, a.id)
      WHERE a.episode <> 'raised' AND c.ended_ms IS NULL FOR SHARE OF a),
    over AS (
      UPDATE alarm_call AS c SET ended_ms = ${atMs} FROM answered AS a
      WHERE (c.subject_id, c.alarm_id) = (a.subject_id, a.id) AND c.ended_ms IS NULL
      RETURNING c.subject_id, c.alarm_id)
    UPDATE notification AS n SET state = 'stopped' FROM over
    WHERE (n.subject_id, n.alarm_id) = (over.subject_id, over.alarm_id) AND n.state = 'waiting'`;
}

export interface CallRow extends AlarmKey {
  readonly organisation_id: OrganisationId;
  readonly priority: 'medium' | 'high';
  readonly since_ms: number;
  readonly looked_ms: number;
  readonly call: string | null;
  readonly round: number;
  readonly episode: AlarmEpisode;
}

/**
 * Those to be looked at, the most urgent first; nobody else takes them before the transaction ends. They are looked
 * at once where the clock shows less than at the last look, and where their house has a new policy.
 *
 * Whatever takes hold of several rows takes the alarm first, then its call, then what is sent of it: so nobody
 * waits for somebody who waits for them.
 */
export async function holdDueCalls(
  tx: Transaction,
  houses: readonly { readonly organisationId: string; readonly version: number }[],
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<CallRow[]> {
  const ids = houses.map(({ organisationId }) => organisationId);
  const versions = houses.map(({ version }) => version);
  return await tx`
    SELECT c.organisation_id, c.subject_id, c.alarm_id, c.priority, c.since_ms, c.looked_ms, c.call, c.round, a.episode
    FROM alarm_call AS c
    JOIN unnest(${ids}::uuid[], ${versions}::integer[]) AS house (organisation_id, version) USING (organisation_id)
    JOIN alarm AS a ON (a.subject_id, a.id) = (c.subject_id, c.alarm_id)
    WHERE c.ended_ms IS NULL
      AND (c.due_ms <= ${nowMs} OR c.looked_ms > ${nowMs} OR c.version IS DISTINCT FROM house.version)
    ORDER BY c.priority = 'high' DESC, c.due_ms LIMIT ${limit} FOR UPDATE OF c SKIP LOCKED`;
}

/**
 * Up to when the clock has gone on while calls were waited for: by that a clock that is set back is seen, and no
 * more waiting is lost than since then.
 */
export async function noteClock(
  sql: Asks,
  { nowMs, everyMs }: { readonly nowMs: number; readonly everyMs: number },
): Promise<void> {
  await sql`
    UPDATE alarm_call AS c SET looked_ms = ${nowMs} FROM (
      SELECT subject_id, alarm_id FROM alarm_call
      WHERE ended_ms IS NULL AND looked_ms <= ${nowMs - everyMs} FOR UPDATE SKIP LOCKED) AS waiting
    WHERE (c.subject_id, c.alarm_id) = (waiting.subject_id, waiting.alarm_id)`;
}

export interface CallWritten extends AlarmKey {
  readonly call: string;
  readonly round: number;
  readonly version: number;
  readonly lookedMs: number;
  /** No tier that was called reaches anybody. */
  readonly isUnreached: boolean;
  /** Undefined: it is owed no more. */
  readonly dueMs: number | undefined;
}

export async function writeCall(tx: Transaction, row: CallWritten): Promise<void> {
  await tx`
    UPDATE alarm_call SET call = ${row.call}, round = ${row.round}, version = ${row.version}, looked_ms = ${row.lookedMs},
      unreached_ms = CASE WHEN ${row.isUnreached} THEN coalesce(unreached_ms, ${row.lookedMs}::bigint) END,
      due_ms = coalesce(${row.dueMs ?? null}::bigint, due_ms),
      ended_ms = CASE WHEN ${row.dueMs === undefined} THEN ${row.lookedMs}::bigint END
    WHERE subject_id = ${row.subject_id} AND alarm_id = ${row.alarm_id}`;
}

/** It could not be looked at: nobody is called for it, and others come first for a second. */
export async function noteStuck(
  tx: Transaction,
  { subject_id, alarm_id }: AlarmKey,
  { nowMs, version }: { readonly nowMs: number; readonly version: number },
): Promise<void> {
  await tx`
    UPDATE alarm_call SET due_ms = ${nowMs + STUCK_MS}, version = ${version},
      unreached_ms = coalesce(unreached_ms, ${nowMs}::bigint)
    WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id}`;
}

const STUCK_MS = 1_000;

/** Of each tier that was called: whether its last round has reached nobody. */
export async function failedTiers(
  tx: Transaction,
  { subject_id, alarm_id }: AlarmKey,
): Promise<number[]> {
  const rows = await tx<{ tier: number }[]>`
    SELECT n.tier FROM notification AS n
    JOIN (SELECT tier, max(round) AS round FROM notification
      WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id} GROUP BY tier) AS last USING (tier, round)
    WHERE n.subject_id = ${subject_id} AND n.alarm_id = ${alarm_id}
    GROUP BY n.tier
    HAVING bool_and(n.state = 'refused' OR (n.state = 'waiting' AND n.attempts >= ${TRIED_IN_VAIN}))`;
  return rows.map(({ tier }) => tier);
}

/** So often in vain, and whoever comes next is called as well. */
export const TRIED_IN_VAIN = 2;

export interface NotificationRow extends AlarmKey {
  readonly organisation_id: OrganisationId;
  readonly tier: number;
  readonly round: number;
  readonly recipient: string;
  readonly channel: string;
  readonly id: string;
}

/** An older one that still waits says nothing that the new one does not. */
export async function addNotifications(
  tx: Transaction,
  rows: readonly NotificationRow[],
  atMs: number,
): Promise<void> {
  for (const row of rows) {
    const { subject_id, alarm_id, recipient, channel, round } = row;
    await tx`
      UPDATE notification SET state = 'superseded'
      WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id} AND recipient = ${recipient}
        AND channel = ${channel} AND round < ${round} AND state = 'waiting'`;
    const times = { made_ms: atMs, tried_ms: atMs, next_ms: atMs };
    await tx`INSERT INTO notification ${tx({ ...row, ...times, state: 'waiting' })} ON CONFLICT DO NOTHING`;
  }
}

export interface WaitingRow extends NotificationRow {
  readonly attempts: number;
  readonly priority: 'medium' | 'high';
}

export interface DueAsked {
  readonly nowMs: number;
  readonly limit: number;
  /** Under way already, or by a channel that takes no more now. */
  readonly except: { readonly ids: readonly string[]; readonly channels: readonly string[] };
}

/** What is to be sent now, of alarms that are owed; the most urgent first. */
export async function dueNotifications(
  sql: Asks,
  { nowMs, limit, except }: DueAsked,
): Promise<WaitingRow[]> {
  return await sql`
    SELECT n.organisation_id, n.subject_id, n.alarm_id, n.tier, n.round, n.recipient, n.channel, n.id,
      n.attempts, c.priority
    FROM notification AS n
    JOIN alarm_call AS c ON (c.subject_id, c.alarm_id) = (n.subject_id, n.alarm_id)
    WHERE n.state = 'waiting' AND c.ended_ms IS NULL AND (n.next_ms <= ${nowMs} OR n.tried_ms > ${nowMs})
      AND n.id <> ALL(${[...except.ids]}::text[]) AND n.channel <> ALL(${[...except.channels]}::text[])
    ORDER BY c.priority = 'high' DESC, n.next_ms LIMIT ${limit}`;
}

export async function noteSent(sql: Asks, id: string, atMs: number): Promise<void> {
  await sql`
    UPDATE notification SET state = 'sent', sent_ms = ${atMs}, tried_ms = ${atMs}, attempts = attempts + 1, fault = NULL
    WHERE id = ${id}`;
}

export interface Untaken {
  readonly atMs: number;
  readonly nextMs: number;
  readonly fault: string;
  /** It will never be taken, however often it is sent. */
  readonly isFinal: boolean;
}

/** What fails for good or again and again calls whoever comes next: its call is looked at at once. */
export async function noteUntaken(
  sql: Sql,
  { subject_id, alarm_id, id }: NotificationRow,
  { atMs, nextMs, fault, isFinal }: Untaken,
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`
      SELECT FROM alarm_call WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id} FOR UPDATE`;
    const [row] = await tx<{ attempts: number; state: string }[]>`
      UPDATE notification SET attempts = attempts + 1, tried_ms = ${atMs}, next_ms = ${nextMs},
        fault = ${fault.slice(0, 300)},
        state = CASE WHEN ${isFinal} AND state = 'waiting' THEN 'refused' ELSE state END
      WHERE id = ${id} AND state <> 'sent' RETURNING attempts, state`;
    if (row?.state !== 'refused' && row?.attempts !== TRIED_IN_VAIN) return;
    await tx`
      UPDATE alarm_call SET due_ms = least(due_ms, ${atMs})
      WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id}`;
  });
}
