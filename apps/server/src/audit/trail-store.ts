/** SQL of the audit as somebody reads it: the newest first, a piece at a time. */

import type { Role } from '@ausculta/policy/vocabulary';
import type { Reader } from '../database/readers.ts';
import type { DisclosureRow } from '../disclosures/store.ts';
import { LEAF_LASTS_MS } from './read-store.ts';

export interface Within {
  readonly organisationId: string;
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  readonly limit: number;
}

export interface ActRow {
  readonly id: string;
  readonly at_ms: number;
  readonly account_id: string | null;
  readonly act: string;
  readonly target: string;
}

export interface ActsAsked extends Within {
  /** Undefined: whatever was acted upon. */
  readonly targets: readonly string[] | undefined;
  readonly accountId: string | undefined;
  readonly acts: readonly string[] | undefined;
  readonly before: { readonly ms: number; readonly id: string } | undefined;
}

export async function actsBefore(sql: Reader, asked: ActsAsked): Promise<ActRow[]> {
  const { organisationId, fromMs, toMs, targets, accountId, acts, before, limit } = asked;
  return await sql`
    SELECT id, at_ms, account_id, act, target FROM audit_leaf
    WHERE organisation_id = ${organisationId} AND at_ms >= ${fromMs} AND at_ms < ${toMs}
      ${before === undefined ? sql`` : sql`AND at_ms <= ${before.ms} AND (at_ms, id) < (${before.ms}::bigint, ${before.id}::uuid)`}
      ${targets === undefined ? sql`` : sql`AND target = ANY(${[...targets]}::text[])`}
      ${accountId === undefined ? sql`` : sql`AND account_id = ${accountId}`}
      ${acts === undefined ? sql`` : sql`AND act = ANY(${[...acts]}::text[])`}
    ORDER BY at_ms DESC, id DESC LIMIT ${limit}`;
}

export async function actById(
  sql: Reader,
  organisationId: string,
  id: string,
): Promise<ActRow | undefined> {
  const [row] = await sql<ActRow[]>`
    SELECT id, at_ms, account_id, act, target FROM audit_leaf
    WHERE organisation_id = ${organisationId} AND id = ${id}`;
  return row;
}

export interface LeafRow {
  readonly id: string;
  readonly at_ms: number;
  readonly entries: Uint8Array;
}

/** Those that have an entry within the time. */
export async function leavesBefore(
  sql: Reader,
  asked: Within & { readonly before: { readonly ms: number; readonly id: string } | undefined },
): Promise<LeafRow[]> {
  const { organisationId, fromMs, toMs, before, limit } = asked;
  return await sql`
    SELECT id, at_ms, entries FROM audit_read
    WHERE organisation_id = ${organisationId} AND at_ms < ${toMs}
      AND at_ms >= ${fromMs - LEAF_LASTS_MS} AND until_ms >= ${fromMs}
      ${before === undefined ? sql`` : sql`AND at_ms <= ${before.ms} AND (at_ms, id) < (${before.ms}::bigint, ${before.id}::uuid)`}
    ORDER BY at_ms DESC, id DESC LIMIT ${limit}`;
}

export interface PlacedLeafRow extends LeafRow {
  readonly place: number;
}

export interface LeavesOfSubjects extends Within {
  readonly subjectIds: readonly string[];
  /** Not included; undefined: from the newest. */
  readonly beforePlace: number | undefined;
}

/** In the order of their places; under the newest heads that name one of the subjects. */
export async function leavesOfSubjects(
  sql: Reader,
  asked: LeavesOfSubjects,
): Promise<PlacedLeafRow[]> {
  const { organisationId, subjectIds, beforePlace, fromMs, limit } = asked;
  const subjects = [...subjectIds];
  return await sql`
    WITH heads AS (
      SELECT DISTINCT a.size FROM audit_access AS a
      WHERE a.organisation_id = ${organisationId} AND a.subject_id = ANY(${subjects}::uuid[])
        ${
          beforePlace === undefined
            ? sql``
            : sql`AND a.size <= coalesce((SELECT min(h.size) FROM audit_head AS h
          WHERE h.organisation_id = ${organisationId} AND h.size >= ${beforePlace}), a.size)`
        }
      ORDER BY a.size DESC LIMIT ${limit})
    SELECT p.place, r.id, r.at_ms, r.entries
    FROM heads
    JOIN audit_place AS p ON p.organisation_id = ${organisationId} AND p.kind = 'reads'
      AND p.place < heads.size
      ${beforePlace === undefined ? sql`` : sql`AND p.place < ${beforePlace}`}
      AND p.place >= coalesce((SELECT max(h.size) FROM audit_head AS h
        WHERE h.organisation_id = ${organisationId} AND h.size < heads.size), 0)
    JOIN audit_read AS r ON r.organisation_id = p.organisation_id AND r.id = p.leaf_id
      AND r.subjects && ${subjects}::uuid[] AND r.at_ms >= ${fromMs - LEAF_LASTS_MS}
    ORDER BY p.place DESC`;
}

/** All that may hold something of before lies before this place; undefined where nobody can say. */
export async function placeAfter(
  sql: Reader,
  organisationId: string,
  toMs: number,
): Promise<number | undefined> {
  const [row] = await sql<{ place: number }[]>`
    SELECT p.place FROM audit_read AS r
    JOIN audit_place AS p ON p.organisation_id = r.organisation_id AND p.leaf_id = r.id
    WHERE r.organisation_id = ${organisationId} AND r.at_ms >= ${toMs + LEAF_LASTS_MS}
    ORDER BY r.at_ms LIMIT 1`;
  return row?.place;
}

export async function leafById(
  sql: Reader,
  organisationId: string,
  id: string,
): Promise<LeafRow | undefined> {
  const [row] = await sql<LeafRow[]>`
    SELECT id, at_ms, entries FROM audit_read
    WHERE organisation_id = ${organisationId} AND id = ${id}`;
  return row;
}

/** In the order in which they were first entered; `skip` of those of the first moment were told. */
export async function disclosuresUpTo(
  sql: Reader,
  asked: Within & {
    readonly subjectIds: readonly string[] | undefined;
    readonly skip: number;
  },
): Promise<DisclosureRow[]> {
  const { organisationId, fromMs, toMs, subjectIds, skip, limit } = asked;
  return await sql`
    SELECT * FROM disclosure
    WHERE organisation_id = ${organisationId} AND first_ms >= ${fromMs} AND first_ms < ${toMs}
      ${subjectIds === undefined ? sql`` : sql`AND subject_id = ANY(${[...subjectIds]}::uuid[])`}
    ORDER BY first_ms DESC, subject_id, day_ms, way, recipient, purpose, basis, paper
    LIMIT ${limit} OFFSET ${skip}`;
}

export async function disclosuresOfDay(
  sql: Reader,
  of: { readonly organisationId: string; readonly subjectId: string; readonly dayMs: number },
): Promise<DisclosureRow[]> {
  return await sql`
    SELECT * FROM disclosure
    WHERE organisation_id = ${of.organisationId} AND subject_id = ${of.subjectId}
      AND day_ms = ${of.dayMs}`;
}

export interface Known {
  readonly who: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

/** By account, or by `token-…`: as they are now. */
export async function whoTheyAre(
  sql: Reader,
  organisationId: string,
  who: readonly string[],
): Promise<Known[]> {
  return await sql`
    SELECT id::text AS who, display_name AS name, roles FROM account
    WHERE organisation_id = ${organisationId} AND id::text = ANY(${[...who]}::text[])
    UNION ALL
    SELECT 'token-' || encode(substring(token_hash FROM 1 FOR 8), 'hex'), label, roles FROM api_token
    WHERE organisation_id = ${organisationId}
      AND 'token-' || encode(substring(token_hash FROM 1 FOR 8), 'hex') = ANY(${[...who]}::text[])`;
}
