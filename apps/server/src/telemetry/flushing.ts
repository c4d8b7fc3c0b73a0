/**
 * The flushes of a server's life, one after the other: all of it or the partitions whose turn it is. A
 * flush that fails is kept as it was taken and written before anything newer.
 */
import type { SubjectId } from '@ausculta/vitals/identity';
import { type EventEntry, PARTITIONS } from '../line/entry.ts';
import { eventContext } from './events.ts';
import {
  commitFlush,
  type FlushPorts,
  type FlushWork,
  type Instant,
  instantWithout,
  prepareFlush,
  takeInstant,
  workWithout,
} from './flush.ts';
import {
  ALL_PARTITIONS,
  FlushTurns,
  isIn,
  type PartitionSpan,
  SERIES_A_TURN,
} from './flush-turns.ts';
import type { Heads } from './heads.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { type PostgresLog, TakenOver } from './postgres-log.ts';
import type { ChunkRow, EventRow } from './store.ts';

/** A restart replays at most about this much; a flush costs one small row a series. */
const FLUSH_EVERY_MS = 60_000;
const FLUSH_UNFLUSHED_MAX = 3_000_000;

/** Log tables stay this long behind the last flush: what a restored database needs to catch up. */
export const LOG_KEPT_MS = 7 * 24 * 3_600_000;

/** What flushing needs of the outside. */
export interface FlushingPorts
  extends Pick<FlushPorts, 'sql' | 'sealOf' | 'encode' | 'nowMs' | 'pause' | 'settleAlarms'> {
  readonly snapshotDetectors: FlushPorts['snapshot'];
  /** SERIES_A_TURN unless a test has fewer. */
  readonly seriesATurn?: number;
  /** False while the disk reserve is reached: what has been accepted waits in memory. */
  readonly mayWrite: () => boolean;
  /** `what` names the step; never a value or a name of a person. */
  readonly onProblem: (what: string, error: unknown) => void;
  /** The end of this server: nothing it takes in can become durable any more. */
  readonly onTakenOver: (why: string) => void;
}

interface Ports extends FlushingPorts {
  readonly heads: Heads;
  readonly memory: MemoryBudget;
  readonly log: PostgresLog;
  /** The last sequence that is in the heads. */
  readonly consumed: () => number;
  readonly onFlushed: (chunks: readonly ChunkRow[]) => void;
}

interface FreshEvent {
  readonly partition: number;
  readonly row: EventRow;
}

export class Flushing {
  readonly #ports: Ports;
  readonly #turns: FlushTurns;
  /** By partition. Before the first flush of a start nobody knows where the last one ended. */
  readonly #flushedOf = new Float64Array(PARTITIONS).fill(Number.NEGATIVE_INFINITY);
  #events: FreshEvent[] = [];
  #instant: Instant | undefined;
  #work: FlushWork | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #isWholeWanted = false;

  constructor(ports: Ports) {
    this.#ports = ports;
    const { seriesATurn = SERIES_A_TURN } = ports;
    this.#turns = new FlushTurns({ roundMs: FLUSH_EVERY_MS, seriesATurn }, ports.nowMs());
  }

  /** Up to where all partitions are flushed. */
  get flushedTo(): number {
    return Math.min(...this.#flushedOf);
  }

  /** Consumed, and in no table for certain. */
  events(): readonly EventRow[] {
    return [...(this.#instant?.events ?? []), ...this.#events.map(({ row }) => row)];
  }

  noteEvent(entry: EventEntry): void {
    const { partition, event, organisationId, subjectId, deviceId, id } = entry;
    const { receivedMs, offsetMs } = entry;
    const seal = this.#ports.sealOf(subjectId);
    if (seal === undefined) return;
    const clear = new TextEncoder().encode(JSON.stringify(event));
    const row = {
      organisation_id: organisationId,
      subject_id: subjectId,
      id,
      device_id: deviceId,
      kind: event.kind,
      stamp_ms: event.stampMs ?? null,
      placed_ms: (event.stampMs ?? receivedMs) + offsetMs,
      received_ms: receivedMs,
      sealed: seal.seal(clear, eventContext(subjectId, id)),
    };
    this.#events.push({ partition, row });
  }

  /** What moved from one subject to another is in the same instant of both. */
  wantWhole(): void {
    this.#isWholeWanted = true;
  }

  /** A flush, if one is due or owed. */
  look(): Promise<void> | undefined {
    const span = this.#dueSpan();
    return span === undefined && this.#instant === undefined ? undefined : this.#flushSpan(span);
  }

  #dueSpan(): PartitionSpan | undefined {
    const { heads, memory, nowMs } = this.#ports;
    if (heads.unflushed.total >= FLUSH_UNFLUSHED_MAX || memory.isFlushDue) return ALL_PARTITIONS;
    return this.#turns.due(nowMs(), heads.readings.size + heads.waveforms.size);
  }

  /** All that has been consumed; behind a flush that is under way. */
  flush(): Promise<void> {
    if (this.#running === undefined) return this.#flushSpan(ALL_PARTITIONS);
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.flush();
    });
    return this.#next;
  }

  #flushSpan(span: PartitionSpan | undefined): Promise<void> {
    this.#running ??= this.#flushOnce(span).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** What failed before goes first, and is all there is to do without a span. */
  async #flushOnce(span: PartitionSpan | undefined): Promise<void> {
    const { nowMs, mayWrite, log } = this.#ports;
    if (span === ALL_PARTITIONS) this.#turns.restart(nowMs());
    if (!mayWrite()) return;
    try {
      if (this.#instant !== undefined) await this.#write(this.#instant);
      if (span !== undefined && this.#isBehind(span)) await this.#write(this.#take(span));
      await log.retire(nowMs() - LOG_KEPT_MS, this.flushedTo);
    } catch (error) {
      if (error instanceof TakenOver) this.#ports.onTakenOver(error.message);
      else this.#ports.onProblem('flush', error);
    }
  }

  /** A quiet night writes nothing: the checkpoints already stand where the log ends. */
  #isBehind({ from, until }: PartitionSpan): boolean {
    const consumed = this.#ports.consumed();
    return this.#flushedOf.subarray(from, until).some((sequence) => sequence !== consumed);
  }

  #take(wanted: PartitionSpan): Instant {
    const span = this.#isWholeWanted ? ALL_PARTITIONS : wanted;
    this.#isWholeWanted = false;
    this.#instant = takeInstant(this.#flushPorts, span, this.#ports.consumed());
    this.#ports.memory.flushBegins(span);
    return this.#instant;
  }

  async #write(instant: Instant): Promise<void> {
    const { sequence, span } = instant;
    this.#work ??= await prepareFlush(this.#flushPorts, instant);
    const isOurs = await commitFlush(this.#flushPorts, this.#work);
    if (isOurs) this.#ports.onFlushed(this.#work.chunks);
    this.#work = undefined;
    this.#instant = undefined;
    this.#ports.memory.flushEnds();
    if (!isOurs) throw new TakenOver();
    this.#flushedOf.fill(sequence, span.from, span.until);
  }

  get #flushPorts(): FlushPorts {
    const { log, snapshotDetectors, ...ports } = this.#ports;
    return {
      ...ports,
      lane: log.lane,
      fence: log.fence,
      snapshot: snapshotDetectors,
      events: (span) => this.#takeEvents(span),
    };
  }

  #takeEvents(span: PartitionSpan): EventRow[] {
    const taken = this.#events.filter((event) => isIn(span, event));
    this.#events = this.#events.filter((event) => !isIn(span, event));
    return taken.map(({ row }) => row);
  }

  /** Erased: resolves when no flush that had it in hand is under way, and none will write it. */
  async forget(subjectId: SubjectId): Promise<void> {
    this.#events = this.#events.filter(({ row }) => row.subject_id !== subjectId);
    while (this.#running !== undefined) await this.#running;
    // A flush that failed is written again: without the rows that no key opens.
    if (this.#work !== undefined) this.#work = workWithout(this.#work, subjectId);
    if (this.#instant !== undefined) this.#instant = instantWithout(this.#instant, subjectId);
  }
}
