/**
 * A sender beyond its allowance is slowed before it is refused: its message waits, unanswered and with
 * its connection unread, until there is room for it. A monitor that is told "again" at once may not
 * come again; one whose answer is late waits.
 */

/** Whoever waits for an answer waits longer than this: ten seconds at the least, mostly thirty. */
const PATIENCE_MS = 8_000;

/** A hundred messages a second have room again: soon enough for each. */
const AGAIN_MS = 100;

/** Of all connections: some hundred of the largest messages. Beyond it the sender keeps its own. */
const WAITING_BYTES_MAX = 32 * 1024 * 1024;

export interface Attempt {
  readonly answer: string | undefined;
  /** Nothing was written because the sender is beyond its allowance. */
  readonly isTooSoon: boolean;
}

export interface PatiencePorts {
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
}

export class Patience {
  readonly #ports: PatiencePorts;
  #waitingBytes = 0;

  constructor(ports: PatiencePorts) {
    this.#ports = ports;
  }

  /** Until when a message that came now may wait. */
  get deadlineMs(): number {
    return this.#ports.nowMs() + PATIENCE_MS;
  }

  /** Tries it at once, and again until it is taken, its time is over, or there is no room to wait. */
  async wait(
    { bytes, deadlineMs }: { readonly bytes: number; readonly deadlineMs: number },
    attempt: () => Promise<Attempt>,
    isOver: () => boolean,
  ): Promise<string | undefined> {
    const hasRoom = this.#waitingBytes + bytes <= WAITING_BYTES_MAX;
    if (!hasRoom) return (await attempt()).answer;
    this.#waitingBytes += bytes;
    try {
      for (;;) {
        const { answer, isTooSoon } = await attempt();
        if (!isTooSoon || this.#ports.nowMs() >= deadlineMs || isOver()) return answer;
        await new Promise<void>((resolve) => this.#ports.after(AGAIN_MS, resolve));
      }
    } finally {
      this.#waitingBytes -= bytes;
    }
  }
}
