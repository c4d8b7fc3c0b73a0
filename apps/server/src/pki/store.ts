/** SQL of devices' identity: authorities, certificates, claim codes. */
import type { DeviceId, OrganisationId } from '@ausculta/vitals/identity';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface AuthorityRow {
  readonly organisation_id: OrganisationId;
  readonly made_ms: number;
  readonly certificate: Uint8Array;
  readonly key_sealed: Uint8Array;
}

export type RevokedBecause = 'compromised' | 'superseded' | 'withdrawn';

export interface CertificateRow {
  readonly organisation_id: OrganisationId;
  readonly device_id: DeviceId;
  readonly fingerprint: Uint8Array;
  readonly serial: string;
  readonly made_by: 'claim' | 'renewal';
  readonly from_ms: number;
  readonly until_ms: number;
  readonly revoked_ms: number | null;
  readonly revoked_because: RevokedBecause | null;
}

export interface ClaimRow {
  readonly organisation_id: OrganisationId;
  readonly device_id: DeviceId;
  readonly code_hash: Uint8Array;
  readonly made_ms: number;
  readonly until_ms: number;
}

export async function readOrganisations(sql: Sql): Promise<OrganisationId[]> {
  const rows = await sql<{ id: OrganisationId }[]>`SELECT id FROM organisation ORDER BY id`;
  return rows.map(({ id }) => id);
}

export async function readAuthorities(sql: Sql): Promise<AuthorityRow[]> {
  return await sql`SELECT organisation_id, made_ms, certificate, key_sealed FROM device_authority`;
}

export async function insertAuthority(sql: Sql, row: AuthorityRow): Promise<void> {
  await sql`INSERT INTO device_authority ${sql(row)}`;
}

/** Those that may still be shown. */
export async function readCertificates(sql: Sql, nowMs: number): Promise<CertificateRow[]> {
  return await sql`
    SELECT organisation_id, device_id, fingerprint, serial, made_by, from_ms, until_ms,
      revoked_ms, revoked_because
    FROM device_certificate WHERE until_ms > ${nowMs} ORDER BY from_ms, serial`;
}

export async function insertCertificate(sql: Sql, row: CertificateRow): Promise<void> {
  await sql`INSERT INTO device_certificate ${sql(row)}`;
}

export interface Revocation {
  readonly deviceId: DeviceId;
  readonly serials: readonly string[];
  readonly because: RevokedBecause;
  readonly atMs: number;
}

/** What was taken back before stays as it was. */
export async function revokeCertificates(
  sql: Sql,
  { deviceId, serials, because, atMs }: Revocation,
): Promise<void> {
  await sql`
    UPDATE device_certificate SET revoked_ms = ${atMs}, revoked_because = ${because}
    WHERE device_id = ${deviceId} AND serial = ANY(${serials as string[]}::text[])
      AND revoked_ms IS NULL`;
}

/** Those that still open. */
export async function readClaims(sql: Sql, nowMs: number): Promise<ClaimRow[]> {
  return await sql`
    SELECT organisation_id, device_id, code_hash, made_ms, until_ms
    FROM device_claim WHERE used_ms IS NULL AND until_ms > ${nowMs}`;
}

/** A new code takes the place of the one before. */
export async function writeClaim(sql: Sql, row: ClaimRow): Promise<void> {
  await sql`
    INSERT INTO device_claim ${sql(row)}
    ON CONFLICT (device_id) DO UPDATE SET code_hash = excluded.code_hash,
      made_ms = excluded.made_ms, until_ms = excluded.until_ms, used_ms = NULL`;
}

/** True for the one who uses it: a code opens once. */
export async function useClaim(
  sql: Sql,
  { device_id, code_hash }: Pick<ClaimRow, 'device_id' | 'code_hash'>,
  nowMs: number,
): Promise<boolean> {
  const rows = await sql`
    UPDATE device_claim SET used_ms = ${nowMs}
    WHERE device_id = ${device_id} AND code_hash = ${code_hash}
      AND used_ms IS NULL AND until_ms > ${nowMs}
    RETURNING 1`;
  return rows.length === 1;
}
