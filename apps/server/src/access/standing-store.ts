/** SQL of how accounts stand to subjects: relations, shifts, grants and broken glass. */
import type { Action, DataClass, Purpose, Role } from '@ausculta/policy/vocabulary';
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';

export type RelationKind = 'self' | 'proxy' | 'care-team' | 'programme';

export interface RelationRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly account_id: AccountId;
  readonly account_organisation_id: OrganisationId;
  readonly kind: RelationKind;
  readonly from_ms: number;
  readonly until_ms: number | null;
}

export interface ShiftRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly account_id: AccountId;
  /** Null: wherever somebody is. */
  readonly unit: string | null;
  readonly from_ms: number;
  readonly until_ms: number | null;
}

export interface GrantRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly to_organisation_id: OrganisationId;
  readonly to_account_id: AccountId | null;
  readonly subject_id: SubjectId | null;
  readonly data_classes: readonly DataClass[];
  readonly actions: readonly Action[];
  readonly purposes: readonly Purpose[];
  readonly from_ms: number;
  readonly until_ms: number;
  readonly encounter_id: string | null;
  readonly data_from_ms: number | null;
  readonly data_until_ms: number | null;
  readonly onward: 'none' | 'same-purpose';
  readonly withdrawn_ms: number | null;
  readonly given_by: AccountId | null;
}

export interface GlassRow {
  readonly organisation_id: OrganisationId;
  readonly subject_id: SubjectId;
  readonly id: string;
  readonly account_id: AccountId;
  readonly reason_sealed: Uint8Array;
  readonly from_ms: number;
  readonly until_ms: number;
  readonly reviewed_by: AccountId | null;
  readonly reviewed_ms: number | null;
}

/** The sealed reason names its place. */
export const glassContext = (subjectId: string, id: string): string => `glass/${subjectId}/${id}`;

type Asks = Sql | Transaction;

export async function readRelations(sql: Asks): Promise<RelationRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, account_id, account_organisation_id, kind, from_ms, until_ms
    FROM relation`;
}

export async function readShifts(sql: Asks): Promise<ShiftRow[]> {
  return await sql`SELECT organisation_id, id, account_id, unit, from_ms, until_ms FROM shift`;
}

/** Of the accounts that are in use; or of this one, if it is. */
export async function readRoles(
  sql: Asks,
  id: AccountId | null = null,
): Promise<{ readonly id: AccountId; readonly roles: readonly Role[] }[]> {
  return await sql`
    SELECT id, roles FROM account
    WHERE disabled_at IS NULL AND (${id}::uuid IS NULL OR id = ${id})`;
}

/** Those in force; what has ended opens nothing. */
export async function readGrants(sql: Asks, nowMs: number): Promise<GrantRow[]> {
  return await sql`
    SELECT organisation_id, id, to_organisation_id, to_account_id, subject_id, data_classes, actions, purposes,
      from_ms, until_ms, encounter_id, data_from_ms, data_until_ms, onward, withdrawn_ms, given_by
    FROM access_grant WHERE withdrawn_ms IS NULL AND until_ms > ${nowMs}`;
}

export async function readGlass(sql: Asks, nowMs: number): Promise<GlassRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, account_id, reason_sealed, from_ms, until_ms, reviewed_by, reviewed_ms
    FROM broken_glass WHERE until_ms > ${nowMs}`;
}

/** Said again, it lasts as it was said last. */
export async function writeRelation(sql: Asks, row: RelationRow): Promise<void> {
  await sql`
    INSERT INTO relation ${sql(row)}
    ON CONFLICT (subject_id, account_id, kind)
    DO UPDATE SET from_ms = excluded.from_ms, until_ms = excluded.until_ms`;
}

export async function deleteRelation(
  sql: Asks,
  { subject_id, account_id, kind }: Pick<RelationRow, 'subject_id' | 'account_id' | 'kind'>,
): Promise<void> {
  await sql`
    DELETE FROM relation
    WHERE subject_id = ${subject_id} AND account_id = ${account_id} AND kind = ${kind}`;
}

/** Wherever somebody lies, and at home. */
export function everywhere(
  of: Pick<ShiftRow, 'organisation_id' | 'id' | 'account_id'>,
  fromMs: number,
): ShiftRow {
  return { ...of, unit: null, from_ms: fromMs, until_ms: null };
}

export async function insertShift(sql: Asks, row: ShiftRow): Promise<void> {
  await sql`INSERT INTO shift ${sql(row)}`;
}

export async function endShift(sql: Asks, id: string, atMs: number): Promise<void> {
  await sql`UPDATE shift SET until_ms = greatest(from_ms + 1, ${atMs}) WHERE id = ${id}`;
}

export async function insertGrant(sql: Asks, row: GrantRow): Promise<void> {
  await sql`INSERT INTO access_grant ${sql({ ...row, data_classes: [...row.data_classes], actions: [...row.actions], purposes: [...row.purposes] })}`;
}

export async function withdrawGrant(sql: Asks, id: string, atMs: number): Promise<void> {
  await sql`UPDATE access_grant SET withdrawn_ms = ${atMs} WHERE id = ${id}`;
}

export async function insertGlass(sql: Asks, row: GlassRow): Promise<void> {
  await sql`INSERT INTO broken_glass ${sql(row)}`;
}

/** Newest first. */
export async function listGlass(
  sql: Asks,
  organisationId: OrganisationId,
  limit: number,
): Promise<GlassRow[]> {
  return await sql`
    SELECT organisation_id, subject_id, id, account_id, reason_sealed, from_ms, until_ms, reviewed_by, reviewed_ms
    FROM broken_glass WHERE organisation_id = ${organisationId} ORDER BY from_ms DESC LIMIT ${limit}`;
}

/** Not by whoever broke it. */
export async function reviewGlass(
  sql: Asks,
  on: { id: string; subjectId: SubjectId; by: AccountId | null; atMs: number },
): Promise<boolean> {
  const reviewed = await sql`
    UPDATE broken_glass SET reviewed_by = ${on.by}, reviewed_ms = ${on.atMs}
    WHERE subject_id = ${on.subjectId} AND id = ${on.id} AND reviewed_ms IS NULL
      AND account_id IS DISTINCT FROM ${on.by} RETURNING 1`;
  return reviewed.length > 0;
}

/** Whose account it is; undefined where there is none. */
export async function organisationOfAccount(
  sql: Asks,
  accountId: AccountId,
): Promise<OrganisationId | undefined> {
  const [row] = await sql<{ organisation_id: OrganisationId }[]>`
    SELECT organisation_id FROM account WHERE id = ${accountId}`;
  return row?.organisation_id;
}

export async function isOrganisation(sql: Asks, id: OrganisationId): Promise<boolean> {
  return (await sql`SELECT FROM organisation WHERE id = ${id}`).length > 0;
}

export interface NamedAccount {
  readonly id: AccountId;
  readonly organisation_id: OrganisationId;
  readonly organisation: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

export async function namedAccounts(
  sql: Asks,
  ids: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, NamedAccount>> {
  const rows = await sql<NamedAccount[]>`
    SELECT a.id, a.organisation_id, o.name AS organisation, a.display_name AS name, a.roles
    FROM account AS a JOIN organisation AS o ON o.id = a.organisation_id
    WHERE a.id = ANY(${[...ids]}::uuid[])`;
  return new Map(rows.map((row) => [row.id, row]));
}

/** Those in use who have one of these roles. */
export async function accountsOfRoles(
  sql: Asks,
  organisationId: OrganisationId,
  roles: readonly Role[],
): Promise<Pick<NamedAccount, 'id' | 'name' | 'roles'>[]> {
  return await sql`
    SELECT id, display_name AS name, roles FROM account
    WHERE organisation_id = ${organisationId} AND disabled_at IS NULL AND roles && ${[...roles]}::text[]
    ORDER BY lower(display_name), id`;
}

export async function organisationNames(
  sql: Asks,
): Promise<{ readonly id: OrganisationId; readonly name: string }[]> {
  return await sql`SELECT id, name FROM organisation ORDER BY lower(name), id`;
}
