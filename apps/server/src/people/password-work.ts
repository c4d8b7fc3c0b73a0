/**
 * Argon2 is slow on purpose, and takes threads that the log's work waits for too. So few run at once,
 * few wait, and a flood of attempts is refused before it costs anything.
 */

/** One core's worth: the others go on with what devices send. */
const AT_ONCE = 1;
/** A shift that begins signs in within some seconds; whoever is beyond that asks again. */
const WAITING_MAX = 40;

export interface PasswordHash {
  readonly hash: (password: string) => Promise<string>;
  readonly verify: (hash: string, password: string) => Promise<boolean>;
}

export class PasswordWork {
  readonly #argon: PasswordHash;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Verified against when the account is unknown, so that both cases take as long. */
  readonly #decoy: Promise<string>;

  constructor(argon: PasswordHash, randomToken: () => string) {
    this.#argon = argon;
    this.#decoy = argon.hash(randomToken());
  }

  /** Undefined: too many wait already. */
  async verify(hash: string | null | undefined, password: string): Promise<boolean | undefined> {
    return await this.#inTurn(async () => {
      const isRight = await this.#argon.verify(hash ?? (await this.#decoy), password);
      return isRight && hash != null;
    });
  }

  async hash(password: string): Promise<string | undefined> {
    return await this.#inTurn(() => this.#argon.hash(password));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= WAITING_MAX) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      // Whoever waited longest takes this place over.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
