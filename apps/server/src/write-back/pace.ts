/** When a destination is asked again, and since when it has not answered. */
import { delayMs, type Outcome } from './outcome.ts';

export type Away = Extract<Outcome, { kind: 'away' }>;

export interface PacePorts {
  readonly nowMs: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

export class Pace {
  readonly #ports: PacePorts;
  #failures = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #failingSinceMs: number | undefined;
  #problem: string | undefined;

  constructor(ports: PacePorts) {
    this.#ports = ports;
  }

  get retryAtMs(): number {
    return this.#retryAtMs;
  }

  get failingSinceMs(): number | undefined {
    return this.#failingSinceMs;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get isDue(): boolean {
    return this.#ports.nowMs() >= this.#retryAtMs;
  }

  /** Somebody has mended something: nothing waits for its time. */
  hasten(): void {
    this.#retryAtMs = this.#ports.nowMs();
  }

  away({ reason, retryAfterMs }: Away): void {
    this.#problem = reason;
    this.#failingSinceMs ??= this.#ports.nowMs();
    this.wait(retryAfterMs);
  }

  wait(atLeastMs?: number): void {
    const after = delayMs(this.#failures, { chance: this.#chance(), atLeastMs });
    this.#retryAtMs = this.#ports.nowMs() + after;
    this.#failures += 1;
  }

  /** It has answered, whatever it said. */
  reached(): void {
    this.#failures = 0;
    this.#failingSinceMs = undefined;
    this.#problem = undefined;
  }

  /** When a day that has failed so often is tried again. */
  againMs(failures: number): number {
    return this.#ports.nowMs() + delayMs(failures, { chance: this.#chance() });
  }

  #chance(): number {
    return (this.#ports.randomBytes(1)[0] ?? 0) / 255;
  }
}
