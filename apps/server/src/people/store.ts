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
  readonly password_hash: string;
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

/** On shift wherever somebody lies, from then on. */
export async function insertShift(
  sql: Sql,
  row: { organisationId: OrganisationId; id: string; accountId: AccountId; fromMs: number },
): Promise<void> {
  await sql`
    INSERT INTO shift (organisation_id, id, account_id, from_ms)
    VALUES (${row.organisationId}, ${row.id}, ${row.accountId}, ${row.fromMs})`;
}

export async function accountByLogin(sql: Sql, loginName: string): Promise<AccountRow | undefined> {
  const [row] = await sql<AccountRow[]>`
    SELECT organisation_id, id, login_name, password_hash, display_name, roles
    FROM account WHERE login_name = ${loginName}`;
  return row;
}

export async function writePassword(
  sql: Sql,
  on: { organisationId: OrganisationId; id: AccountId; passwordHash: string },
): Promise<void> {
  await sql`
    UPDATE account SET password_hash = ${on.passwordHash}
    WHERE organisation_id = ${on.organisationId} AND id = ${on.id}`;
}

export async function countAccounts(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM account`;
  return row?.count ?? 0;
}

export async function insertSession(
  sql: Sql,
  row: {
    organisation_id: OrganisationId;
    token_hash: Uint8Array;
    account_id: AccountId;
    expires_at: Date;
  },
): Promise<void> {
  await sql`INSERT INTO session ${sql(row)}`;
}

export interface SignedIn {
  readonly organisation_id: OrganisationId;
  readonly organisation_name: string;
  readonly account_id: AccountId;
  readonly display_name: string;
  readonly roles: readonly Role[];
  readonly expires_at: Date;
}

export async function sessionByToken(
  sql: Sql,
  tokenHash: Uint8Array,
  now: Date,
): Promise<SignedIn | undefined> {
  const [row] = await sql<SignedIn[]>`
    SELECT s.organisation_id, o.name AS organisation_name, a.id AS account_id, a.display_name, a.roles,
      s.expires_at
    FROM session s
    JOIN account a ON a.organisation_id = s.organisation_id AND a.id = s.account_id
    JOIN organisation o ON o.id = s.organisation_id
    WHERE s.token_hash = ${tokenHash} AND s.expires_at > ${now}`;
  return row;
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

export async function deleteSessionsOf(
  sql: Sql,
  { organisationId, id }: { organisationId: OrganisationId; id: AccountId },
): Promise<void> {
  await sql`DELETE FROM session WHERE organisation_id = ${organisationId} AND account_id = ${id}`;
}

export async function deleteExpiredSessions(sql: Sql, now: Date): Promise<void> {
  await sql`DELETE FROM session WHERE expires_at <= ${now}`;
}

export interface ApiTokenRow {
  readonly organisation_id: OrganisationId;
  readonly token_hash: Uint8Array;
  readonly label: string;
  readonly roles: readonly Role[];
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

export async function insertApiToken(sql: Sql, row: ApiTokenRow): Promise<void> {
  await sql`INSERT INTO api_token ${sql(row)} ON CONFLICT (token_hash) DO NOTHING`;
}

export async function deleteApiToken(sql: Sql, tokenHash: Uint8Array): Promise<void> {
  await sql`DELETE FROM api_token WHERE token_hash = ${tokenHash}`;
}

/** All of one label. */
export async function deleteApiTokens(
  sql: Sql,
  { organisationId, label }: { organisationId: OrganisationId; label: string },
): Promise<void> {
  await sql`DELETE FROM api_token WHERE organisation_id = ${organisationId} AND label = ${label}`;
}

export async function apiTokenByHash(
  sql: Sql,
  tokenHash: Uint8Array,
): Promise<ApiTokenRow | undefined> {
  const [row] = await sql<ApiTokenRow[]>`
    SELECT organisation_id, token_hash, label, roles FROM api_token WHERE token_hash = ${tokenHash}`;
  return row;
}
