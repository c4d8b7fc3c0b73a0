/**
 * Sends what waits, each by its channel, again and again until it is taken or its alarm is answered. Sent and
 * noted are two steps: after a crash in between it is sent once more, with the same id, by which whoever gets it
 * twice knows it.
 */
import type { Sql } from '../database/pool.ts';
import type { Sent } from '../subscriptions/rest-hook.ts';
import * as store from './store.ts';

export interface SendingPorts {
  readonly sql: Sql;
  readonly send: (row: store.WaitingRow) => Promise<Sent>;
  /** As memory has it: somebody may have answered a moment ago. */
  readonly isOwed: (row: store.WaitingRow) => boolean;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** A channel that hangs keeps no other waiting. */
const AT_ONCE_BY_CHANNEL = 8;
const AT_ONCE = 64;

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = { high: 30_000, medium: 120_000 } as const;

/** Twice as long each time, without end. */
export function retryMs(attempts: number, priority: 'high' | 'medium'): number {
  return Math.min(RETRY_MIN_MS * 2 ** Math.min(attempts, 20), RETRY_MAX_MS[priority]);
}

export class Sending {
  readonly #ports: SendingPorts;
  /** Those under way, by channel. */
  readonly #underWay = new Map<string, string>();
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(ports: SendingPorts) {
    this.#ports = ports;
  }

  /** Begins to send what is due. `onRoom` is called when one has ended, for there may be room for another. */
  async look(onRoom: () => void): Promise<void> {
    const { sql, nowMs } = this.#ports;
    for (;;) {
      if (this.#isClosed || this.#underWay.size >= AT_ONCE) return;
      const except = { ids: [...this.#underWay.keys()], channels: this.#fullChannels() };
      const due = await store.dueNotifications(sql, { nowMs: nowMs(), limit: AT_ONCE, except });
      const fitting = due.filter((row) => this.#begin(row, onRoom));
      // Those of a channel that is full now may hide those of another.
      if (fitting.length === due.length) return;
    }
  }

  #begin(row: store.WaitingRow, onRoom: () => void): boolean {
    if (this.#isClosed || this.#fullChannels().includes(row.channel)) return false;
    this.#underWay.set(row.id, row.channel);
    const running = this.#sendOne(row).then((mayGoOn) => {
      this.#underWay.delete(row.id);
      this.#running.delete(running);
      if (mayGoOn) onRoom();
    });
    this.#running.add(running);
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
  }

  #fullChannels(): string[] {
    const counts = new Map<string, number>();
    for (const channel of this.#underWay.values())
      counts.set(channel, (counts.get(channel) ?? 0) + 1);
    return [...counts].flatMap(([channel, count]) =>
      count >= AT_ONCE_BY_CHANNEL ? [channel] : [],
    );
  }

  /** False where only time helps: then the next second looks again. */
  async #sendOne(row: store.WaitingRow): Promise<boolean> {
    const { sql, send, isOwed, nowMs, onProblem } = this.#ports;
    try {
      if (!isOwed(row)) return false;
      const sent = await send(row);
      if (sent.ok) await store.noteSent(sql, row.id, nowMs());
      else await store.noteUntaken(sql, row, untaken(row, sent, nowMs()));
      return true;
    } catch (error) {
      // Ours, such as a database that is away: it waits, and is sent at the next look.
      if (!this.#isClosed) onProblem('call somebody for an alarm', error);
      return false;
    }
  }
}

function untaken(
  { attempts, priority }: store.WaitingRow,
  { reason, isFinal }: Extract<Sent, { ok: false }>,
  atMs: number,
): store.Untaken {
  const nextMs = atMs + retryMs(attempts, priority);
  return { atMs, nextMs, fault: reason, isFinal: isFinal === true };
}
