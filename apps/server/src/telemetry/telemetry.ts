/**
 * The telemetry engine: the log, the heads and the chunks as one thing with a lifetime. It opens by
 * replaying what the chunks do not hold yet, then takes appends, and flushes as it goes.
 */
import { expect } from '@ausculta/vitals/expect';
import type { Fault } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Registry } from '../devices/registry.ts';
import { type Arrival, type ConsumePorts, consume } from '../line/consume.ts';
import type { LogEntry, MovedEntry } from '../line/entry.ts';
import type { LogKeys } from '../vault/vault.ts';
import type { ChunkEncoder } from './chunk-encoder.ts';
import { Compaction } from './compaction.ts';
import { listEvents } from './events.ts';
import { Flushing, type FlushingPorts, LOG_KEPT_MS } from './flushing.ts';
import { GroupCommit } from './group-commit.ts';
import { Heads } from './heads.ts';
import { concealMoving, latest, recallLast } from './last-readings.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { SeriesRange } from './merge.ts';
import { type Ownership, PostgresLog, type ReplayedCommit, TakenOver } from './postgres-log.ts';
import type { QueryPorts } from './query-ports.ts';
import { range, windows } from './reading-windows.ts';
import { spanSeen } from './series-seen.ts';
import type { MovePorts } from './subject-moves.ts';
import { trend } from './trend.ts';
import { waveforms, waveformsBySeries } from './waveform-runs.ts';

const FLUSH_LOOK_MS = 1_000;

/** Chunks are merged for so much of each look, while devices and questions have their turns. */
const COMPACT_FOR_MS = 500;

/** Whoever waits for a flush that failed tries it again after so long. */
const RETRY_MS = 500;

export interface TelemetryPorts extends FlushingPorts {
  readonly read: QueryPorts['read'];
  readonly logKeys: LogKeys;
  /** The lane is this server's. */
  readonly owner: Ownership;
  readonly registry: Registry;
  /** Each commit begins with its time: delays that ran out in silence by then have run out. */
  readonly watchTime: (atMs: number) => void;
  readonly evaluate: (arrival: Arrival) => void;
  readonly watchRun: ConsumePorts['watchRun'];
  readonly watchEvent: ConsumePorts['watchEvent'];
  readonly watchMove: ConsumePorts['watchMove'];
  readonly watchCare: ConsumePorts['watchCare'];
  readonly merge: ChunkEncoder['merge'];
  /** What may be in memory because the store does not have it yet. */
  readonly memoryBytes: number;
  readonly after: (delayMs: number, run: () => void) => void;
}

export class Telemetry {
  readonly heads = new Heads();
  readonly memory: MemoryBudget;
  readonly #ports: TelemetryPorts;
  readonly #log: PostgresLog;
  readonly #commit: GroupCommit;
  readonly #consumePorts: ConsumePorts;
  readonly #compaction: Compaction;
  #consumed: number;
  /** Since start. What is still on its way of them ends here. */
  readonly #erased = new Set<SubjectId>();
  readonly #flushing: Flushing;
  #closed = false;
  /** Since start: messages and readings that became durable. */
  messages = 0;
  readings = 0;

  static async open(ports: TelemetryPorts): Promise<Telemetry> {
    const log = await PostgresLog.open(ports.sql, ports.logKeys, ports.owner);
    const telemetry = new Telemetry(ports, log);
    await recallLast(telemetry.queryPorts);
    await telemetry.#replay();
    telemetry.#look();
    return telemetry;
  }

  private constructor(ports: TelemetryPorts, log: PostgresLog) {
    this.#ports = ports;
    this.#log = log;
    this.memory = new MemoryBudget(ports.memoryBytes);
    this.#consumed = log.startSequence;
    this.#consumePorts = {
      insertReading: this.heads.insertReading,
      insertRun: this.heads.insertRun,
      insertEvent: (entry) => this.#flushing.noteEvent(entry),
      evaluate: ports.evaluate,
      watchRun: ports.watchRun,
      watchEvent: ports.watchEvent,
      watchMove: ports.watchMove,
      watchCare: ports.watchCare,
      onBroken: (entry, error) => ports.onProblem(`consume ${entry.kind}`, error),
    };
    const { sql, sealOf, merge, nowMs, pause, onProblem } = ports;
    this.#compaction = new Compaction({
      ...{ sql, sealOf, merge, nowMs, pause, onProblem },
      seriesById: ports.registry.seriesById,
      lane: log.lane,
      fence: log.fence,
    });
    this.#flushing = new Flushing({
      ...ports,
      heads: this.heads,
      memory: this.memory,
      log,
      consumed: () => this.#consumed,
      onFlushed: (chunks) => this.#compaction.note(chunks),
    });
    this.#commit = new GroupCommit(
      {
        write: (batch) => (ports.mayWrite() ? log.write(batch) : Promise.reject(new StoreFull())),
        onDurable: (entries, sequence, baseMs) => {
          this.memory.durable(entries);
          this.#consume({ entries, sequence, baseMs });
        },
        onFailure: (error) => this.#onFailure('commit', error),
        nowMs: ports.nowMs,
        after: ports.after,
      },
      log.startSequence,
    );
  }

  /** For questions that have a file of their own. */
  get queryPorts(): QueryPorts {
    const { sql, read, sealOf, registry, pause, onProblem } = this.#ports;
    const offsetsOf: QueryPorts['offsetsOf'] = (series) => registry.offsetsOf(series);
    return { sql, read, sealOf, registry, offsetsOf, pause, onProblem, heads: this.heads };
  }

  /** Since when a commit has been waiting for the database; undefined while all is well. */
  get stalledSinceMs(): number | undefined {
    return this.#commit.waitingSinceMs;
  }

  /** Everything accepted before has been consumed; undefined when all has. */
  get unconsumedSinceMs(): number | undefined {
    return this.#commit.oldestMs;
  }

  /** Accepted, not yet durable. */
  pending(): readonly LogEntry[] {
    return this.#ofLiving(this.#commit.pending());
  }

  /** What changes hands, in a commit of its own. */
  appendMove(entry: MovedEntry, onDurable: (fault: Fault | undefined) => void): void {
    this.memory.accepted([entry]);
    this.#commit.appendAlone(entry, onDurable);
  }

  append = (entries: readonly LogEntry[], onDurable: (fault: Fault | undefined) => void): void => {
    if (this.#commit.append(entries, onDurable)) this.memory.accepted(entries);
  };

  latest(subjectId: SubjectId): ReturnType<typeof latest> {
    return latest(this.queryPorts, subjectId);
  }

  range(question: Parameters<typeof range>[1]): Promise<SeriesRange[]> {
    return range(this.queryPorts, spanSeen(question));
  }

  events(question: Parameters<typeof listEvents>[1]): ReturnType<typeof listEvents> {
    return listEvents(
      { ...this.queryPorts, unflushed: this.#flushing.events() },
      spanSeen(question),
    );
  }

  windows(question: Parameters<typeof windows>[1]): ReturnType<typeof windows> {
    return windows(this.queryPorts, spanSeen(question));
  }

  trend(question: Parameters<typeof trend>[1]): ReturnType<typeof trend> {
    return trend(this.queryPorts, spanSeen(question));
  }

  waveforms(question: Parameters<typeof waveforms>[1]): Promise<WaveformRun[]> {
    return waveforms(this.queryPorts, spanSeen(question));
  }

  waveformsBySeries(question: Parameters<typeof waveformsBySeries>[1]) {
    return waveformsBySeries(this.queryPorts, spanSeen(question));
  }

  /**
   * Its time comes first: whoever looked at the clock before it was consumed had seen the same of the log,
   * so that a replay, in which nobody looks, finds the same delays at the same place (safety S5).
   */
  #consume({ entries, sequence, baseMs }: ReplayedCommit): void {
    this.#ports.watchTime(baseMs);
    consume(this.#ofLiving(entries), this.#consumePorts);
    this.#concealMoving(entries);
    this.#consumed = sequence;
    for (const entry of entries) if (entry.kind === 'moved') this.#noteMove(entry, sequence);
    this.memory.consumed(entries);
    this.messages += entries.length;
    for (const entry of entries)
      if (entry.kind === 'readings') this.readings += entry.series.length;
  }

  /** Accepted before somebody said that it is another's. */
  #concealMoving(entries: readonly LogEntry[]): void {
    if (!this.#ports.registry.moves.isAny) return;
    for (const entry of entries) {
      if (!('series' in entry)) continue;
      for (const series of entry.series) concealMoving(this.queryPorts, series);
    }
  }

  /**
   * A move is alone in its commit: what was consumed before it is older than all that comes, wherever
   * its readings are moved to and whichever of both is flushed first.
   */
  #noteMove({ subjectId, deviceId }: MovedEntry, sequence: number): void {
    for (const { series } of this.heads.ofSubject(subjectId).readings)
      if (series.deviceId === deviceId) this.heads.readings.get(series.id)?.rank(sequence);
    this.#flushing.wantWhole();
  }

  #ofLiving(entries: readonly LogEntry[]): readonly LogEntry[] {
    if (this.#erased.size === 0) return entries;
    return entries.filter((entry) => !this.#erased.has(subjectOf(entry)));
  }

  /**
   * Erased: gone from memory at once; resolves when no flush that had it in hand is under way, so that
   * nothing of it is written after this.
   */
  async forget(subjectId: SubjectId): Promise<void> {
    this.#erased.add(subjectId);
    this.heads.forget(subjectId);
    await this.#compaction.settled();
    await this.#flushing.forget(subjectId);
  }

  async #replay(): Promise<void> {
    const { registry, nowMs, onProblem } = this.#ports;
    const replay = this.#log.replay({
      seriesById: registry.seriesById,
      keptFromMs: nowMs() - LOG_KEPT_MS,
      onExpired: (table) => onProblem(`replay ${table}`, new Error('its key has expired')),
      onBroken: (row, why) => onProblem(`replay ${row}`, new Error(why)),
    });
    for await (const commit of replay) {
      this.#consume(commit);
      for (const entry of commit.entries) {
        if (!('series' in entry)) continue;
        for (const [i, series] of entry.series.entries()) {
          const stampMs = entry.kind === 'readings' ? entry.stampsMs[i] : entry.runs[i]?.startMs;
          if (stampMs !== undefined) this.#ports.registry.noteNewestStamp(series, stampMs);
        }
      }
    }
  }

  #look(): void {
    this.#ports.after(FLUSH_LOOK_MS, () => {
      if (this.#closed) return;
      const flushed = this.#flushing.look() ?? this.compact();
      void flushed.finally(() => this.#look());
    });
  }

  /** Flushes all that has been consumed; a failed flush is kept and written again the next time. */
  flush(): Promise<void> {
    return this.#flushing.flush();
  }

  /** Resolves when all that has been consumed so far is in chunks; false when the server closes first. */
  async flushedSoFar(): Promise<boolean> {
    const wanted = this.#consumed;
    const isThere = (): boolean => this.#flushing.flushedTo >= wanted;
    while (!isThere() && !this.#closed) {
      await this.flush();
      // A flush that failed has told why.
      if (!isThere()) await new Promise<void>((go) => this.#ports.after(RETRY_MS, go));
    }
    return isThere();
  }

  /** For what moves stored readings between subjects. */
  get movePorts(): MovePorts {
    const { sql, sealOf, encode, onProblem } = this.#ports;
    return { sql, sealOf, encode, lane: this.#log.lane, fence: this.#log.fence, onProblem };
  }

  /** Merges small chunks for a while; nobody waits for it, and it can wait for the disk. */
  async compact(): Promise<void> {
    if (!this.#ports.mayWrite()) return;
    await this.#compaction
      .turn(COMPACT_FOR_MS)
      .catch((error: unknown) => this.#onFailure('merge chunks', error));
  }

  #onFailure(step: string, error: unknown): void {
    if (error instanceof TakenOver) this.#ports.onTakenOver(error.message);
    else if (!(error instanceof StoreFull)) this.#ports.onProblem(step, error);
  }

  /** Stops taking, waits for what was accepted, and leaves everything in chunks. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#commit.close(), this.#compaction.stop()]);
    await this.flush();
  }
}

/** Said to nobody: the health of the server knows it, and the commit is tried again. */
class StoreFull extends Error {}

/** One message of one device brings what is of one subject. */
function subjectOf(entry: LogEntry): SubjectId {
  if (!('series' in entry)) return entry.subjectId;
  const [series] = entry.series;
  expect(series !== undefined, 'an entry of the log has a series');
  return series.subjectId;
}
