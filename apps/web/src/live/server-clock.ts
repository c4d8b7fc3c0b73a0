const WINDOW_MS = 5_000;
const JUMP_MS = 1_000;
/** The shown clock gives way by at most 5 %, so that a sweep never stops or runs backwards. */
const SLEW_RATIO = 0.05;

/**
 * What time it is on the server, learned from the times that frames carry. The frame that travelled
 * fastest tells the most: the largest difference seen within the last seconds is taken.
 */
export class ServerClock {
  #current = Number.NEGATIVE_INFINITY;
  #previous = Number.NEGATIVE_INFINITY;
  #windowFromMs = Number.NEGATIVE_INFINITY;
  #offsetMs: number | undefined;
  #askedMs = 0;

  observe(frame: { readonly serverTimeMs: number; readonly receivedMs: number }): void {
    if (frame.receivedMs - this.#windowFromMs >= WINDOW_MS) {
      this.#previous = this.#current;
      this.#current = Number.NEGATIVE_INFINITY;
      this.#windowFromMs = frame.receivedMs;
    }
    this.#current = Math.max(this.#current, frame.serverTimeMs - frame.receivedMs);
  }

  /** Undefined until the first frame. `localMs` never goes backwards (performance.now). */
  nowMs(localMs: number): number | undefined {
    const target = Math.max(this.#current, this.#previous);
    if (target === Number.NEGATIVE_INFINITY) return undefined;
    const elapsedMs = Math.max(0, localMs - this.#askedMs);
    this.#askedMs = localMs;
    if (this.#offsetMs === undefined || Math.abs(target - this.#offsetMs) > JUMP_MS) {
      this.#offsetMs = target;
    }
    const stepMs = elapsedMs * SLEW_RATIO;
    this.#offsetMs += Math.max(-stepMs, Math.min(stepMs, target - this.#offsetMs));
    return localMs + this.#offsetMs;
  }
}
