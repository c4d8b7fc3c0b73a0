/** SQL of what people ask of calling: policies, who is on, addresses, and what became of what was sent. */
import type { Role } from '@ausculta/policy/vocabulary';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';
import { WATCHDOG_ORGANISATION } from '../watchdog/store.ts';
import type { AlarmKey } from './store.ts';

type Asks = Sql | Transaction;

export interface PolicyRow {
  readonly organisation_id: OrganisationId;
  readonly version: number;
  readonly policy: string;
  readonly made_by: string | null;
  readonly made_ms: number;
}

/** The newest of each house. */
export async function readPolicies(sql: Asks): Promise<PolicyRow[]> {
  return await sql`
    SELECT DISTINCT ON (organisation_id) organisation_id, version, policy, made_by, made_ms
    FROM call_policy ORDER BY organisation_id, version DESC`;
}

export async function readHouses(sql: Asks): Promise<OrganisationId[]> {
  const rows = await sql<{ id: OrganisationId }[]>`SELECT id FROM organisation`;
  return rows.map(({ id }) => id);
}

/** Two who write at once get two versions: the key of the table has the second wait, and fail. */
export async function insertPolicy(
  tx: Transaction,
  { organisation_id, policy, made_by, made_ms }: Omit<PolicyRow, 'version'>,
): Promise<number> {
  const [row] = await tx<{ version: number }[]>`
    INSERT INTO call_policy (organisation_id, version, policy, made_by, made_ms)
    SELECT ${organisation_id}, coalesce(max(version), 0) + 1, ${policy}, ${made_by}, ${made_ms}
    FROM call_policy WHERE organisation_id = ${organisation_id}
    RETURNING version`;
  return row?.version ?? 0;
}

export async function policyText(
  sql: Asks,
  organisationId: OrganisationId,
  version: number,
): Promise<string | undefined> {
  const [row] = await sql<{ policy: string }[]>`
    SELECT policy FROM call_policy WHERE organisation_id = ${organisationId} AND version = ${version}`;
  return row?.policy;
}

export async function accountsInUse(
  sql: Asks,
  organisationId: OrganisationId,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM account
    WHERE organisation_id = ${organisationId} AND id = ANY(${[...ids]}::uuid[]) AND disabled_at IS NULL`;
  return rows.map(({ id }) => id);
}

export interface TurnRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly account_id: AccountId;
  readonly duty: string;
  readonly unit: string | null;
  readonly from_ms: number;
  readonly until_ms: number | null;
  readonly after_id: string | null;
}

export interface NamedTurn extends TurnRow {
  readonly name: string;
}

/** Those in force, of accounts that are in use. */
export async function turnsAt(
  sql: Asks,
  organisationId: OrganisationId,
  atMs: number,
): Promise<NamedTurn[]> {
  return await sql`
    SELECT t.organisation_id, t.id, t.account_id, t.duty, t.unit, t.from_ms, t.until_ms, t.after_id,
      a.display_name AS name
    FROM duty_turn AS t JOIN account AS a ON (a.organisation_id, a.id) = (t.organisation_id, t.account_id)
    WHERE t.organisation_id = ${organisationId} AND a.disabled_at IS NULL
      AND t.from_ms <= ${atMs} AND (t.until_ms IS NULL OR t.until_ms > ${atMs})
    ORDER BY t.duty, t.unit NULLS FIRST, t.from_ms`;
}

/** Held until the transaction ends: two who hand over at once do not both end it. */
export async function holdTurn(
  tx: Transaction,
  { organisationId, id, atMs }: { organisationId: OrganisationId; id: string; atMs: number },
): Promise<TurnRow | undefined> {
  const [row] = await tx<TurnRow[]>`
    SELECT organisation_id, id, account_id, duty, unit, from_ms, until_ms, after_id FROM duty_turn
    WHERE organisation_id = ${organisationId} AND id = ${id}
      AND (until_ms IS NULL OR until_ms > ${atMs}) FOR UPDATE`;
  return row;
}

export async function insertTurn(tx: Transaction, row: TurnRow): Promise<void> {
  await tx`INSERT INTO duty_turn ${tx(row)}`;
}

export async function endTurn(tx: Transaction, id: string, atMs: number): Promise<void> {
  await tx`UPDATE duty_turn SET until_ms = greatest(from_ms + 1, ${atMs}) WHERE id = ${id}`;
}

export interface AddressRow {
  readonly organisation_id: OrganisationId;
  readonly account_id: AccountId;
  readonly sealed: Uint8Array;
}

export interface Addressee extends AddressRow {
  readonly name: string;
  readonly roles: readonly Role[];
}

/** Of accounts that are in use. */
export async function addressesOf(
  sql: Asks,
  organisationId: OrganisationId,
  accountIds: readonly string[],
): Promise<Addressee[]> {
  return await sql`
    SELECT c.organisation_id, c.account_id, c.sealed, a.display_name AS name, a.roles
    FROM call_address AS c JOIN account AS a ON (a.organisation_id, a.id) = (c.organisation_id, c.account_id)
    WHERE c.organisation_id = ${organisationId} AND c.account_id = ANY(${[...accountIds]}::uuid[])
      AND a.disabled_at IS NULL`;
}

export async function writeAddress(tx: Transaction, row: AddressRow): Promise<void> {
  await tx`
    INSERT INTO call_address ${tx(row)}
    ON CONFLICT (organisation_id, account_id) DO UPDATE SET sealed = excluded.sealed`;
}

export interface ToldRow extends AlarmKey {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly tier: number;
  readonly round: number;
  readonly recipient: string;
  readonly channel: string;
  readonly state: 'waiting' | 'sent' | 'refused' | 'superseded' | 'stopped';
  readonly made_ms: number;
  readonly next_ms: number;
  readonly attempts: number;
  readonly fault: string | null;
  readonly sent_ms: number | null;
  readonly seen_ms: number | null;
  readonly answered_ms: number | null;
  /** Of the person, as the account is called now. */
  readonly name: string | null;
}

const toldColumns = (sql: Asks) => sql`
  n.organisation_id, n.subject_id, n.alarm_id, n.id, n.tier, n.round, n.recipient, n.channel, n.state,
  n.made_ms, n.next_ms, n.attempts, n.fault, n.sent_ms, n.seen_ms, n.answered_ms, a.display_name AS name
  FROM notification AS n
  LEFT JOIN account AS a ON a.organisation_id = n.organisation_id AND n.recipient = 'account/' || a.id`;

/** The newest first; what is beyond the limit is older. */
export async function toldOf(
  sql: Asks,
  { subject_id, alarm_id }: AlarmKey,
  limit: number,
): Promise<ToldRow[]> {
  return await sql`
    SELECT ${toldColumns(sql)}
    WHERE n.subject_id = ${subject_id} AND n.alarm_id = ${alarm_id}
    ORDER BY n.round DESC, n.recipient, n.channel LIMIT ${limit}`;
}

export async function toldById(sql: Asks, id: string): Promise<ToldRow | undefined> {
  const [row] = await sql<ToldRow[]>`SELECT ${toldColumns(sql)} WHERE n.id = ${id}`;
  return row;
}

/** Of alarms that are owed: what has not been taken, and what never will be. */
export async function untaken(
  sql: Asks,
  organisationId: OrganisationId,
  limit: number,
): Promise<ToldRow[]> {
  return await sql`
    SELECT ${toldColumns(sql)}
    JOIN alarm_call AS c ON (c.subject_id, c.alarm_id) = (n.subject_id, n.alarm_id) AND c.ended_ms IS NULL
    WHERE n.organisation_id = ${organisationId}
      AND (n.state = 'refused' OR (n.state = 'waiting' AND n.attempts > 0))
    ORDER BY n.made_ms DESC LIMIT ${limit}`;
}

export async function countsOf(
  sql: Asks,
  organisationId: OrganisationId,
): Promise<{ readonly untaken: number; readonly unreached: number }> {
  const [row] = await sql<{ untaken: number; unreached: number }[]>`
    SELECT
      (SELECT count(*)::integer FROM notification AS n
        JOIN alarm_call AS c ON (c.subject_id, c.alarm_id) = (n.subject_id, n.alarm_id) AND c.ended_ms IS NULL
        WHERE n.organisation_id = ${organisationId}
          AND (n.state = 'refused' OR (n.state = 'waiting' AND n.attempts > 0))) AS untaken,
      (SELECT count(*)::integer FROM alarm_call
        WHERE organisation_id = ${organisationId} AND ended_ms IS NULL AND unreached_ms IS NOT NULL) AS unreached`;
  return row ?? { untaken: 0, unreached: 0 };
}

export interface CallCounts {
  /** Owed alarms of which no tier that was called reaches anybody. */
  readonly unreached: number;
  /** What was sent of owed alarms and was not taken. */
  readonly untaken: number;
  /** Houses in which nobody is called. */
  readonly houses_without: number;
}

export const NO_COUNTS: CallCounts = { unreached: 0, untaken: 0, houses_without: 0 };

export async function readCounts(sql: Asks): Promise<CallCounts> {
  const [row] = await sql<CallCounts[]>`
    SELECT
      (SELECT count(*)::integer FROM alarm_call
        WHERE ended_ms IS NULL AND unreached_ms IS NOT NULL) AS unreached,
      (SELECT count(*)::integer FROM notification AS n
        JOIN alarm_call AS c ON (c.subject_id, c.alarm_id) = (n.subject_id, n.alarm_id) AND c.ended_ms IS NULL
        WHERE n.state = 'refused' OR (n.state = 'waiting' AND n.attempts > 0)) AS untaken,
      (SELECT count(*)::integer FROM organisation AS o
        WHERE o.id <> ${WATCHDOG_ORGANISATION} AND NOT EXISTS (SELECT FROM call_policy AS p WHERE p.organisation_id = o.id)) AS houses_without`;
  return row ?? NO_COUNTS;
}

/** Once: who opens it again saw it before. */
export async function noteSeen(sql: Asks, id: string, atMs: number): Promise<void> {
  await sql`UPDATE notification SET seen_ms = ${atMs} WHERE id = ${id} AND seen_ms IS NULL`;
}

/** False where it was answered before. */
export async function noteAnswered(tx: Transaction, id: string, atMs: number): Promise<boolean> {
  const noted = await tx`
    UPDATE notification SET answered_ms = ${atMs}, seen_ms = coalesce(seen_ms, ${atMs})
    WHERE id = ${id} AND answered_ms IS NULL RETURNING 1`;
  return noted.length > 0;
}

/** Held until the transaction ends; undefined where nothing is owed. */
export async function holdCall(
  tx: Transaction,
  { subject_id, alarm_id }: AlarmKey,
): Promise<{ readonly call: string | null } | undefined> {
  const [row] = await tx<{ call: string | null }[]>`
    SELECT call FROM alarm_call
    WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id} AND ended_ms IS NULL FOR UPDATE`;
  return row;
}

export async function writeAnswered(
  tx: Transaction,
  { subject_id, alarm_id }: AlarmKey,
  call: string,
): Promise<void> {
  await tx`
    UPDATE alarm_call SET call = ${call}
    WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id}`;
}

/** Undefined where nothing is owed of it. */
export async function owedCall(
  sql: Asks,
  { subject_id, alarm_id }: AlarmKey,
): Promise<{ readonly unreached_ms: number | null } | undefined> {
  const [row] = await sql<{ unreached_ms: number | null }[]>`
    SELECT unreached_ms FROM alarm_call
    WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id} AND ended_ms IS NULL`;
  return row;
}

export interface TransitionTold {
  readonly what: string;
  readonly at_ms: number;
}

export async function transitionsOf(
  sql: Asks,
  { subject_id, alarm_id }: AlarmKey,
  limit: number,
): Promise<TransitionTold[]> {
  return await sql`
    SELECT what, at_ms FROM alarm_transition
    WHERE subject_id = ${subject_id} AND alarm_id = ${alarm_id} ORDER BY at_ms DESC LIMIT ${limit}`;
}
