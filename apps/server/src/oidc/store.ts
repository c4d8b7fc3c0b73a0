/** SQL of OAuth 2.0: clients, what was given to them, and the keys that sign it. */
import type { Role } from '@ausculta/policy/vocabulary';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface ClientRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly scope: string;
  readonly jwks: { readonly keys: readonly object[] };
}

export async function insertClient(sql: Sql, row: ClientRow): Promise<void> {
  const jwks = JSON.stringify(row.jwks);
  await sql`
    INSERT INTO oidc_client (organisation_id, id, name, roles, scope, jwks)
    VALUES (${row.organisation_id}, ${row.id}, ${row.name}, ${row.roles as Role[]}, ${row.scope},
      (${jwks}::text)::jsonb)`;
}

export async function clientsOf(
  sql: Sql,
  organisationId: OrganisationId,
): Promise<(ClientRow & { readonly is_disabled: boolean })[]> {
  return await sql`
    SELECT organisation_id, id, name, roles, scope, jwks, disabled_at IS NOT NULL AS is_disabled
    FROM oidc_client WHERE organisation_id = ${organisationId} ORDER BY name, id`;
}

/** One that is in use, of whichever organisation. */
export async function clientById(sql: Sql, id: string): Promise<ClientRow | undefined> {
  const [row] = await sql<ClientRow[]>`
    SELECT organisation_id, id, name, roles, scope, jwks FROM oidc_client
    WHERE id = ${id} AND disabled_at IS NULL`;
  return row;
}

/** What it was given opens nothing any more. Undefined where there is no such client. */
export async function disableClient(
  sql: Sql,
  { organisationId, id, at }: { organisationId: OrganisationId; id: string; at: Date },
): Promise<ClientRow | undefined> {
  const [row] = await sql<ClientRow[]>`
    UPDATE oidc_client SET disabled_at = ${at}
    WHERE organisation_id = ${organisationId} AND id = ${id}
    RETURNING organisation_id, id, name, roles, scope, jwks`;
  return row;
}

export interface ArtifactKey {
  readonly kind: string;
  readonly idHash: Uint8Array;
}

export interface ArtifactRow {
  readonly organisation_id: OrganisationId;
  readonly kind: string;
  readonly id_hash: Uint8Array;
  readonly client_id: string | null;
  readonly scope: string | null;
  readonly grant_hash: Uint8Array | null;
  readonly sealed: Uint8Array;
  readonly expires_at: Date | null;
}

export async function writeArtifact(sql: Sql, row: ArtifactRow): Promise<void> {
  await sql`
    INSERT INTO oidc_artifact ${sql(row)}
    ON CONFLICT (kind, id_hash) DO UPDATE SET
      sealed = EXCLUDED.sealed, scope = EXCLUDED.scope, expires_at = EXCLUDED.expires_at`;
}

export async function readArtifact(
  sql: Sql,
  { kind, idHash, now }: ArtifactKey & { readonly now: Date },
): Promise<{ readonly sealed: Uint8Array; readonly consumed_at: Date | null } | undefined> {
  const [row] = await sql<{ sealed: Uint8Array; consumed_at: Date | null }[]>`
    SELECT sealed, consumed_at FROM oidc_artifact
    WHERE kind = ${kind} AND id_hash = ${idHash} AND (expires_at IS NULL OR expires_at > ${now})`;
  return row;
}

export async function consumeArtifact(
  sql: Sql,
  { kind, idHash, now }: ArtifactKey & { readonly now: Date },
): Promise<void> {
  await sql`
    UPDATE oidc_artifact SET consumed_at = ${now} WHERE kind = ${kind} AND id_hash = ${idHash}`;
}

export async function deleteArtifact(sql: Sql, { kind, idHash }: ArtifactKey): Promise<void> {
  await sql`DELETE FROM oidc_artifact WHERE kind = ${kind} AND id_hash = ${idHash}`;
}

export async function deleteGrant(sql: Sql, kind: string, grantHash: Uint8Array): Promise<void> {
  await sql`DELETE FROM oidc_artifact WHERE kind = ${kind} AND grant_hash = ${grantHash}`;
}

export async function deleteExpiredArtifacts(sql: Sql, now: Date): Promise<void> {
  await sql`DELETE FROM oidc_artifact WHERE expires_at <= ${now}`;
}

export interface KeyRow {
  readonly organisation_id: OrganisationId;
  readonly id: string;
  readonly sealed: Uint8Array;
}

export async function readKeys(sql: Sql): Promise<KeyRow[]> {
  return await sql`SELECT organisation_id, id, sealed FROM oidc_key ORDER BY created_at`;
}

export async function insertKey(sql: Sql, row: KeyRow): Promise<void> {
  await sql`INSERT INTO oidc_key ${sql(row)} ON CONFLICT (id) DO NOTHING`;
}
