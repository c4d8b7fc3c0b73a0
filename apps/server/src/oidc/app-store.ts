/** SQL of apps that act for people: who has let in which, and which are being opened. */
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface AppGrantRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly grant_hash: Uint8Array;
  readonly account_id: AccountId;
  readonly client_id: string;
  readonly session_id: string | null;
  readonly subject_id: SubjectId | null;
  readonly encounter_id: string | null;
  readonly is_embedded: boolean;
  readonly scope: string;
  readonly granted_at: Date;
  readonly expires_at: Date;
}

export async function insertGrant(sql: Sql, row: AppGrantRow): Promise<void> {
  await sql`INSERT INTO app_grant ${sql(row)}`;
}

/** One that still holds: its person has their account, and the session if it ends with one. */
export async function liveGrant(
  sql: Sql,
  grantHash: Uint8Array,
  now: Date,
): Promise<AppGrantRow | undefined> {
  const [row] = await sql<AppGrantRow[]>`
    SELECT g.* FROM app_grant g
    JOIN account a ON a.organisation_id = g.organisation_id AND a.id = g.account_id
    WHERE g.grant_hash = ${grantHash} AND g.expires_at > ${now} AND a.disabled_at IS NULL
      AND (g.session_id IS NULL
        OR EXISTS (SELECT FROM session s WHERE s.id = g.session_id AND s.expires_at > ${now}))`;
  return row;
}

export async function deleteGrant(sql: Sql, grantHash: Uint8Array): Promise<void> {
  await sql`DELETE FROM app_grant WHERE grant_hash = ${grantHash}`;
}

export interface ListedGrant {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly subject_id: SubjectId | null;
  readonly session_id: string | null;
  readonly granted_at: Date;
  readonly expires_at: Date;
}

interface Owner {
  readonly organisationId: OrganisationId;
  readonly accountId: AccountId;
}

export async function grantsOf(
  sql: Sql,
  { organisationId, accountId, now }: Owner & { readonly now: Date },
): Promise<ListedGrant[]> {
  return await sql`
    SELECT g.id, c.name, g.scope, g.subject_id, g.session_id, g.granted_at, g.expires_at
    FROM app_grant g JOIN oidc_client c ON c.id = g.client_id
    WHERE g.organisation_id = ${organisationId} AND g.account_id = ${accountId}
      AND g.expires_at > ${now} AND c.disabled_at IS NULL
      AND (g.session_id IS NULL
        OR EXISTS (SELECT FROM session s WHERE s.id = g.session_id AND s.expires_at > ${now}))
    ORDER BY g.granted_at DESC`;
}

/** With all that was given out for it; the client's id, undefined where there is no such grant. */
export async function withdrawGrant(
  sql: Sql,
  { organisationId, accountId, id }: Owner & { readonly id: string },
): Promise<string | undefined> {
  const [row] = await sql<{ grant_hash: Uint8Array; client_id: string }[]>`
    DELETE FROM app_grant
    WHERE organisation_id = ${organisationId} AND account_id = ${accountId} AND id = ${id}
    RETURNING grant_hash, client_id`;
  if (row === undefined) return undefined;
  await sql`DELETE FROM oidc_artifact WHERE grant_hash = ${row.grant_hash}`;
  return row.client_id;
}

/** Of an account that is out of use, or that its person takes back: whoever had it may have let them in. */
export async function deleteGrantsOf(
  sql: Sql,
  { organisationId, accountId }: Owner,
): Promise<void> {
  await sql`
    DELETE FROM app_grant WHERE organisation_id = ${organisationId} AND account_id = ${accountId}`;
}

export interface AppLaunchRow {
  readonly organisation_id: OrganisationId;
  readonly id_hash: Uint8Array;
  readonly account_id: AccountId;
  readonly client_id: string;
  readonly subject_id: SubjectId;
  readonly encounter_id: string | null;
  readonly expires_at: Date;
}

export async function insertLaunch(sql: Sql, row: AppLaunchRow): Promise<void> {
  await sql`INSERT INTO app_launch ${sql(row)}`;
}

interface LaunchKey {
  readonly idHash: Uint8Array;
  readonly clientId: string;
  readonly accountId: AccountId;
  readonly now: Date;
}

export async function launchOf(
  sql: Sql,
  { idHash, clientId, accountId, now }: LaunchKey,
): Promise<AppLaunchRow | undefined> {
  const [row] = await sql<AppLaunchRow[]>`
    SELECT * FROM app_launch
    WHERE id_hash = ${idHash} AND client_id = ${clientId} AND account_id = ${accountId}
      AND expires_at > ${now}`;
  return row;
}

/** False where it was used already. */
export async function useLaunch(sql: Sql, idHash: Uint8Array): Promise<boolean> {
  const rows = await sql`DELETE FROM app_launch WHERE id_hash = ${idHash} RETURNING 1`;
  return rows.length === 1;
}

export async function deleteExpired(sql: Sql, now: Date): Promise<void> {
  await sql`DELETE FROM app_launch WHERE expires_at <= ${now}`;
  await sql`
    DELETE FROM app_grant g WHERE g.expires_at <= ${now}
      OR (g.session_id IS NOT NULL AND NOT EXISTS (SELECT FROM session s WHERE s.id = g.session_id))`;
}

/** Of an erased subject. */
export async function forgetSubject(sql: Sql, subjectId: SubjectId | string): Promise<void> {
  await sql`DELETE FROM app_launch WHERE subject_id = ${subjectId}`;
  await sql`
    DELETE FROM oidc_artifact a USING app_grant g
    WHERE g.subject_id = ${subjectId} AND a.grant_hash = g.grant_hash`;
  await sql`DELETE FROM app_grant WHERE subject_id = ${subjectId}`;
}
