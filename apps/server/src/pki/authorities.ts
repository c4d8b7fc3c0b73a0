/**
 * The authorities that sign for devices, one for each organisation, made when it is first needed. The
 * key is sealed under the organisation's, and is in memory while it signs.
 */
import { expect } from '@ausculta/vitals/expect';
import type { DeviceId, OrganisationId } from '@ausculta/vitals/identity';
import type { PublicKey } from '@peculiar/x509';
import type { InLane, Sql } from '../database/pool.ts';
import type { RandomBytes } from '../outside.ts';
import type { Seal } from '../vault/seal.ts';
import { pemOf } from './pem.ts';
import * as store from './store.ts';

/** Longer than what it signs for is used; its devices would all have to be claimed anew. */
const AUTHORITY_YEARS = 20;
const DAY_MS = 24 * 3_600_000;
const SERIAL_BYTES = 16;

/** A device whose clock is a little slow must not find its own certificate to be of the future. */
const BEFORE_MS = 10 * 60_000;

export const authorityContext = (organisationId: string): string =>
  `device-authority/${organisationId}/key`;

export interface AuthorityPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly randomBytes: RandomBytes;
  readonly nowMs: () => number;
}

export interface Issued {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly serial: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export class Authorities {
  readonly #ports: AuthorityPorts;
  readonly #certificates = new Map<OrganisationId, Uint8Array>();
  readonly #making = new Map<OrganisationId, Promise<Uint8Array>>();
  readonly #listeners = new Set<() => void>();

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports;
  }

  static async open(ports: AuthorityPorts): Promise<Authorities> {
    const authorities = new Authorities(ports);
    for (const { organisation_id, certificate } of await store.readAuthorities(ports.sql))
      authorities.#certificates.set(organisation_id, certificate);
    return authorities;
  }

  /** Whose signatures are known here, DER. */
  get known(): readonly Uint8Array[] {
    return [...this.#certificates.values()];
  }

  get pem(): readonly string[] {
    return this.known.map(pemOf);
  }

  onMade(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Of all organisations: whoever asks has not said yet to which it belongs. */
  async all(): Promise<readonly Uint8Array[]> {
    for (const id of await store.readOrganisations(this.#ports.sql)) await this.of(id);
    return this.known;
  }

  async of(organisationId: OrganisationId): Promise<Uint8Array> {
    const known = this.#certificates.get(organisationId);
    if (known !== undefined) return known;
    const making = this.#making.get(organisationId) ?? this.#make(organisationId);
    this.#making.set(organisationId, making);
    return await making.finally(() => this.#making.delete(organisationId));
  }

  async #make(organisationId: OrganisationId): Promise<Uint8Array> {
    const { inLane, organisationSeal, nowMs } = this.#ports;
    const { makeAuthority } = await import('./x509.ts');
    const fromMs = nowMs() - BEFORE_MS;
    const untilMs = fromMs + AUTHORITY_YEARS * 365 * DAY_MS;
    const serial = this.#newSerial();
    const made = await makeAuthority(`Ausculta devices ${serial.slice(0, 8)}`, {
      ...{ fromMs, untilMs, serial },
    });
    const context = authorityContext(organisationId);
    const key_sealed = organisationSeal(organisationId).seal(made.privateKey, context);
    const { certificate } = made;
    const row = { organisation_id: organisationId, made_ms: nowMs(), certificate, key_sealed };
    await inLane((tx) => store.insertAuthority(tx, row));
    this.#certificates.set(organisationId, certificate);
    for (const listener of this.#listeners) listener();
    return certificate;
  }

  async issue(
    { id, organisationId }: { readonly id: DeviceId; readonly organisationId: OrganisationId },
    { key, days }: { readonly key: PublicKey; readonly days: number },
  ): Promise<Issued> {
    const { organisationSeal, nowMs, sql } = this.#ports;
    const certificate = await this.of(organisationId);
    const rows = await store.readAuthorities(sql);
    const own = rows.find((row) => row.organisation_id === organisationId);
    expect(own !== undefined, 'an authority that was made is stored');
    const context = authorityContext(organisationId);
    const opened = organisationSeal(organisationId).open(own.key_sealed, context);
    expect(opened.ok, 'the key of an authority opens with that of its organisation');
    const { issueCertificate } = await import('./x509.ts');
    const fromMs = toSecond(nowMs() - BEFORE_MS);
    const untilMs = toSecond(nowMs() + days * DAY_MS);
    const validity = { fromMs, untilMs, serial: this.#newSerial() };
    const authority = { certificate, privateKey: opened.value };
    const issued = await issueCertificate(authority, { deviceId: id, key, ...validity });
    return { certificate: issued, ...validity };
  }

  /** Of full length and positive, as DER has it. */
  #newSerial(): string {
    const [first = 0, ...rest] = this.#ports.randomBytes(SERIAL_BYTES);
    return Buffer.from([(first & 0x3f) | 0x40, ...rest]).toString('hex');
  }
}

/** X.509 has no smaller part. */
const toSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;
