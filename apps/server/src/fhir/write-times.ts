/**
 * The times that versions of an organisation are given. A version has its time before it is durable, and
 * one that was given a later time may be there before it. Whoever asks for what has changed since then is
 * therefore told of everything up to a moment: what is under way is waited for, and whatever is given a
 * time from then on is given a later one, whichever way the clock goes.
 */
export class WriteTimes {
  readonly #nowMs: () => number;
  #givenMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Of a version that is about to be written. */
  give(): number {
    const ms = Math.max(this.#nowMs(), this.#toldMs + 1);
    this.#givenMs = Math.max(this.#givenMs, ms);
    return ms;
  }

  /** A moment up to which somebody is told: all that was given by now, and nothing that will be. */
  tell(): number {
    this.#toldMs = Math.max(this.#nowMs(), this.#givenMs, this.#toldMs);
    return this.#toldMs;
  }
}
