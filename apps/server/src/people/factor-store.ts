/** SQL of what people prove themselves with beside a password: second factors, recovery codes, passkeys. */
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface Owner {
  readonly organisationId: OrganisationId;
  readonly id: AccountId;
}

export interface SecondFactorRow {
  readonly secret_sealed: Uint8Array;
  readonly last_step: number;
}

export async function secondFactorOf(
  sql: Sql,
  { organisationId, id }: Owner,
): Promise<SecondFactorRow | undefined> {
  const [row] = await sql<SecondFactorRow[]>`
    SELECT secret_sealed, last_step FROM second_factor
    WHERE organisation_id = ${organisationId} AND account_id = ${id}`;
  return row;
}

export async function writeSecondFactor(
  sql: Sql,
  { organisationId, id, ...row }: Owner & SecondFactorRow,
): Promise<void> {
  await deleteSecondFactor(sql, { organisationId, id });
  const all = { organisation_id: organisationId, account_id: id, ...row };
  await sql`INSERT INTO second_factor ${sql(all)}`;
}

/** Its recovery codes go with it. */
export async function deleteSecondFactor(
  sql: Sql,
  { organisationId, id }: Owner,
): Promise<boolean> {
  const rows = await sql`
    DELETE FROM second_factor WHERE organisation_id = ${organisationId} AND account_id = ${id}
    RETURNING account_id`;
  return rows.length === 1;
}

/** False when a code of this time, or of a later one, was taken before. */
export async function useUpStep(
  sql: Sql,
  { organisationId, id, step }: Owner & { readonly step: number },
): Promise<boolean> {
  const rows = await sql`
    UPDATE second_factor SET last_step = ${step}
    WHERE organisation_id = ${organisationId} AND account_id = ${id} AND last_step < ${step}
    RETURNING account_id`;
  return rows.length === 1;
}

export async function writeRecoveryCodes(
  sql: Sql,
  { organisationId, id, hashes }: Owner & { readonly hashes: readonly Uint8Array[] },
): Promise<void> {
  await sql`
    DELETE FROM recovery_code WHERE organisation_id = ${organisationId} AND account_id = ${id}`;
  const rows = hashes.map((code_hash) => ({
    organisation_id: organisationId,
    account_id: id,
    code_hash,
  }));
  await sql`INSERT INTO recovery_code ${sql(rows)}`;
}

export async function useUpRecoveryCode(
  sql: Sql,
  { organisationId, id, hash }: Owner & { readonly hash: Uint8Array },
): Promise<boolean> {
  const rows = await sql`
    DELETE FROM recovery_code
    WHERE organisation_id = ${organisationId} AND account_id = ${id} AND code_hash = ${hash}
    RETURNING account_id`;
  return rows.length === 1;
}

export interface FactorsRow {
  readonly has_password: boolean;
  readonly password_is_short: boolean;
  readonly has_second_factor: boolean;
  readonly recovery_codes: number;
  readonly passkeys: number;
}

/** What the account proves itself with; the account is held until the end of the transaction. */
export async function holdFactors(
  sql: Sql,
  { organisationId, id }: Owner,
): Promise<FactorsRow | undefined> {
  const [row] = await sql<FactorsRow[]>`
    SELECT a.password_hash IS NOT NULL AS has_password, a.password_is_short,
      EXISTS (SELECT FROM second_factor f WHERE f.account_id = a.id) AS has_second_factor,
      (SELECT count(*)::int FROM recovery_code r WHERE r.account_id = a.id) AS recovery_codes,
      (SELECT count(*)::int FROM passkey p WHERE p.account_id = a.id) AS passkeys
    FROM account a WHERE a.organisation_id = ${organisationId} AND a.id = ${id}
    FOR UPDATE OF a`;
  return row;
}

export interface PasskeyRow {
  readonly organisation_id: OrganisationId;
  readonly account_id: AccountId;
  readonly credential_id: string;
  readonly public_key: Uint8Array;
  readonly sign_count: number;
  readonly transports: readonly string[];
  readonly label: string;
}

export async function insertPasskey(sql: Sql, row: PasskeyRow): Promise<boolean> {
  const rows = await sql`
    INSERT INTO passkey ${sql({ ...row, transports: row.transports as string[] })}
    ON CONFLICT (credential_id) DO NOTHING RETURNING credential_id`;
  return rows.length === 1;
}

export interface ListedPasskey {
  readonly credential_id: string;
  readonly transports: readonly string[];
  readonly label: string;
  readonly created_at: Date;
  readonly used_at: Date | null;
}

export async function passkeysOf(
  sql: Sql,
  { organisationId, id }: Owner,
): Promise<ListedPasskey[]> {
  return await sql`
    SELECT credential_id, transports, label, created_at, used_at FROM passkey
    WHERE organisation_id = ${organisationId} AND account_id = ${id} ORDER BY created_at`;
}

/** Of an account that is in use. */
export async function passkeyById(sql: Sql, credentialId: string): Promise<PasskeyRow | undefined> {
  const [row] = await sql<PasskeyRow[]>`
    SELECT p.organisation_id, p.account_id, p.credential_id, p.public_key, p.sign_count, p.transports,
      p.label
    FROM passkey p
    JOIN account a ON a.organisation_id = p.organisation_id AND a.id = p.account_id
    WHERE p.credential_id = ${credentialId} AND a.disabled_at IS NULL`;
  return row;
}

export async function usedPasskey(
  sql: Sql,
  { credentialId, signCount, now }: { credentialId: string; signCount: number; now: Date },
): Promise<void> {
  await sql`
    UPDATE passkey SET sign_count = ${signCount}, used_at = ${now}
    WHERE credential_id = ${credentialId}`;
}

export async function deletePasskey(
  sql: Sql,
  { organisationId, id, credentialId }: Owner & { readonly credentialId: string },
): Promise<boolean> {
  const rows = await sql`
    DELETE FROM passkey
    WHERE organisation_id = ${organisationId} AND account_id = ${id}
      AND credential_id = ${credentialId}
    RETURNING credential_id`;
  return rows.length === 1;
}

/** How many there were. */
export async function deletePasskeys(sql: Sql, { organisationId, id }: Owner): Promise<number> {
  const { count } = await sql`
    DELETE FROM passkey WHERE organisation_id = ${organisationId} AND account_id = ${id}`;
  return count;
}
