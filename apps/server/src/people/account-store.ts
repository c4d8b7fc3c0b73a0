/** SQL of accounts as administrators see them, and of the links by which their owners come in. */
import type { Role } from '@ausculta/policy/vocabulary';
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

interface Owner {
  readonly organisationId: OrganisationId;
  readonly id: AccountId;
}

export interface ListedAccount {
  readonly id: AccountId;
  readonly login_name: string;
  readonly display_name: string;
  readonly roles: readonly Role[];
  readonly is_disabled: boolean;
  readonly has_password: boolean;
  readonly has_second_factor: boolean;
  readonly passkeys: number;
  readonly sign_on_issuers: readonly string[];
  readonly last_seen_at: Date | null;
}

/** All of the organisation, or the one. */
export async function readAccounts(
  sql: Sql,
  of: { readonly organisationId: OrganisationId; readonly id?: AccountId },
): Promise<ListedAccount[]> {
  const id = of.id ?? null;
  return await sql`
    SELECT a.id, a.login_name, a.display_name, a.roles, a.disabled_at IS NOT NULL AS is_disabled,
      a.password_hash IS NOT NULL AS has_password,
      EXISTS (SELECT FROM second_factor f WHERE f.account_id = a.id) AS has_second_factor,
      (SELECT count(*)::int FROM passkey p WHERE p.account_id = a.id) AS passkeys,
      ARRAY(SELECT l.issuer FROM provider_link l
        WHERE l.organisation_id = a.organisation_id AND l.account_id = a.id ORDER BY l.issuer)
        AS sign_on_issuers,
      (SELECT max(s.last_seen_at) FROM session s WHERE s.account_id = a.id) AS last_seen_at
    FROM account a
    WHERE a.organisation_id = ${of.organisationId} AND (${id}::uuid IS NULL OR a.id = ${id})
    ORDER BY lower(a.login_name)`;
}

/** False where the login name is another's: a name is one of the whole installation. */
export async function addAccount(
  sql: Sql,
  row: {
    organisation_id: OrganisationId;
    id: AccountId;
    login_name: string;
    display_name: string;
    roles: readonly Role[];
  },
): Promise<boolean> {
  const added = await sql`
    INSERT INTO account ${sql(row)} ON CONFLICT (login_name) DO NOTHING RETURNING id`;
  return added.length === 1;
}

/** Those who administer, held until the end of the transaction: two at once must not leave nobody. */
export async function holdAdministrators(
  sql: Sql,
  organisationId: OrganisationId,
): Promise<AccountId[]> {
  const rows = await sql<{ id: AccountId }[]>`
    SELECT id FROM account
    WHERE organisation_id = ${organisationId} AND 'administrator' = ANY (roles) AND disabled_at IS NULL
    ORDER BY id FOR UPDATE`;
  return rows.map(({ id }) => id);
}

/** The roles until now; undefined where there is no such account. */
export async function writeRoles(
  sql: Sql,
  { organisationId, id, roles }: Owner & { readonly roles: readonly Role[] },
): Promise<readonly Role[] | undefined> {
  const [before] = await sql<{ roles: readonly Role[] }[]>`
    SELECT roles FROM account WHERE organisation_id = ${organisationId} AND id = ${id} FOR UPDATE`;
  await sql`
    UPDATE account SET roles = ${roles as Role[]}
    WHERE organisation_id = ${organisationId} AND id = ${id}`;
  return before?.roles;
}

/** False where there is no such account. */
export async function writeDisabled(
  sql: Sql,
  { organisationId, id, at }: Owner & { readonly at: Date | null },
): Promise<boolean> {
  const rows = await sql`
    UPDATE account SET disabled_at = ${at}
    WHERE organisation_id = ${organisationId} AND id = ${id} RETURNING id`;
  return rows.length === 1;
}

export async function writeLink(
  sql: Sql,
  row: {
    organisation_id: OrganisationId;
    account_id: AccountId;
    token_hash: Uint8Array;
    resets_factors: boolean;
    expires_at: Date;
  },
): Promise<void> {
  await sql`
    INSERT INTO sign_in_link ${sql(row)}
    ON CONFLICT (organisation_id, account_id) DO UPDATE SET
      token_hash = EXCLUDED.token_hash, resets_factors = EXCLUDED.resets_factors,
      expires_at = EXCLUDED.expires_at`;
}

export interface LinkRow {
  readonly organisation_id: OrganisationId;
  readonly organisation_name: string;
  readonly account_id: AccountId;
  readonly login_name: string;
  readonly display_name: string;
  readonly resets_factors: boolean;
  readonly has_second_factor: boolean;
}

/** Undefined when it is unknown, was used, has run out, or its account is out of use. */
export async function linkByToken(
  sql: Sql,
  tokenHash: Uint8Array,
  now: Date,
): Promise<LinkRow | undefined> {
  const [row] = await sql<LinkRow[]>`
    SELECT l.organisation_id, o.name AS organisation_name, l.account_id, a.login_name, a.display_name,
      l.resets_factors,
      EXISTS (SELECT FROM second_factor f WHERE f.account_id = a.id) AS has_second_factor
    FROM sign_in_link l
    JOIN account a ON a.organisation_id = l.organisation_id AND a.id = l.account_id
    JOIN organisation o ON o.id = l.organisation_id
    WHERE l.token_hash = ${tokenHash} AND l.expires_at > ${now} AND a.disabled_at IS NULL`;
  return row;
}

/** False when somebody else was quicker. */
export async function useUpLink(sql: Sql, tokenHash: Uint8Array): Promise<boolean> {
  const rows =
    await sql`DELETE FROM sign_in_link WHERE token_hash = ${tokenHash} RETURNING account_id`;
  return rows.length === 1;
}

export async function deleteLinksOf(sql: Sql, { organisationId, id }: Owner): Promise<void> {
  await sql`DELETE FROM sign_in_link WHERE organisation_id = ${organisationId} AND account_id = ${id}`;
}

export async function deleteExpiredLinks(sql: Sql, now: Date): Promise<void> {
  await sql`DELETE FROM sign_in_link WHERE expires_at <= ${now}`;
}
