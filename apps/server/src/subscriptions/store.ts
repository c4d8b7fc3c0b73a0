/** SQL of subscriptions: how far each has been told, and its events. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';
import type { AlarmRow, TransitionRow } from '../alarms/store.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

export type SubscriptionStatus = 'requested' | 'active' | 'error' | 'off';

export interface SubscriptionRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly version: number;
  readonly status: SubscriptionStatus;
  readonly base_url: string | null;
  readonly sealed: Uint8Array;
  readonly is_begun: boolean;
  readonly last_event: number;
  readonly delivered: number;
  readonly failing_since_ms: number | null;
  /** For whom it acts; null: nobody knows. */
  readonly maker: string | null;
}

export interface EventRow {
  readonly number: number;
  readonly at_ms: number;
  readonly subject_id: SubjectId | null;
  readonly cause: string | null;
  readonly sealed: Uint8Array | null;
}

/** Of one organisation and one subscription; what belongs to it is asked for by this. */
export interface SubscriptionKey {
  readonly organisationId: OrganisationId;
  readonly id: string;
}

export async function readSubscriptions(sql: Sql): Promise<SubscriptionRow[]> {
  return await sql`SELECT * FROM subscription`;
}

export async function readSubscription(
  sql: Sql,
  { organisationId, id }: SubscriptionKey,
): Promise<SubscriptionRow | undefined> {
  const [row] = await sql<SubscriptionRow[]>`
    SELECT * FROM subscription WHERE organisation_id = ${organisationId} AND id = ${id}`;
  return row;
}

/** Documents that came from another installation: nothing here knows of them yet. */
export async function readUnknown(sql: Sql): Promise<SubscriptionKey[]> {
  return await sql`
    SELECT organisation_id AS "organisationId", id FROM fhir_document AS document
    WHERE type = 'Subscription' AND sealed IS NOT NULL AND NOT EXISTS (
      SELECT FROM subscription AS known
      WHERE known.organisation_id = document.organisation_id AND known.id = document.id)`;
}

export type WrittenSubscription = Pick<
  SubscriptionRow,
  'organisation_id' | 'id' | 'version' | 'status' | 'base_url' | 'sealed' | 'maker'
>;

/**
 * As the document now is. One that begins is told from here on; one that goes on, from where it was. One
 * that is off is told nothing more, and its events go.
 */
export async function writeSubscription(sql: Sql, row: WrittenSubscription): Promise<void> {
  const isBegun = row.status === 'active';
  await sql`
    INSERT INTO subscription ${sql({ ...row, is_begun: isBegun })}
    ON CONFLICT (organisation_id, id) DO UPDATE SET
      version = excluded.version, status = excluded.status, sealed = excluded.sealed,
      base_url = coalesce(excluded.base_url, subscription.base_url),
      maker = coalesce(excluded.maker, subscription.maker),
      failing_since_ms = NULL,
      delivered = CASE WHEN excluded.is_begun AND NOT subscription.is_begun
                  THEN subscription.last_event ELSE subscription.delivered END,
      is_begun = excluded.status <> 'off' AND (excluded.is_begun OR subscription.is_begun)`;
  if (row.status !== 'off') return;
  await sql`
    DELETE FROM subscription_event
    WHERE organisation_id = ${row.organisation_id} AND subscription_id = ${row.id}`;
}

/** Held until the transaction ends, so that numbers have no gap and no double. */
export async function lockCounters(
  sql: Sql,
  organisationId: OrganisationId,
  ids: readonly string[],
): Promise<Pick<SubscriptionRow, 'id' | 'last_event' | 'is_begun'>[]> {
  return await sql`
    SELECT id, last_event, is_begun FROM subscription
    WHERE organisation_id = ${organisationId} AND id = ANY(${[...ids]}::text[])
    ORDER BY id FOR UPDATE`;
}

export async function readCauses(
  sql: Sql,
  organisationId: OrganisationId,
  causes: readonly string[],
): Promise<{ subscription_id: string; cause: string }[]> {
  return await sql`
    SELECT subscription_id, cause FROM subscription_event
    WHERE organisation_id = ${organisationId} AND cause = ANY(${[...causes]}::text[])`;
}

export async function insertEvents(
  sql: Sql,
  organisationId: OrganisationId,
  rows: readonly (EventRow & { readonly subscription_id: string })[],
): Promise<void> {
  const given = rows.map((row) => ({ organisation_id: organisationId, ...row }));
  await sql`INSERT INTO subscription_event ${sql(given)}`;
  await sql`
    UPDATE subscription AS s SET last_event = newest.number
    FROM (
      SELECT id, max(number) AS number
      FROM unnest(${rows.map((row) => row.subscription_id)}::text[],
        ${rows.map(({ number }) => number)}::bigint[]) AS row (id, number)
      GROUP BY id
    ) AS newest
    WHERE s.organisation_id = ${organisationId} AND s.id = newest.id`;
}

/** In their order, from one number to another, both included. */
export async function readEvents(
  sql: Sql,
  { organisationId, id }: SubscriptionKey,
  { from, until, limit }: { readonly from: number; readonly until: number; readonly limit: number },
): Promise<EventRow[]> {
  return await sql`
    SELECT number, at_ms, subject_id, cause, sealed FROM subscription_event
    WHERE organisation_id = ${organisationId} AND subscription_id = ${id}
      AND number >= ${from} AND number <= ${until}
    ORDER BY number LIMIT ${limit}`;
}

export async function readFirstNumber(
  sql: Sql,
  { organisationId, id }: SubscriptionKey,
): Promise<number | undefined> {
  const [row] = await sql<{ first: number | null }[]>`
    SELECT min(number) AS first FROM subscription_event
    WHERE organisation_id = ${organisationId} AND subscription_id = ${id}`;
  return row?.first ?? undefined;
}

export async function noteDelivery(
  sql: Sql,
  { organisationId, id }: SubscriptionKey,
  { delivered, failingSinceMs }: { delivered: number; failingSinceMs: number | undefined },
): Promise<void> {
  await sql`
    UPDATE subscription
    SET delivered = greatest(delivered, ${delivered}), failing_since_ms = ${failingSinceMs ?? null}
    WHERE organisation_id = ${organisationId} AND id = ${id}`;
}

export async function deleteEventsBefore(sql: Sql, beforeMs: number): Promise<void> {
  await sql`DELETE FROM subscription_event WHERE at_ms < ${beforeMs}`;
}

export type UntoldRow = TransitionRow &
  Pick<
    AlarmRow,
    | 'rule_key'
    | 'metric'
    | 'priority'
    | 'condition'
    | 'episode'
    | 'opened_ms'
    | 'raised_ms'
    | 'condition_ended_ms'
  >;

/** What has become of alarms, and nobody has been told yet; with each alarm as it is now. */
export async function readUntold(sql: Sql, limit: number): Promise<UntoldRow[]> {
  return await sql`
    SELECT t.organisation_id, t.subject_id, t.alarm_id, t.cause, t.what, t.at_ms, a.rule_key, a.metric,
      a.priority, a.condition, a.episode, a.opened_ms, a.raised_ms, a.condition_ended_ms
    FROM alarm_transition AS t JOIN alarm AS a ON (a.subject_id, a.id) = (t.subject_id, t.alarm_id)
    WHERE NOT t.is_told
    ORDER BY t.at_ms, t.subject_id, t.alarm_id, t.cause LIMIT ${limit}`;
}

export async function markTold(sql: Sql, rows: readonly UntoldRow[]): Promise<void> {
  await sql`
    UPDATE alarm_transition AS t SET is_told = true
    FROM unnest(${rows.map((row) => row.subject_id)}::uuid[],
      ${rows.map((row) => row.alarm_id)}::text[], ${rows.map((row) => row.cause)}::text[]
    ) AS row (subject_id, alarm_id, cause)
    WHERE (t.subject_id, t.alarm_id, t.cause) = (row.subject_id, row.alarm_id, row.cause)`;
}
