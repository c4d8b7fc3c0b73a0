/** SQL of what somebody should look at. */
import type { UnusualAccess, UnusualKind } from '@ausculta/contract/oversight';
import type { Sql, Transaction } from '../database/pool.ts';
import type { Reader } from '../database/readers.ts';
import type { Usual } from './unusual.ts';

type Asks = Sql | Transaction | Reader;

export interface Hint {
  readonly kind: UnusualKind;
  readonly accountId: string;
  readonly subjectId: string | null;
  readonly atMs: number;
  readonly records?: number;
  readonly usual?: number | undefined;
}

const DAY_MS = 24 * 3_600_000;

/**
 * The same of one day is one hint. What was looked at before a review is covered by it; and what an explanation
 * goes on to explain on that day: the same record, or fewer than twice as many.
 */
export async function writeHint(
  sql: Asks,
  { organisationId, id, hint }: { organisationId: string; id: string; hint: Hint },
): Promise<void> {
  const { kind, accountId, subjectId, atMs, records = null, usual = null } = hint;
  const dayMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  await sql`
    INSERT INTO unusual_access AS known
      (organisation_id, id, kind, account_id, subject_id, day_ms, first_ms, last_ms, records, usual)
    SELECT ${organisationId}, ${id}, ${kind}, ${accountId}, ${subjectId}::uuid, ${dayMs}, ${atMs}, ${atMs},
      ${records}::integer, ${usual}::integer
    WHERE NOT EXISTS (
      SELECT 1 FROM unusual_access AS r
      WHERE r.organisation_id = ${organisationId} AND r.kind = ${kind} AND r.account_id = ${accountId}
        AND r.subject_id IS NOT DISTINCT FROM ${subjectId}::uuid AND r.day_ms = ${dayMs}
        AND r.outcome IS NOT NULL AND (r.reviewed_ms >= ${atMs}
          OR r.outcome = 'explained' AND coalesce(${records}::integer < 2 * r.records, true)))
    ON CONFLICT (organisation_id, kind, account_id, subject_id, day_ms) WHERE outcome IS NULL
    DO UPDATE SET first_ms = least(known.first_ms, excluded.first_ms),
      last_ms = greatest(known.last_ms, excluded.last_ms),
      records = greatest(known.records, excluded.records), usual = excluded.usual`;
}

export interface HintRow {
  readonly id: string;
  readonly kind: UnusualAccess['kind'];
  readonly account_id: string;
  readonly name: string | null;
  readonly subject_id: string | null;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly records: number | null;
  readonly usual: number | null;
  readonly outcome: UnusualAccess['outcome'];
}

/** Those that nobody has looked at first, and of them what is likelier somebody's misdeed than a name's chance. */
export async function listHints(
  sql: Asks,
  organisationId: string,
  limit: number,
): Promise<HintRow[]> {
  return await sql`
    SELECT h.id, h.kind, h.account_id, a.display_name AS name, h.subject_id, h.first_ms, h.last_ms,
      h.records, h.usual, h.outcome
    FROM unusual_access AS h
    LEFT JOIN account AS a ON a.organisation_id = h.organisation_id AND a.id = h.account_id
    WHERE h.organisation_id = ${organisationId}
    ORDER BY (h.outcome IS NOT NULL), (h.kind IN ('same-name', 'off-shift')), h.last_ms DESC, h.id
    LIMIT ${limit}`;
}

/** Not by whom it is about. */
export async function reviewHint(
  sql: Asks,
  on: { organisationId: string; id: string; outcome: string; by: string | null; atMs: number },
): Promise<{ readonly account_id: string; readonly subject_id: string | null } | undefined> {
  const [row] = await sql<{ account_id: string; subject_id: string | null }[]>`
    UPDATE unusual_access SET outcome = ${on.outcome}, reviewed_by = ${on.by}, reviewed_ms = ${on.atMs}
    WHERE organisation_id = ${on.organisationId} AND id = ${on.id} AND outcome IS NULL
      AND account_id IS DISTINCT FROM ${on.by}
    RETURNING account_id, subject_id`;
  return row;
}

export async function countWaiting(
  sql: Asks,
  organisationId: string,
): Promise<{ readonly emergencies: number; readonly unusual: number }> {
  const [row] = await sql<{ emergencies: number; unusual: number }[]>`
    SELECT
      (SELECT count(*)::integer FROM broken_glass
        WHERE organisation_id = ${organisationId} AND reviewed_ms IS NULL) AS emergencies,
      (SELECT count(*)::integer FROM unusual_access
        WHERE organisation_id = ${organisationId} AND outcome IS NULL) AS unusual`;
  return row ?? { emergencies: 0, unusual: 0 };
}

export interface GuardedRow {
  readonly organisation_id: string;
  readonly subject_id: string;
  readonly from_ms: number;
  readonly until_ms: number | null;
}

/** Those that hold, and those that held a while ago: what was read then may not have been looked at yet. */
export async function readGuarded(sql: Asks, sinceMs: number): Promise<GuardedRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, from_ms, until_ms FROM guarded_record
    WHERE until_ms IS NULL OR until_ms >= ${sinceMs}::bigint ORDER BY from_ms`;
}

export async function insertGuarded(
  sql: Asks,
  { organisation_id, subject_id, from_ms }: GuardedRow,
  by: string | null,
): Promise<void> {
  await sql`
    INSERT INTO guarded_record (organisation_id, subject_id, from_ms, by_account_id)
    VALUES (${organisation_id}, ${subject_id}, ${from_ms}, ${by})`;
}

/** False where it was not guarded. */
export async function endGuarded(sql: Asks, subjectId: string, atMs: number): Promise<boolean> {
  const ended = await sql`
    UPDATE guarded_record SET until_ms = greatest(from_ms, ${atMs}::bigint)
    WHERE subject_id = ${subjectId} AND until_ms IS NULL RETURNING 1`;
  return ended.length > 0;
}

export interface PlacedReads {
  readonly place: number;
  readonly entries: Uint8Array;
}

/** From where it was followed until now; in an organisation that is new, from its beginning. */
export async function readsToFollow(
  sql: Asks,
  { organisationId, from, limit }: { organisationId: string; from: number; limit: number },
): Promise<PlacedReads[]> {
  return await sql`
    SELECT p.place, r.entries FROM audit_place AS p
    JOIN audit_read AS r ON r.organisation_id = p.organisation_id AND r.id = p.leaf_id
    WHERE p.organisation_id = ${organisationId} AND p.kind = 'reads' AND p.place >= ${from}
    ORDER BY p.place LIMIT ${limit}`;
}

export async function followedPlaces(
  sql: Asks,
): Promise<{ readonly organisation_id: string; readonly place: number }[]> {
  return await sql`
    SELECT o.id AS organisation_id, coalesce(f.place, 0) AS place
    FROM organisation AS o LEFT JOIN oversight_place AS f ON f.organisation_id = o.id`;
}

export async function writePlace(sql: Asks, organisationId: string, place: number): Promise<void> {
  await sql`
    INSERT INTO oversight_place (organisation_id, place) VALUES (${organisationId}, ${place})
    ON CONFLICT (organisation_id) DO UPDATE SET place = greatest(oversight_place.place, excluded.place)`;
}

export interface HourRow {
  readonly accountId: string;
  readonly hourMs: number;
  readonly records: number;
}

export async function writeHours(
  sql: Asks,
  organisationId: string,
  hours: readonly HourRow[],
): Promise<void> {
  await sql`
    INSERT INTO account_hour AS known (organisation_id, account_id, hour_ms, records)
    SELECT ${organisationId}, * FROM unnest(
      ${hours.map(({ accountId }) => accountId)}::uuid[],
      ${hours.map(({ hourMs }) => hourMs)}::bigint[],
      ${hours.map(({ records }) => records)}::integer[])
    ON CONFLICT (organisation_id, account_id, hour_ms)
      DO UPDATE SET records = greatest(known.records, excluded.records)`;
}

/** What is longer ago is not usual any more. */
const USUAL_MS = 28 * DAY_MS;

export async function forgetHours(sql: Asks, nowMs: number): Promise<void> {
  await sql`DELETE FROM account_hour WHERE hour_ms < ${nowMs - USUAL_MS}`;
}

export async function usualOf(
  sql: Asks,
  { organisationId, accountId }: { organisationId: string; accountId: string },
): Promise<Usual> {
  const [row] = await sql<Usual[]>`
    SELECT count(*)::integer AS hours,
      coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY records), 0)::integer AS records
    FROM account_hour WHERE organisation_id = ${organisationId} AND account_id = ${accountId}`;
  return row ?? { hours: 0, records: 0 };
}

/** Of all houses of this installation: ids of what whoever answers for privacy has not been told of. */
export interface Untold {
  readonly emergencies: readonly string[];
  readonly unusual: readonly string[];
}

/** What is more is told by the next mail. */
const UNTOLD_AT_ONCE = 1_000;

export async function readUntold(sql: Asks): Promise<Untold> {
  const emergencies = await sql<{ id: string }[]>`
    SELECT id FROM broken_glass WHERE told_ms IS NULL ORDER BY from_ms LIMIT ${UNTOLD_AT_ONCE}`;
  const unusual = await sql<{ id: string }[]>`
    SELECT id FROM unusual_access WHERE told_ms IS NULL AND outcome IS NULL
    ORDER BY first_ms LIMIT ${UNTOLD_AT_ONCE}`;
  return { emergencies: emergencies.map(({ id }) => id), unusual: unusual.map(({ id }) => id) };
}

export async function noteTold(sql: Asks, told: Untold, atMs: number): Promise<void> {
  const { emergencies, unusual } = told;
  await sql`
    UPDATE broken_glass SET told_ms = ${atMs} WHERE id = ANY(${[...emergencies]}::uuid[])`;
  await sql`
    UPDATE unusual_access SET told_ms = ${atMs} WHERE id = ANY(${[...unusual]}::uuid[])`;
}
