/**
 * The lane: gathers what many devices send and commits it as one. One commit is in flight, so the
 * sequence is the order of the commits; the next starts as soon as the last returns and enough has
 * gathered. Nothing is acknowledged before its commit has returned.
 */
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { LogEntry } from '../line/entry.ts';

/** From one commit to the next: what comes in between goes together. A message that comes later waits for nobody. */
const GATHER_MS = 3;

/** Enough to make a commit worth its fsync: go at once. 64 bytes are about one message of five readings. */
const GATHER_ENTRIES_MAX = 4096;

/** Entries that may wait while the store is away: 64 MB or so. Beyond it, devices are told to come back. */
const WAITING_ENTRIES_MAX = 200_000;

/** How often an unanswered commit is tried again; the same lane and sequence make it the same row. */
const RETRY_MS = 500;

export interface CommitPorts {
  /** Writes one batch durably; resolves only when it is. Idempotent by sequence. */
  readonly write: (batch: {
    entries: LogEntry[];
    sequence: number;
    baseMs: number;
  }) => Promise<void>;
  /** Called in sequence order with what has become durable, before the devices are answered. */
  readonly onDurable: (entries: readonly LogEntry[], sequence: number, baseMs: number) => void;
  readonly onFailure: (error: unknown) => void;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
}

type Answer = (fault: Fault | undefined) => void;

interface Batch {
  readonly entries: LogEntry[];
  readonly answers: Answer[];
  readonly startedMs: number;
}

export class GroupCommit {
  readonly #ports: CommitPorts;
  #sequence: number;
  #gathering: Batch | undefined;
  /** Before what gathers: nothing joins them any more. */
  #closedBatches: Batch[] = [];
  #inFlight: Batch | undefined;
  /** When the last commit began. */
  #inFlightSinceMs = 0;
  #timerSet = false;
  #closed = false;
  #idle: (() => void)[] = [];

  /** `sequence` is the last one that is durable. */
  constructor(ports: CommitPorts, sequence: number) {
    this.#ports = ports;
    this.#sequence = sequence;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Since when the commit in flight has not returned; undefined when none is. */
  get waitingSinceMs(): number | undefined {
    return this.#inFlight === undefined ? undefined : this.#inFlightSinceMs;
  }

  /** When the oldest of what is not yet durable was accepted; undefined when all of it is. */
  get oldestMs(): number | undefined {
    return (this.#inFlight ?? this.#closedBatches[0] ?? this.#gathering)?.startedMs;
  }

  /** What has been accepted and is not yet durable, oldest first. */
  pending(): readonly LogEntry[] {
    const batches = [this.#inFlight, ...this.#closedBatches, this.#gathering];
    return batches.flatMap((batch) => batch?.entries ?? []);
  }

  /** False where it is refused, which is answered at once. */
  append(entries: readonly LogEntry[], onDurable: Answer): boolean {
    if (this.#closed || this.#waiting() >= WAITING_ENTRIES_MAX) {
      onDurable(fail('STORE_UNAVAILABLE').fault);
      return false;
    }
    if (entries.length === 0) {
      onDurable(undefined);
      return true;
    }
    const batch = this.#gathering ?? this.#start();
    for (const entry of entries) batch.entries.push(entry);
    batch.answers.push(onDurable);
    if (batch.entries.length >= GATHER_ENTRIES_MAX) this.#commit();
    return true;
  }

  /**
   * In a commit of its own: all that was accepted before has a lower sequence, all that comes has a
   * higher one. Never refused for want of room.
   */
  appendAlone(entry: LogEntry, onDurable: Answer): void {
    if (this.#closed) {
      onDurable(fail('STORE_UNAVAILABLE').fault);
      return;
    }
    if (this.#gathering !== undefined) this.#closedBatches.push(this.#gathering);
    this.#gathering = undefined;
    const startedMs = this.#ports.nowMs();
    this.#closedBatches.push({ entries: [entry], answers: [onDurable], startedMs });
    this.#commitSoon();
  }

  get #isAnyWaiting(): boolean {
    return this.#gathering !== undefined || this.#closedBatches.length > 0;
  }

  #waiting(): number {
    let waiting = this.#gathering?.entries.length ?? 0;
    for (const { entries } of this.#closedBatches) waiting += entries.length;
    return waiting;
  }

  #start(): Batch {
    const batch: Batch = { entries: [], answers: [], startedMs: this.#ports.nowMs() };
    this.#gathering = batch;
    this.#commitSoon();
    return batch;
  }

  #commitSoon(): void {
    if (this.#timerSet) return;
    this.#timerSet = true;
    // A clock that was set meanwhile makes nobody wait longer.
    const sinceMs = Math.max(0, this.#ports.nowMs() - this.#inFlightSinceMs);
    this.#ports.after(Math.max(0, GATHER_MS - sinceMs), () => {
      this.#timerSet = false;
      this.#commit();
    });
  }

  #commit(): void {
    if (this.#inFlight !== undefined) return;
    const batch = this.#closedBatches.shift() ?? this.#gathering;
    if (batch === undefined) return;
    if (batch === this.#gathering) this.#gathering = undefined;
    this.#inFlight = batch;
    this.#inFlightSinceMs = this.#ports.nowMs();
    void this.#write(batch, this.#sequence + 1);
  }

  async #write(batch: Batch, sequence: number): Promise<void> {
    try {
      await this.#ports.write({ entries: batch.entries, sequence, baseMs: batch.startedMs });
    } catch (error) {
      this.#ports.onFailure(error);
      this.#ports.after(RETRY_MS, () => void this.#write(batch, sequence));
      return;
    }
    this.#sequence = sequence;
    this.#inFlight = undefined;
    // What gathered while the commit was away goes now, unless it has only just begun to gather: it is
    // on its way while this one is consumed and answered.
    if (!this.#timerSet || this.#closedBatches.length > 0) this.#commit();
    this.#ports.onDurable(batch.entries, sequence, batch.startedMs);
    for (const answer of batch.answers) answer(undefined);
    if (this.#inFlight !== undefined || this.#isAnyWaiting) return;
    for (const wake of this.#idle.splice(0)) wake();
  }

  /** Refuses what comes from now on, and waits until all before it is durable. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#inFlight === undefined && !this.#isAnyWaiting) return;
    const drained = new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#commit();
    await drained;
  }
}
