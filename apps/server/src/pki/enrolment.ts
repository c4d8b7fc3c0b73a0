/**
 * How a device comes to a certificate, and loses it. A claim code begins its identity anew: what it had
 * before is taken back with it. A renewal leaves the old one good until its end, as the new one may not
 * have arrived.
 */

import { createHash } from 'node:crypto';
import { expect } from '@ausculta/vitals/expect';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { PublicKey } from '@peculiar/x509';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { appendAudit } from '../vault/audit.ts';
import type { Authorities, AuthorityPorts } from './authorities.ts';
import type { Certificates } from './certificates.ts';
import { type ClaimCodes, hashOfClaimCode, newClaimCode } from './claim-codes.ts';
import * as store from './store.ts';

/** The newest and what it replaces, and one more for a device that lost its answer. */
const GOOD_MAX = 3;

export interface EnrolmentPorts extends Omit<AuthorityPorts, 'sql'> {
  readonly authorities: Authorities;
  readonly certificates: Certificates;
  readonly claimCodes: ClaimCodes;
  readonly certificateDays: number;
}

export interface Revoked {
  readonly device: RegisteredDevice;
  /** SHA-256 of each, in lower-case hexadecimal digits. */
  readonly fingerprints: readonly string[];
}

export class Enrolment {
  readonly #ports: EnrolmentPorts;
  readonly #listeners = new Set<(revoked: Revoked) => void>();

  constructor(ports: EnrolmentPorts) {
    this.#ports = ports;
  }

  /** Hears of certificates that are good no longer, once that is durable. */
  onRevoked(listener: (revoked: Revoked) => void): void {
    this.#listeners.add(listener);
  }

  async makeClaim(
    { id, organisationId }: RegisteredDevice,
    { lifeMs, actor }: { readonly lifeMs: number; readonly actor: string | undefined },
  ): Promise<{ code: string; untilMs: number }> {
    const { inLane, randomBytes, nowMs, claimCodes } = this.#ports;
    const code = newClaimCode(randomBytes);
    const made_ms = nowMs();
    const until_ms = made_ms + lifeMs;
    const of = { organisation_id: organisationId, device_id: id };
    const row = { ...of, code_hash: hashOfClaimCode(code), made_ms, until_ms };
    await inLane(async (tx) => {
      await store.writeClaim(tx, row);
      const entry = { act: 'device-claim-made', target: `device/${id}`, atMs: made_ms } as const;
      await appendAudit(tx, { organisationId, actor, ...entry });
    });
    claimCodes.add(row);
    return { code, untilMs: until_ms };
  }

  /** The certificate, DER. */
  async claim(
    device: RegisteredDevice,
    { code, request }: { readonly code: string; readonly request: Uint8Array },
  ): Promise<Result<Uint8Array>> {
    const { claimCodes, nowMs } = this.#ports;
    if (device.isDisabled || !claimCodes.opens(device.id, code, nowMs()))
      return fail('CREDENTIALS_REFUSED');
    const { readRequest } = await import('./x509.ts');
    // A request that is no good costs no code.
    const key = await readRequest(request);
    if (!key.ok) return key;
    return await this.#certify(device, { key: key.value, code_hash: hashOfClaimCode(code) });
  }

  async renew(device: RegisteredDevice, request: Uint8Array): Promise<Result<Uint8Array>> {
    const { readRequest } = await import('./x509.ts');
    const key = await readRequest(request);
    return key.ok ? await this.#certify(device, { key: key.value, code_hash: undefined }) : key;
  }

  async revoke(
    device: RegisteredDevice,
    what: {
      readonly rows: readonly store.CertificateRow[];
      readonly because: store.RevokedBecause;
      readonly actor: string | undefined;
    },
  ): Promise<void> {
    const { inLane, nowMs } = this.#ports;
    const { rows, because, actor } = what;
    const atMs = nowMs();
    const serials = rows.map(({ serial }) => serial);
    await inLane(async (tx) => {
      await store.revokeCertificates(tx, { deviceId: device.id, serials, because, atMs });
      const value = { serials, because };
      await this.#audit(tx, device, { act: 'device-certificate-revoked', actor, atMs, value });
    });
    this.#revoked(device, { rows, because, atMs });
  }

  async #certify(
    device: RegisteredDevice,
    { key, code_hash }: { readonly key: PublicKey; readonly code_hash: Uint8Array | undefined },
  ): Promise<Result<Uint8Array>> {
    const { authorities, certificates, claimCodes, inLane, nowMs, certificateDays } = this.#ports;
    const issued = await authorities.issue(device, { key, days: certificateDays });
    const atMs = nowMs();
    const row: store.CertificateRow = {
      ...{ organisation_id: device.organisationId, device_id: device.id },
      fingerprint: createHash('sha256').update(issued.certificate).digest(),
      ...{ serial: issued.serial, from_ms: issued.fromMs, until_ms: issued.untilMs },
      made_by: code_hash === undefined ? 'renewal' : 'claim',
      ...{ revoked_ms: null, revoked_because: null },
    };
    const good = certificates.of(device.id).filter(({ revoked_ms }) => revoked_ms === null);
    const old = code_hash === undefined ? good.slice(0, 1 - GOOD_MAX) : good;
    const isFirst = await inLane(async (tx) => {
      const claim = code_hash && { device_id: device.id, code_hash };
      if (claim !== undefined && !(await store.useClaim(tx, claim, atMs))) return false;
      await store.insertCertificate(tx, row);
      const serials = old.map(({ serial }) => serial);
      const superseded = { deviceId: device.id, serials, because: 'superseded', atMs } as const;
      await store.revokeCertificates(tx, superseded);
      const value = { serial: row.serial, by: row.made_by };
      await this.#audit(tx, device, { act: 'device-certified', actor: undefined, atMs, value });
      return true;
    });
    if (!isFirst) return fail('CREDENTIALS_REFUSED');
    if (code_hash !== undefined) claimCodes.used(device.id);
    certificates.add(row);
    this.#revoked(device, { rows: old, because: 'superseded', atMs });
    return ok(issued.certificate);
  }

  #revoked(
    device: RegisteredDevice,
    what: {
      readonly rows: readonly store.CertificateRow[];
      readonly because: store.RevokedBecause;
      readonly atMs: number;
    },
  ): void {
    const { rows, because, atMs } = what;
    if (rows.length === 0) return;
    this.#ports.certificates.revoked(rows, because, atMs);
    const fingerprints = rows.map(({ fingerprint }) => Buffer.from(fingerprint).toString('hex'));
    for (const listener of this.#listeners) listener({ device, fingerprints });
  }

  async #audit(
    tx: Parameters<typeof appendAudit>[0],
    { id, organisationId }: RegisteredDevice,
    entry: {
      readonly act: 'device-certified' | 'device-certificate-revoked';
      readonly actor: string | undefined;
      readonly atMs: number;
      readonly value: unknown;
    },
  ): Promise<void> {
    const { value, ...rest } = entry;
    const detail = { seal: this.#ports.organisationSeal(organisationId), value };
    await appendAudit(tx, { organisationId, target: `device/${id}`, ...rest, detail });
  }
}

/** As a request comes: base64 in lines (RFC 7030), the same in PEM, or the bytes themselves. */
export function requestBytes(body: Uint8Array): Uint8Array {
  const SEQUENCE = 0x30;
  if (body[0] === SEQUENCE && body[1] !== undefined && body[1] >= 0x80) return body;
  const text = new TextDecoder().decode(body).replace(/-----[A-Z ]+-----/g, '');
  const bytes = Buffer.from(text, 'base64');
  expect(bytes.length <= body.length, 'base64 is longer than what it says');
  return bytes;
}
