/**
 * Tries at an account's password, counted whatever addresses they come from. An account that is
 * guessed at from elsewhere must not be locked to its nurse, so an address from which it was opened
 * before has tries of its own.
 */

export interface TryRate {
  /** At once. */
  readonly max: number;
  /** Then one in this time: an account is never locked for good. */
  readonly everyMs: number;
}

/** A person mistypes a few times; a program gets some three thousand tries a day. */
const PASSWORD_TRIES: TryRate = { max: 10, everyMs: 30_000 };

/** Of a million codes three are right: with some three hundred tries a day, one in three years is guessed. */
export const CODE_TRIES: TryRate = { max: 5, everyMs: 5 * 60_000 };

/** As many accounts and stations as a hospital has; the oldest are forgotten first. */
const REMEMBERED_MAX = 20_000;

interface Tries {
  readonly left: number;
  readonly atMs: number;
}

export class SignInTries {
  readonly #rate: TryRate;
  readonly #tries = new Map<string, Tries>();
  readonly #known = new Map<string, true>();

  constructor(rate: TryRate = PASSWORD_TRIES) {
    this.#rate = rate;
  }

  /** Whether the account was opened from there before. */
  isKnown(loginName: string, address: string): boolean {
    return this.#known.has(stationKey(loginName, address));
  }

  /** Milliseconds until the next try, 0 for at once; a try that may be made is counted. */
  take(loginName: string, address: string, nowMs: number): number {
    const key = this.#keyOf(loginName, address);
    const { max, everyMs } = this.#rate;
    const { left, atMs } = this.#tries.get(key) ?? { left: max, atMs: nowMs };
    const now = Math.min(max, left + Math.max(0, nowMs - atMs) / everyMs);
    if (now < 1) return Math.ceil((1 - now) * everyMs);
    put(this.#tries, key, { left: now - 1, atMs: nowMs });
    return 0;
  }

  /** The password was right: the tries that were needed do not count. */
  succeeded(loginName: string, address: string): void {
    this.#tries.delete(this.#keyOf(loginName, address));
    put(this.#known, stationKey(loginName, address), true);
  }

  #keyOf(loginName: string, address: string): string {
    const station = stationKey(loginName, address);
    return this.#known.has(station) ? station : JSON.stringify([loginName]);
  }
}

const stationKey = (loginName: string, address: string): string =>
  JSON.stringify([loginName, address]);

function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
