/** SQL of accounts, sessions and API tokens. Tokens are kept as SHA-256 hashes alone. */
import type { Role } from '@ausculta/policy/vocabulary';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface OrganisationRow {
  readonly id: OrganisationId;
  readonly name: string;
}

export interface AccountRow {
  readonly organisation_id: OrganisationId;
  readonly id: AccountId;
  readonly login_name: string;
  /** Null until its owner has followed a link. */
  readonly password_hash: string | null;
  readonly display_name: string;
  readonly roles: readonly Role[];
}

export async function readOrganisations(sql: Sql): Promise<OrganisationRow[]> {
  return await sql`SELECT id, name FROM organisation ORDER BY created_at`;
}

export async function insertOrganisation(sql: Sql, row: OrganisationRow): Promise<void> {
  await sql`INSERT INTO organisation ${sql(row)}`;
}

export async function insertAccount(sql: Sql, row: AccountRow): Promise<void> {
  await sql`INSERT INTO account ${sql(row)} ON CONFLICT (login_name) DO NOTHING`;
}

/** Whether anybody has ever come in: until then each start prints a link for the first. */
export async function hasAnybodyComeIn(sql: Sql): Promise<boolean> {
  const rows = await sql`
    SELECT FROM account WHERE password_hash IS NOT NULL
    UNION ALL SELECT FROM provider_link LIMIT 1`;
  return rows.length > 0;
}

export async function accountByLogin(sql: Sql, loginName: string): Promise<AccountRow | undefined> {
  const [row] = await sql<AccountRow[]>`
    SELECT organisation_id, id, login_name, password_hash, display_name, roles
    FROM account WHERE login_name = ${loginName} AND disabled_at IS NULL`;
  return row;
}

export async function accountById(
  sql: Sql,
  { organisationId, id }: { readonly organisationId: OrganisationId; readonly id: AccountId },
): Promise<AccountRow | undefined> {
  const [row] = await sql<AccountRow[]>`
    SELECT organisation_id, id, login_name, password_hash, display_name, roles
    FROM account
    WHERE organisation_id = ${organisationId} AND id = ${id} AND disabled_at IS NULL`;
  return row;
}

/** None: nobody signs in by password until a link was followed. */
export async function writePassword(
  sql: Sql,
  on: {
    readonly organisationId: OrganisationId;
    readonly id: AccountId;
    readonly passwordHash: string | null;
    readonly isShort: boolean;
  },
): Promise<void> {
  await sql`
    UPDATE account SET password_hash = ${on.passwordHash}, password_is_short = ${on.isShort}
    WHERE organisation_id = ${on.organisationId} AND id = ${on.id}`;
}

/** How its person proved who they are. */
export type SignInMethod = 'password' | 'code' | 'recovery-code' | 'passkey' | 'link' | 'provider';

export async function insertSession(
  sql: Sql,
  row: {
    organisation_id: OrganisationId;
    token_hash: Uint8Array;
    account_id: AccountId;
    method: SignInMethod;
    browser: string;
    created_at: Date;
    last_seen_at: Date;
    proved_at: Date;
    expires_at: Date;
  },
): Promise<void> {
  await sql`INSERT INTO session ${sql(row)}`;
}

export async function rolesOf(sql: Sql, id: AccountId): Promise<readonly Role[]> {
  const [row] = await sql<{ roles: readonly Role[] }[]>`SELECT roles FROM account WHERE id = ${id}`;
  return row?.roles ?? [];
}

export interface SignedIn {
  readonly organisation_id: OrganisationId;
  readonly organisation_name: string;
  readonly account_id: AccountId;
  readonly display_name: string;
  readonly roles: readonly Role[];
  readonly id: string;
  readonly expires_at: Date;
  readonly last_seen_at: Date;
  readonly proved_at: Date;
  readonly locked_at: Date | null;
}

export async function sessionByToken(
  sql: Sql,
  tokenHash: Uint8Array,
  now: Date,
): Promise<SignedIn | undefined> {
  const [row] = await sql<SignedIn[]>`
    SELECT s.organisation_id, o.name AS organisation_name, a.id AS account_id, a.display_name, a.roles,
      s.id, s.expires_at, s.last_seen_at, s.proved_at, s.locked_at
    FROM session s
    JOIN account a ON a.organisation_id = s.organisation_id AND a.id = s.account_id
    JOIN organisation o ON o.id = s.organisation_id
    WHERE s.token_hash = ${tokenHash} AND s.expires_at > ${now} AND a.disabled_at IS NULL`;
  return row;
}

export async function touchSession(sql: Sql, tokenHash: Uint8Array, now: Date): Promise<void> {
  await sql`UPDATE session SET last_seen_at = ${now} WHERE token_hash = ${tokenHash}`;
}

export async function lockSession(sql: Sql, tokenHash: Uint8Array, now: Date): Promise<void> {
  await sql`
    UPDATE session SET locked_at = coalesce(locked_at, ${now}) WHERE token_hash = ${tokenHash}`;
}

/** Its person has proved who they are: it is unlocked. */
export async function proveSession(sql: Sql, tokenHash: Uint8Array, now: Date): Promise<void> {
  await sql`
    UPDATE session SET locked_at = NULL, proved_at = ${now} WHERE token_hash = ${tokenHash}`;
}

export interface ListedSession {
  readonly id: string;
  readonly method: SignInMethod;
  readonly browser: string;
  readonly created_at: Date;
  readonly last_seen_at: Date;
}

export async function sessionsOf(
  sql: Sql,
  {
    organisationId,
    id,
    now,
  }: { readonly organisationId: OrganisationId; readonly id: AccountId; readonly now: Date },
): Promise<ListedSession[]> {
  return await sql`
    SELECT id, method, browser, created_at, last_seen_at FROM session
    WHERE organisation_id = ${organisationId} AND account_id = ${id} AND expires_at > ${now}
    ORDER BY last_seen_at DESC`;
}

/** Those of the sessions that are still good. */
export async function sessionsAlive(
  sql: Sql,
  tokenHashes: readonly Uint8Array[],
  now: Date,
): Promise<Uint8Array[]> {
  const rows = await sql<{ token_hash: Uint8Array }[]>`
    SELECT token_hash FROM session
    WHERE token_hash IN ${sql(tokenHashes as Uint8Array[])} AND expires_at > ${now}`;
  return rows.map((row) => row.token_hash);
}

export async function deleteSession(sql: Sql, tokenHash: Uint8Array): Promise<void> {
  await sql`DELETE FROM session WHERE token_hash = ${tokenHash}`;
}

/** All of the account, or the one, or all but one; the hashes of their tokens. */
export async function deleteSessionsOf(
  sql: Sql,
  {
    organisationId,
    id,
    only = null,
    except = null,
  }: {
    readonly organisationId: OrganisationId;
    readonly id: AccountId;
    readonly only?: string | null;
    readonly except?: string | null;
  },
): Promise<Uint8Array[]> {
  const rows = await sql<{ token_hash: Uint8Array }[]>`
    DELETE FROM session
    WHERE organisation_id = ${organisationId} AND account_id = ${id}
      AND (${only}::uuid IS NULL OR id = ${only}) AND (${except}::uuid IS NULL OR id <> ${except})
    RETURNING token_hash`;
  return rows.map((row) => row.token_hash);
}

export async function deleteExpiredSessions(sql: Sql, now: Date): Promise<void> {
  await sql`DELETE FROM session WHERE expires_at <= ${now}`;
}

export interface NewApiToken {
  readonly organisation_id: OrganisationId;
  readonly token_hash: Uint8Array;
  readonly label: string;
  readonly roles: readonly Role[];
}

export interface ApiTokenRow extends NewApiToken {
  readonly program_id: string;
}

/** Those of the API tokens that are still good. */
export async function apiTokensAlive(
  sql: Sql,
  tokenHashes: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const rows = await sql<{ token_hash: Uint8Array }[]>`
    SELECT token_hash FROM api_token WHERE token_hash IN ${sql(tokenHashes as Uint8Array[])}`;
  return rows.map((row) => row.token_hash);
}

/** One that comes to another of its name is the same program's: that one is about to go. */
export async function insertApiToken(sql: Sql, row: NewApiToken): Promise<void> {
  const { organisation_id, token_hash, label, roles } = row;
  await sql`
    INSERT INTO api_token (organisation_id, token_hash, label, roles, program_id)
    VALUES (${organisation_id}, ${token_hash}, ${label}, ${roles as Role[]}, coalesce(
      (SELECT program_id FROM api_token
        WHERE organisation_id = ${organisation_id} AND label = ${label}
        ORDER BY created_at DESC LIMIT 1),
      gen_random_uuid()))
    ON CONFLICT (token_hash) DO NOTHING`;
}

export async function deleteApiToken(sql: Sql, tokenHash: Uint8Array): Promise<void> {
  await sql`DELETE FROM api_token WHERE token_hash = ${tokenHash}`;
}

export interface AccessTokenRow {
  readonly organisation_id: OrganisationId;
  readonly client_id: string;
  readonly organisation_name: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly scope: string | null;
  readonly expires_at: Date;
  /** Who let the app in; null for a program by itself. */
  readonly account_id: AccountId | null;
  readonly subject_id: string | null;
  /** Whether it ends with a session, and that one is locked. */
  readonly is_locked: boolean;
}

/**
 * Of clients that are in use; of an app, for a person who still has the account, and the session in which
 * they let it in if it ends with that one.
 */
const goodTokens = (sql: Sql, now: Date) => sql`
  FROM oidc_artifact t
  JOIN oidc_client c ON c.id = t.client_id
  JOIN organisation o ON o.id = c.organisation_id
  LEFT JOIN app_grant g ON g.grant_hash = t.grant_hash AND g.expires_at > ${now}
  LEFT JOIN account a ON a.organisation_id = g.organisation_id AND a.id = g.account_id
  LEFT JOIN session s ON s.id = g.session_id AND s.expires_at > ${now}
  WHERE t.expires_at > ${now} AND c.disabled_at IS NULL
    AND CASE c.kind
      WHEN 'program' THEN t.kind = 'ClientCredentials'
      ELSE t.kind = 'AccessToken' AND a.id IS NOT NULL AND a.disabled_at IS NULL
        AND (g.session_id IS NULL OR s.id IS NOT NULL)
    END`;

export async function accessTokenByHash(
  sql: Sql,
  tokenHash: Uint8Array,
  now: Date,
): Promise<AccessTokenRow | undefined> {
  const [row] = await sql<AccessTokenRow[]>`
    SELECT c.organisation_id, c.id AS client_id, o.name AS organisation_name, coalesce(a.display_name, c.name) AS name,
      coalesce(a.roles, c.roles) AS roles, t.scope, a.id AS account_id, g.subject_id,
      least(t.expires_at, g.expires_at, s.expires_at) AS expires_at, s.locked_at IS NOT NULL AS is_locked
    ${goodTokens(sql, now)} AND t.id_hash = ${tokenHash}`;
  return row;
}

/** Those of the access tokens that are still good. */
export async function accessTokensAlive(
  sql: Sql,
  tokenHashes: readonly Uint8Array[],
  now: Date,
): Promise<Uint8Array[]> {
  const rows = await sql<{ id_hash: Uint8Array }[]>`
    SELECT t.id_hash ${goodTokens(sql, now)} AND t.id_hash IN ${sql(tokenHashes as Uint8Array[])}`;
  return rows.map((row) => row.id_hash);
}

/** All of one label but one. */
export async function deleteApiTokens(
  sql: Sql,
  of: {
    readonly organisationId: OrganisationId;
    readonly label: string;
    readonly except: Uint8Array;
  },
): Promise<void> {
  await sql`
    DELETE FROM api_token
    WHERE organisation_id = ${of.organisationId} AND label = ${of.label}
      AND token_hash <> ${of.except}`;
}

/** Of those of one program the newest: an older one is about to go. */
export async function apiTokenOf(
  sql: Sql,
  { organisationId, programId }: { organisationId: OrganisationId; programId: string },
): Promise<ApiTokenRow | undefined> {
  const [row] = await sql<ApiTokenRow[]>`
    SELECT organisation_id, token_hash, label, roles, program_id FROM api_token
    WHERE organisation_id = ${organisationId} AND program_id = ${programId}
    ORDER BY created_at DESC LIMIT 1`;
  return row;
}

export async function apiTokenByHash(
  sql: Sql,
  tokenHash: Uint8Array,
): Promise<ApiTokenRow | undefined> {
  const [row] = await sql<ApiTokenRow[]>`
    SELECT organisation_id, token_hash, label, roles, program_id FROM api_token
    WHERE token_hash = ${tokenHash}`;
  return row;
}
