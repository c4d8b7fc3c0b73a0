/** SQL of accounts that are known by another provider. */
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface LinkKey {
  readonly organisationId: OrganisationId;
  readonly issuer: string;
  readonly subjectHash: Uint8Array;
}

interface Owner {
  readonly organisationId: OrganisationId;
  readonly id: AccountId;
}

export interface LinkedAccount {
  readonly account_id: AccountId;
  readonly is_disabled: boolean;
}

export async function linkedAccount(
  sql: Sql,
  { organisationId, issuer, subjectHash }: LinkKey,
): Promise<LinkedAccount | undefined> {
  const [row] = await sql<LinkedAccount[]>`
    SELECT l.account_id, a.disabled_at IS NOT NULL AS is_disabled
    FROM provider_link l
    JOIN account a ON a.organisation_id = l.organisation_id AND a.id = l.account_id
    WHERE l.organisation_id = ${organisationId} AND l.issuer = ${issuer}
      AND l.subject_hash = ${subjectHash}`;
  return row;
}

/** False where one of both is linked already: neither is taken from whoever has it. */
export async function insertLink(
  sql: Sql,
  { organisationId, issuer, subjectHash, id, at }: LinkKey & Owner & { readonly at: Date },
): Promise<boolean> {
  const rows = await sql`
    INSERT INTO provider_link
      (organisation_id, account_id, issuer, subject_hash, linked_at, used_at)
    VALUES (${organisationId}, ${id}, ${issuer}, ${subjectHash}, ${at}, ${at})
    ON CONFLICT DO NOTHING RETURNING account_id`;
  return rows.length === 1;
}

export async function usedLink(
  sql: Sql,
  { organisationId, issuer, subjectHash, at }: LinkKey & { readonly at: Date },
): Promise<void> {
  await sql`
    UPDATE provider_link SET used_at = ${at}
    WHERE organisation_id = ${organisationId} AND issuer = ${issuer}
      AND subject_hash = ${subjectHash}`;
}

export interface ListedLink {
  readonly issuer: string;
  readonly linked_at: Date;
  readonly used_at: Date | null;
}

export async function linksOf(sql: Sql, { organisationId, id }: Owner): Promise<ListedLink[]> {
  return await sql`
    SELECT issuer, linked_at, used_at FROM provider_link
    WHERE organisation_id = ${organisationId} AND account_id = ${id}`;
}

export async function deleteLink(
  sql: Sql,
  { organisationId, id, issuer }: Owner & { readonly issuer: string },
): Promise<boolean> {
  const rows = await sql`
    DELETE FROM provider_link
    WHERE organisation_id = ${organisationId} AND account_id = ${id} AND issuer = ${issuer}
    RETURNING account_id`;
  return rows.length === 1;
}

/** How many there were. */
export async function deleteProviderLinks(
  sql: Sql,
  { organisationId, id }: Owner,
): Promise<number> {
  const rows = await sql`
    DELETE FROM provider_link WHERE organisation_id = ${organisationId} AND account_id = ${id}
    RETURNING issuer`;
  return rows.length;
}

/** A session that goes on, locked or not, of an account in use. */
export async function holdSession(
  sql: Sql,
  {
    organisationId,
    id,
    sessionId,
    now,
  }: Owner & { readonly sessionId: string; readonly now: Date },
): Promise<{ readonly is_locked: boolean } | undefined> {
  const [row] = await sql<{ is_locked: boolean }[]>`
    SELECT s.locked_at IS NOT NULL AS is_locked FROM session s
    JOIN account a ON a.organisation_id = s.organisation_id AND a.id = s.account_id
    WHERE s.organisation_id = ${organisationId} AND s.account_id = ${id} AND s.id = ${sessionId}
      AND s.expires_at > ${now} AND a.disabled_at IS NULL
    FOR UPDATE OF s`;
  return row;
}
