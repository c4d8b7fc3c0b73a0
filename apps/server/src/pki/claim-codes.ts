/**
 * Claim codes: what a device shows for its first certificate. Made by somebody who stands at it, told
 * once, kept as a hash, good for one use and not for long.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { DeviceId } from '@ausculta/vitals/identity';
import type { RandomBytes } from '../outside.ts';
import type { ClaimRow } from './store.ts';

/** Crockford's: no I, L, O or U, so that a person who types it off a label is not misled. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A hundred bits: nobody tries them all, at whatever pace. */
const SIGNS = 20;
const GROUP = 5;

export function newClaimCode(randomBytes: RandomBytes): string {
  const signs = Array.from(randomBytes(SIGNS), (byte) => ALPHABET[byte % ALPHABET.length] ?? '');
  const groups = Array.from({ length: SIGNS / GROUP }, (_, at) =>
    signs.slice(at * GROUP, (at + 1) * GROUP).join(''),
  );
  return groups.join('-');
}

/** However it was typed: small letters, without hyphens, O for zero. */
export function hashOfClaimCode(text: string): Uint8Array {
  const plain = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return createHash('sha256').update(plain).digest();
}

export class ClaimCodes {
  readonly #open = new Map<DeviceId, ClaimRow>();

  constructor(rows: readonly ClaimRow[]) {
    for (const row of rows) this.add(row);
  }

  add(row: ClaimRow): void {
    this.#open.set(row.device_id, row);
  }

  /** Until when a device may be claimed; undefined where nobody has made a code, or it was used. */
  openUntilMs(deviceId: DeviceId, nowMs: number): number | undefined {
    const row = this.#open.get(deviceId);
    return row !== undefined && row.until_ms > nowMs ? row.until_ms : undefined;
  }

  opens(deviceId: DeviceId, code: string, nowMs: number): boolean {
    const row = this.#open.get(deviceId);
    if (row === undefined || row.until_ms <= nowMs) return false;
    return timingSafeEqual(row.code_hash, hashOfClaimCode(code));
  }

  used(deviceId: DeviceId): void {
    this.#open.delete(deviceId);
  }

  forgetExpired(nowMs: number): void {
    for (const [id, { until_ms }] of this.#open) if (until_ms <= nowMs) this.#open.delete(id);
  }
}
