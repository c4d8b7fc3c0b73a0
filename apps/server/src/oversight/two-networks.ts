/**
 * One account, at work from two places within minutes: somebody is not where they seem to be. Addresses inside
 * a house are one place, and so is a network of a provider; the address itself is kept nowhere.
 */
import { BlockList, isIP } from 'node:net';
import { addressKey } from '../people/address-key.ts';

/** Nobody signs in at home and at the hospital within this time; a telephone that leaves the house may. */
const WITHIN_MS = 5 * 60_000;
const REMEMBERED_MAX = 10_000;

interface Seen {
  readonly network: string;
  readonly atMs: number;
}

export class TwoNetworks {
  readonly #seen = new Map<string, Seen>();

  /** True when the account was at work from elsewhere a moment ago. */
  note(accountId: string, address: string, atMs: number): boolean {
    const network = networkOf(address);
    const before = this.#seen.get(accountId);
    this.#seen.delete(accountId);
    this.#seen.set(accountId, { network, atMs });
    if (this.#seen.size > REMEMBERED_MAX) this.#forgetOldest();
    return before !== undefined && before.network !== network && atMs - before.atMs < WITHIN_MS;
  }

  #forgetOldest(): void {
    for (const [accountId] of this.#seen) {
      this.#seen.delete(accountId);
      return;
    }
  }
}

const HOUSE = new BlockList();
HOUSE.addSubnet('10.0.0.0', 8);
HOUSE.addSubnet('172.16.0.0', 12);
HOUSE.addSubnet('192.168.0.0', 16);
HOUSE.addSubnet('127.0.0.0', 8);
HOUSE.addSubnet('169.254.0.0', 16);
HOUSE.addSubnet('fc00::', 7, 'ipv6');
HOUSE.addSubnet('fe80::', 10, 'ipv6');
HOUSE.addAddress('::1', 'ipv6');

/** Of IPv4 the first three numbers, of IPv6 the first 48 bits; the house is one. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, '').split('%')[0] ?? '';
  const version = isIP(plain);
  if (version === 0) return 'unknown';
  if (HOUSE.check(plain, version === 6 ? 'ipv6' : 'ipv4')) return 'house';
  if (version === 4) return plain.split('.').slice(0, 3).join('.');
  return addressKey(plain).split(':').slice(0, 3).join(':');
}
