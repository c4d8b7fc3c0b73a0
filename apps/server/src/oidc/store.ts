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
  /** Null: it keeps no secret. */
  readonly jwks: { readonly keys: readonly object[] } | null;
  readonly kind: 'program' | 'app';
  readonly redirect_uris: readonly string[];
  readonly launch_url: string | null;
}

export async function insertClient(sql: Sql, row: ClientRow): Promise<void> {
  const jwks = row.jwks === null ? null : JSON.stringify(row.jwks);
  await sql`
    INSERT INTO oidc_client
      (organisation_id, id, name, roles, scope, jwks, kind, redirect_uris, launch_url)
    VALUES (${row.organisation_id}, ${row.id}, ${row.name}, ${row.roles as Role[]}, ${row.scope},
      (${jwks}::text)::jsonb, ${row.kind}, ${row.redirect_uris as string[]}, ${row.launch_url})`;
}

export async function clientsOf(
  sql: Sql,
  organisationId: OrganisationId,
): Promise<(ClientRow & { readonly is_disabled: boolean })[]> {
  return await sql`
    SELECT organisation_id, id, name, roles, scope, jwks, kind, redirect_uris, launch_url,
      disabled_at IS NOT NULL AS is_disabled
    FROM oidc_client WHERE organisation_id = ${organisationId} ORDER BY name, id`;
}

const CLIENT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** One that is in use, of whichever organisation. Whatever somebody has sent may be asked for. */
export async function clientById(sql: Sql, id: string): Promise<ClientRow | undefined> {
  if (!CLIENT_ID.test(id)) return undefined;
  const [row] = await sql<ClientRow[]>`
    SELECT organisation_id, id, name, roles, scope, jwks, kind, redirect_uris, launch_url
    FROM oidc_client WHERE id = ${id} AND disabled_at IS NULL`;
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
    RETURNING organisation_id, id, name, roles, scope, jwks, kind, redirect_uris, launch_url`;
  return row;
}

/** From where apps that are in use ask in a browser. */
export async function redirectUris(sql: Sql): Promise<string[]> {
  const rows = await sql<{ uri: string }[]>`
    SELECT DISTINCT unnest(redirect_uris) AS uri FROM oidc_client WHERE disabled_at IS NULL`;
  return rows.map(({ uri }) => uri);
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
  readonly user_code_hash: Uint8Array | null;
  readonly sealed: Uint8Array;
  readonly expires_at: Date | null;
}

export async function writeArtifact(sql: Sql, row: ArtifactRow): Promise<void> {
  await sql`
    INSERT INTO oidc_artifact ${sql(row)}
    ON CONFLICT (kind, id_hash) DO UPDATE SET
      sealed = EXCLUDED.sealed, scope = EXCLUDED.scope, expires_at = EXCLUDED.expires_at,
      grant_hash = EXCLUDED.grant_hash`;
}

export interface FoundArtifact {
  readonly id_hash: Uint8Array;
  readonly sealed: Uint8Array;
  readonly consumed_at: Date | null;
}

export async function readArtifact(
  sql: Sql,
  { kind, idHash, now }: ArtifactKey & { readonly now: Date },
): Promise<FoundArtifact | undefined> {
  const [row] = await sql<FoundArtifact[]>`
    SELECT id_hash, sealed, consumed_at FROM oidc_artifact
    WHERE kind = ${kind} AND id_hash = ${idHash} AND (expires_at IS NULL OR expires_at > ${now})`;
  return row;
}

export async function artifactByUserCode(
  sql: Sql,
  {
    kind,
    codeHash,
    now,
  }: { readonly kind: string; readonly codeHash: Uint8Array; readonly now: Date },
): Promise<FoundArtifact | undefined> {
  const [row] = await sql<FoundArtifact[]>`
    SELECT id_hash, sealed, consumed_at FROM oidc_artifact
    WHERE kind = ${kind} AND user_code_hash = ${codeHash} AND expires_at > ${now}`;
  return row;
}

/** False where somebody has, already. */
export async function consumeArtifact(
  sql: Sql,
  { kind, idHash, now }: ArtifactKey & { readonly now: Date },
): Promise<boolean> {
  const rows = await sql`
    UPDATE oidc_artifact SET consumed_at = ${now}
    WHERE kind = ${kind} AND id_hash = ${idHash} AND consumed_at IS NULL RETURNING 1`;
  return rows.length === 1;
}

export async function deleteArtifact(sql: Sql, { kind, idHash }: ArtifactKey): Promise<void> {
  await sql`DELETE FROM oidc_artifact WHERE kind = ${kind} AND id_hash = ${idHash}`;
}

export async function deleteArtifactsOf(
  sql: Sql,
  kind: string,
  grantHash: Uint8Array,
): Promise<void> {
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

/** Whom an app may be told of, by their own leave. */
export async function accountNamed(
  sql: Sql,
  id: string,
): Promise<{ readonly display_name: string; readonly roles: readonly Role[] } | undefined> {
  const [row] = await sql<{ display_name: string; roles: readonly Role[] }[]>`
    SELECT display_name, roles FROM account WHERE id = ${id} AND disabled_at IS NULL`;
  return row;
}

/** Apps of the organisation that can be opened for a patient. */
export async function launchableApps(
  sql: Sql,
  organisationId: OrganisationId,
): Promise<ClientRow[]> {
  return await sql`
    SELECT organisation_id, id, name, roles, scope, jwks, kind, redirect_uris, launch_url
    FROM oidc_client
    WHERE organisation_id = ${organisationId} AND launch_url IS NOT NULL AND disabled_at IS NULL
    ORDER BY name, id`;
}

/** Whose refresh token it is, where that app has no keys to prove itself by. */
export async function keylessClientOf(sql: Sql, idHash: Uint8Array): Promise<string | undefined> {
  const [row] = await sql<{ id: string }[]>`
    SELECT c.id FROM oidc_artifact t JOIN oidc_client c ON c.id = t.client_id
    WHERE t.kind = 'RefreshToken' AND t.id_hash = ${idHash} AND c.jwks IS NULL`;
  return row?.id;
}
