/**
 * Virtual time, and everything that waits for the world: statements on their way, answers on their
 * way back, timers. One of them happens in a step, and chance says which: so every await of every
 * edge resolves in every order, given seeds enough.
 */
import type { Chance } from './chance.ts';

/** One run of a server, from its start to its death. What waits in a dead one never happens. */
export class Life {
  isAlive = true;
}

/** Thrown through a synchronous edge when the process dies in it; nobody hears what follows. */
export class Died extends Error {}

interface Waiting {
  readonly life: Life | undefined;
  readonly name: string;
  readonly fromMs: number;
  readonly happen: () => void;
}

export class Scheduler {
  readonly #chance: Chance;
  /** Since the beginning of the run; it never goes back. */
  elapsedMs = 0;
  #waiting: Waiting[] = [];
  /** The last things that happened, for whoever asks why a seed fails. */
  readonly trace: string[] = [];

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** Resolves when the scheduler lets it, no earlier than `delayMs` from now; never in a dead life. */
  pass(name: string, life: Life | undefined, delayMs = 0): Promise<void> {
    return new Promise((resolve) => this.after(name, { life, delayMs }, resolve));
  }

  after(
    name: string,
    when: { readonly life: Life | undefined; readonly delayMs: number },
    happen: () => void,
  ): void {
    const { life, delayMs } = when;
    if (life?.isAlive === false) return;
    this.#waiting.push({ life, name, fromMs: this.elapsedMs + delayMs, happen });
  }

  bury(life: Life): void {
    life.isAlive = false;
    this.#waiting = this.#waiting.filter((one) => one.life !== life);
  }

  /** Lets one thing happen that is due; false when nothing is. */
  happenOne(): boolean {
    const due: number[] = [];
    for (const [index, { fromMs }] of this.#waiting.entries()) {
      if (fromMs <= this.elapsedMs) due.push(index);
    }
    if (due.length === 0) return false;
    const index = this.#chance.of(due);
    const chosen = this.#waiting[index] as Waiting;
    const last = this.#waiting.pop() as Waiting;
    if (chosen !== last) this.#waiting[index] = last;
    this.note(chosen.name);
    chosen.happen();
    return true;
  }

  /** Moves on to the moment when the next thing is due; nothing moves when nothing waits. */
  passToNext(): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { fromMs } of this.#waiting) nextMs = Math.min(nextMs, fromMs);
    if (Number.isFinite(nextMs)) this.elapsedMs = Math.max(this.elapsedMs, nextMs);
  }

  note(what: string): void {
    this.trace.push(`${String(Math.round(this.elapsedMs)).padStart(9)} ms  ${what}`);
    if (this.trace.length > 40_000) this.trace.splice(0, 20_000);
  }
}
