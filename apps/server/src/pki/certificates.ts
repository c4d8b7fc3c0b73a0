/** Which certificates devices have, in memory: a connection is judged by them without waiting. */
import type { DeviceId } from '@ausculta/vitals/identity';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { CertificateRow, RevokedBecause } from './store.ts';

export type Refused = 'unknown' | 'revoked' | 'expired' | 'out-of-use';

export type Standing =
  | { readonly isGood: true; readonly device: RegisteredDevice; readonly row: CertificateRow }
  | { readonly isGood: false; readonly because: Refused; readonly deviceId: DeviceId | undefined };

export class Certificates {
  readonly #devices: ReadonlyMap<string, RegisteredDevice>;
  readonly #byFingerprint = new Map<string, CertificateRow>();
  readonly #byDevice = new Map<DeviceId, string[]>();

  constructor(devices: ReadonlyMap<string, RegisteredDevice>, rows: readonly CertificateRow[]) {
    this.#devices = devices;
    for (const row of rows) this.add(row);
  }

  add(row: CertificateRow): void {
    const fingerprint = Buffer.from(row.fingerprint).toString('hex');
    this.#byFingerprint.set(fingerprint, row);
    const own = this.#byDevice.get(row.device_id) ?? [];
    this.#byDevice.set(row.device_id, [...own, fingerprint]);
  }

  /** A device's own, the oldest first. */
  of(deviceId: DeviceId): CertificateRow[] {
    const own = this.#byDevice.get(deviceId) ?? [];
    return own.flatMap((fingerprint) => this.#byFingerprint.get(fingerprint) ?? []);
  }

  /** By its SHA-256, in lower-case hexadecimal digits. */
  standing(fingerprint: string, nowMs: number): Standing {
    const row = this.#byFingerprint.get(fingerprint);
    const device = row && this.#devices.get(row.device_id);
    const refused = (because: Refused): Standing => ({
      ...{ isGood: false, because, deviceId: row?.device_id },
    });
    if (row === undefined || device === undefined) return refused('unknown');
    if (row.revoked_ms !== null) return refused('revoked');
    if (nowMs < row.from_ms || nowMs >= row.until_ms) return refused('expired');
    return device.isDisabled ? refused('out-of-use') : { isGood: true, device, row };
  }

  revoked(rows: readonly CertificateRow[], because: RevokedBecause, atMs: number): void {
    for (const row of rows) {
      const fingerprint = Buffer.from(row.fingerprint).toString('hex');
      const known = this.#byFingerprint.get(fingerprint);
      if (known === undefined || known.revoked_ms !== null) continue;
      this.#byFingerprint.set(fingerprint, {
        ...known,
        revoked_ms: atMs,
        revoked_because: because,
      });
    }
  }

  /** Lets go of what nobody can show any more. */
  forgetExpired(nowMs: number): void {
    for (const [fingerprint, { device_id, until_ms }] of this.#byFingerprint) {
      if (until_ms > nowMs) continue;
      this.#byFingerprint.delete(fingerprint);
      const others = this.#byDevice.get(device_id)?.filter((one) => one !== fingerprint) ?? [];
      if (others.length === 0) this.#byDevice.delete(device_id);
      else this.#byDevice.set(device_id, others);
    }
  }
}
