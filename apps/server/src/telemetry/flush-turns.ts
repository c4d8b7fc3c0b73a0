/**
 * Which partitions are flushed when. Everything is flushed once in a round; with many series a round has
 * many turns, each of some partitions, so that no device waits while tens of thousands of series begin
 * new columns, are encoded and written in one breath. A ward's round is one turn.
 */
import { PARTITIONS } from '../line/entry.ts';

/** Partitions [from, until). */
export interface PartitionSpan {
  readonly from: number;
  readonly until: number;
}

export const ALL_PARTITIONS: PartitionSpan = { from: 0, until: PARTITIONS };

export const isIn = (
  { from, until }: PartitionSpan,
  { partition }: { partition: number },
): boolean => partition >= from && partition < until;

/** So much is taken, sealed and written without anybody noticing. */
export const SERIES_A_TURN = 1_000;
/** A turn is a transaction: no more of them than one in some seconds. */
const TURNS_MAX = 30;

export class FlushTurns {
  readonly #roundMs: number;
  readonly #seriesATurn: number;
  #beganMs: number;
  #turns = 1;
  #done = 0;

  constructor(round: { roundMs: number; seriesATurn: number }, nowMs: number) {
    this.#roundMs = round.roundMs;
    this.#seriesATurn = round.seriesATurn;
    this.#beganMs = nowMs;
  }

  /** The partitions whose turn it is; undefined while it is nobody's. The last of a round sets the next one up. */
  due(nowMs: number, series: number): PartitionSpan | undefined {
    if (this.#done === 0)
      this.#turns = Math.min(TURNS_MAX, Math.max(1, Math.ceil(series / this.#seriesATurn)));
    const dueMs = this.#beganMs + (this.#roundMs * (this.#done + 1)) / this.#turns;
    // A clock that was set back would keep everything in memory until it has caught up.
    if (nowMs < dueMs && nowMs >= this.#beganMs) return undefined;
    const from = this.#border(this.#done);
    this.#done += 1;
    const span = { from, until: this.#border(this.#done) };
    if (this.#done === this.#turns) this.restart(nowMs);
    return span;
  }

  /** Everything has been flushed just now. */
  restart(nowMs: number): void {
    this.#beganMs = nowMs;
    this.#done = 0;
  }

  #border(turns: number): number {
    return Math.floor((PARTITIONS * turns) / this.#turns);
  }
}
