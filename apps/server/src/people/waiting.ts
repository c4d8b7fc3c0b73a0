/** What waits some minutes for somebody to answer; a restart forgets it, and they begin again. */

/** More than sign in at once; the oldest go first. */
const WAITING_MAX = 10_000;

export class Waiting<T> {
  readonly #waitsMs: number;
  readonly #held = new Map<string, { readonly value: T; readonly untilMs: number }>();

  constructor(waitsMs: number) {
    this.#waitsMs = waitsMs;
  }

  put(key: string, value: T, nowMs: number): void {
    this.#held.delete(key);
    this.#held.set(key, { value, untilMs: nowMs + this.#waitsMs });
    if (this.#held.size <= WAITING_MAX) return;
    const [oldest] = this.#held.keys();
    if (oldest !== undefined) this.#held.delete(oldest);
  }

  get(key: string, nowMs: number): T | undefined {
    const held = this.#held.get(key);
    return held !== undefined && nowMs < held.untilMs ? held.value : undefined;
  }

  /** As `get`, once. */
  take(key: string, nowMs: number): T | undefined {
    const value = this.get(key, nowMs);
    this.#held.delete(key);
    return value;
  }
}
