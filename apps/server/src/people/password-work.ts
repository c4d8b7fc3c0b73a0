/**
 * Argon2 is slow on purpose, and takes threads and a core that devices' readings need too. One password is
 * verified at a time, few wait, and a flood of attempts is refused before it costs anything. Whoever signs
 * in where they have signed in before waits in a line of their own, which a flood cannot fill.
 */

/** A shift that begins signs in within some seconds; whoever is beyond that asks again. */
const WAITING_MAX = 40;

export type From = 'known-station' | 'elsewhere';

export interface PasswordWorkPorts {
  readonly hash: (password: string) => Promise<string>;
  readonly verify: (hash: string, password: string) => Promise<boolean>;
  readonly randomToken: () => string;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => () => void;
}

export class PasswordWork {
  readonly #ports: PasswordWorkPorts;
  readonly #lines: Record<From, (() => void)[]> = { 'known-station': [], elsewhere: [] };
  #isBusy = false;
  /** Verified against when the account is unknown, so that both cases take as long. */
  #decoy: Promise<string> | undefined;

  constructor(ports: PasswordWorkPorts) {
    this.#ports = ports;
  }

  /** Asked before anything is looked up. */
  hasRoom(from: From): boolean {
    return this.#lines[from].length < WAITING_MAX;
  }

  async verify(hash: string | null | undefined, password: string, from: From): Promise<boolean> {
    const { randomToken } = this.#ports;
    return await this.#inTurn(from, async () => {
      this.#decoy ??= this.#ports.hash(randomToken());
      const isRight = await this.#ports.verify(hash ?? (await this.#decoy), password);
      return isRight && hash != null;
    });
  }

  async hash(password: string): Promise<string> {
    return await this.#inTurn('known-station', () => this.#ports.hash(password));
  }

  async #inTurn<T>(from: From, work: () => Promise<T>): Promise<T> {
    if (this.#isBusy) await new Promise<void>((resolve) => this.#lines[from].push(resolve));
    this.#isBusy = true;
    const startMs = this.#ports.nowMs();
    try {
      return await work();
    } finally {
      this.#next(this.#ports.nowMs() - startMs);
    }
  }

  /** Between strangers' passwords the core is left alone for as long as the last one took. */
  #next(tookMs: number): void {
    const known = this.#lines['known-station'].shift();
    if (known !== undefined) known();
    else if (this.#lines.elsewhere.length === 0) this.#isBusy = false;
    else this.#ports.after(Math.min(Math.max(tookMs, 0), 1_000), () => this.#letIn());
  }

  /** Who is known may have come meanwhile. */
  #letIn(): void {
    const next = this.#lines['known-station'].shift() ?? this.#lines.elsewhere.shift();
    if (next === undefined) this.#isBusy = false;
    else next();
  }
}
