/**
 * What the server knows of the watchdog that looks at it from another host: when it last found the whole way of
 * an alarm in order. It is told to every screen, and so is its absence (safety S14). Nothing here calls anybody:
 * whoever is dead cannot say so.
 */
import type { WatchdogCheck, WatchdogStage } from '@ausculta/contract/watchdog';
import type { Sql } from '../database/pool.ts';
import type { Part } from '../status/routes.ts';
import { hasHouse } from './store.ts';

/** A watchdog looks every ten seconds; one that has missed five is not there. */
export const WATCHDOG_SILENT_MS = 60_000;

export interface WatchdogState {
  /** False: none was ever enrolled. */
  readonly isEnrolled: boolean;
  /** By the server's clock; null: not since it started. */
  readonly checkedMs: number | null;
  /** The last looks have found that alarms do not arrive. */
  readonly isStuck: boolean;
}

export class Watchdog {
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  #isEnrolled: boolean;
  #checkedMs: number | null = null;
  #tookMs = 0;
  #stuckAt: WatchdogStage | undefined;

  static async open(sql: Sql, { nowMs }: { readonly nowMs: () => number }): Promise<Watchdog> {
    return new Watchdog(nowMs, await hasHouse(sql));
  }

  private constructor(nowMs: () => number, isEnrolled: boolean) {
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
    this.#isEnrolled = isEnrolled;
  }

  /** It has sent what calls, and has heard the alarm on a live socket, or has not. */
  note(check: WatchdogCheck): void {
    this.#isEnrolled = true;
    this.#checkedMs = this.#nowMs();
    this.#stuckAt = 'stuckAt' in check ? check.stuckAt : undefined;
    if ('tookMs' in check) this.#tookMs = check.tookMs;
  }

  state(): WatchdogState {
    const isStuck = this.#stuckAt !== undefined;
    return { isEnrolled: this.#isEnrolled, checkedMs: this.#checkedMs, isStuck };
  }

  part(): Part[] {
    if (!this.#isEnrolled) return [];
    const part = { name: 'watchdog', ready: true };
    const agoMs = this.#nowMs() - (this.#checkedMs ?? this.#startedMs);
    if (agoMs >= WATCHDOG_SILENT_MS) {
      const since = `for ${Math.floor(agoMs / 1_000)} s`;
      const detail = `has not been heard ${since}: if this server stops, nobody is called`;
      return [{ ...part, attention: true, detail }];
    }
    if (this.#checkedMs === null) return [{ ...part, detail: 'is awaited' }];
    if (this.#stuckAt !== undefined) {
      const detail = `test alarms do not arrive: stuck at ${this.#stuckAt}`;
      return [{ ...part, attention: true, detail }];
    }
    const last = `${Math.floor(agoMs / 1_000)} s ago`;
    return [{ ...part, detail: `alarms arrived within ${this.#tookMs} ms, ${last}` }];
  }
}
