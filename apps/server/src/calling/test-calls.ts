/** How often somebody may have themselves called: a test costs a mail or a telephone call each time. */
const TESTS_MAX = 3;
const SPAN_MS = 10 * 60_000;

interface Tests {
  readonly begunMs: readonly number[];
  readonly isRunning: boolean;
}

const NONE: Tests = { begunMs: [], isRunning: false };

export class TestCalls {
  readonly #tests = new Map<string, Tests>();

  /** Milliseconds until the next one; 0: it may be made now, is counted, and runs until `end`. */
  begin(accountId: string, nowMs: number): number {
    this.#forget(nowMs);
    const { begunMs, isRunning } = this.#tests.get(accountId) ?? NONE;
    if (isRunning) return 1_000;
    const [oldest = nowMs] = begunMs;
    if (begunMs.length >= TESTS_MAX) return oldest + SPAN_MS - nowMs;
    this.#tests.set(accountId, { begunMs: [...begunMs, nowMs], isRunning: true });
    return 0;
  }

  end(accountId: string): void {
    const { begunMs } = this.#tests.get(accountId) ?? NONE;
    this.#tests.set(accountId, { begunMs, isRunning: false });
  }

  /** Also what a clock that was set back has put later than now. */
  #forget(nowMs: number): void {
    for (const [accountId, { begunMs, isRunning }] of this.#tests) {
      const recent = begunMs.filter((atMs) => atMs <= nowMs && nowMs < atMs + SPAN_MS);
      if (recent.length === 0 && !isRunning) this.#tests.delete(accountId);
      else this.#tests.set(accountId, { begunMs: recent, isRunning });
    }
  }
}
