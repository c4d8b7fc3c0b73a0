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
