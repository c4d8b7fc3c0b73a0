/**
 * Retention: what is older than its class of metric is kept goes, first the values, then the roll-ups.
 * By default nothing does. A subject under a legal hold keeps everything (safety S29).
 */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import type { Series } from '../line/entry.ts';
import { classOf, type RetentionRule } from './retention-policy.ts';
import * as store from './retention-store.ts';
import { DAY_MS } from './rollup.ts';

/** Rows of one statement: devices wait for none longer than some ten milliseconds. */
const ROWS_AT_ONCE = 200;

export interface RetentionPorts {
  readonly sql: Sql;
  readonly rules: readonly RetentionRule[];
  readonly registry: Registry;
  /** Who may not lose anything. */
  readonly holds: { readonly of: (subjectId: SubjectId) => readonly unknown[] };
  readonly nowMs: () => number;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** Round after round, until the function that it returns is called. */
export function startRetention(
  ports: RetentionPorts & {
    readonly every: (periodMs: number, run: () => void) => () => void;
    readonly everyMs: number;
  },
): () => Promise<void> {
  const retention = new Retention(ports);
  const end = ports.every(ports.everyMs, () => void retention.round());
  return async () => {
    end();
    await retention.stop();
  };
}

export class Retention {
  readonly #ports: RetentionPorts;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  /** Once through all series; one round at a time. */
  round(): Promise<void> {
    this.#running ??= this.#round()
      .catch((error: unknown) => this.#ports.onProblem('let go of what is older than kept', error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #round(): Promise<void> {
    const { rules, registry, holds } = this.#ports;
    if (rules.length === 0) return;
    for (const subjectId of [...registry.subjects.keys()]) {
      for (const series of registry.seriesOfSubject(subjectId)) {
        const own = rules.filter((rule) => rule.class === classOf(series.metric));
        for (const rule of own) {
          // Asked anew each time: a hold may come while a round is under way.
          while (
            !this.#stopped &&
            holds.of(subjectId).length === 0 &&
            (await this.#drop(series, rule))
          )
            await this.#ports.pause();
        }
      }
    }
  }

  /** True while there is more. */
  async #drop(series: Series, { what, days }: RetentionRule): Promise<boolean> {
    const { sql, registry, nowMs } = this.#ports;
    const { partition, subjectId, id: seriesId } = series;
    // By the time at which it was measured, whatever the device's clock said.
    const { high } = registry.offsetsOf(series).span;
    const beforeMs = Math.floor(nowMs() - days * DAY_MS - high);
    const expired = { partition, subjectId, seriesId, beforeMs, limit: ROWS_AT_ONCE };
    const drop = what === 'raw' ? store.dropBlocks : store.dropChunks;
    return (await drop(sql, expired)) === ROWS_AT_ONCE;
  }
}
