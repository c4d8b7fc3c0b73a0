/**
 * The log on PostgreSQL: one sealed row a group commit, one table an hour. A row is compressed, then
 * sealed for its lane and sequence, so that a row put elsewhere does not open.
 */
import { ok, type Result } from '@ausculta/vitals/fault';
import {
  asOrganisation,
  type InLane,
  type InLaneAs,
  type InLaneAtOnce,
  type Sql,
  type Transaction,
} from '../database/pool.ts';
import { StartProblem } from '../database/start-problem.ts';
import { setScope } from '../database/store.ts';
import { type LogEntry, PARTITIONS } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import type { LogKeys } from '../vault/vault.ts';
import { decodeBatch, encodeBatch, type SeriesById } from './log-batch.ts';
import * as store from './store.ts';
import { compressLog, decompressLog } from './zstd.ts';

/** One accepting process, one lane. */
const LANE = 0;

const rowContext = (lane: number, sequence: number): string => `log/${lane}/${sequence}`;

/** Another server has taken the lane. Whatever this one still holds is its devices' to send again. */
export class TakenOver extends Error {
  constructor() {
    super(
      'Another Ausculta server has taken over this database, so this one stops. Run one server on one database.',
    );
    this.name = 'TakenOver';
  }
}

/** Of a lane, by whoever has taken it last. */
export interface Ownership {
  readonly lane: number;
  readonly fence: number;
}

/** To be called in a transaction: nobody takes the lane before it has ended. */
export async function holdLane(tx: Transaction, owner: Ownership): Promise<void> {
  if (!(await store.holdLane(tx, owner))) throw new TakenOver();
}

interface LanePorts {
  readonly owner: Ownership;
  /** Ends this server, before whoever asked hears that it failed. */
  readonly onTakenOver: (why: string) => void;
}

export function inLaneOf(sql: Sql, { owner, onTakenOver }: LanePorts): InLane {
  return async (work) => {
    const done = await sql
      .begin(async (tx) => {
        await holdLane(tx, owner);
        return { value: await work(tx) };
      })
      .catch(tellingOf(onTakenOver));
    return done.value;
  };
}

export function inLaneAsOf(people: Sql, { owner, onTakenOver }: LanePorts): InLaneAs {
  return (organisationId, work) =>
    asOrganisation(people, organisationId, async (tx) => {
      // Row-level security shows people no lane: for this one question it does. All of it is sent at once.
      await Promise.all([setScope(tx, 'line'), holdLane(tx, owner), setScope(tx, 'people')]);
      return await work(tx);
    }).catch(tellingOf(onTakenOver));
}

/** What `hold_lane_as` says to a server that no longer has the lane. */
const LANE_LOST = 'AUL01';

/**
 * The same for one statement, which is a transaction of its own and begins with `hold_lane_as`: of a fence
 * that is old, or where any of it fails, the database keeps nothing.
 */
export function inLaneAtOnceOf(people: Sql, { owner, onTakenOver }: LanePorts): InLaneAtOnce {
  return (write) =>
    write(people, owner)
      .catch((error: unknown) => {
        throw (error as { code?: string }).code === LANE_LOST ? new TakenOver() : error;
      })
      .catch(tellingOf(onTakenOver));
}

/** Both ways in which people write. */
export function lanesOfPeople(
  people: Sql,
  lane: LanePorts,
): { readonly inLaneAs: InLaneAs; readonly inLaneAtOnce: InLaneAtOnce } {
  return { inLaneAs: inLaneAsOf(people, lane), inLaneAtOnce: inLaneAtOnceOf(people, lane) };
}

function tellingOf(onTakenOver: (why: string) => void): (error: unknown) => never {
  return (error) => {
    if (error instanceof TakenOver) onTakenOver(error.message);
    throw error;
  };
}

export interface ReplayedCommit {
  readonly sequence: number;
  /** When its first entry was accepted. */
  readonly baseMs: number;
  readonly entries: readonly LogEntry[];
}

export interface ReplayPorts {
  readonly seriesById: SeriesById;
  /** Hours before this have lost their keys: a database restored from before it lacks their last minute. */
  readonly keptFromMs: number;
  readonly onExpired: (table: string) => void;
  /** A damaged row: its commit is lost, those around it are not. */
  readonly onBroken: (row: string, why: string) => void;
}

export class PostgresLog {
  readonly #sql: Sql;
  readonly #keys: LogKeys;
  /** One seal an hour, kept while the hour is written. */
  readonly #seals = new Map<string, Seal>();
  readonly #tables: Set<string>;
  /** The last sequence that each table holds or is about to hold, or one beyond it. */
  readonly #lastOf: Map<string, number>;
  #newest: string;
  readonly lane = LANE;
  readonly fence: number;
  /** The last durable sequence at start. */
  readonly startSequence: number;

  private constructor(parts: {
    sql: Sql;
    keys: LogKeys;
    tables: string[];
    fence: number;
    last: number;
  }) {
    this.#sql = parts.sql;
    this.#keys = parts.keys;
    this.#tables = new Set(parts.tables);
    this.#lastOf = new Map(parts.tables.map((table) => [table, parts.last]));
    this.#newest = parts.tables.at(-1) ?? '';
    this.fence = parts.fence;
    this.startSequence = parts.last;
  }

  /**
   * From here on no other server's commit or flush succeeds. To be called before anything is read: a
   * series that an older server made afterwards would be missing when its readings are replayed.
   */
  static async takeOver(sql: Sql): Promise<Ownership> {
    return { lane: LANE, fence: await store.takeLane(sql, LANE) };
  }

  static async open(sql: Sql, keys: LogKeys, { fence }: Ownership): Promise<PostgresLog> {
    const tables = await store.listLogTables(sql);
    const last = await store.lastSequence(sql, LANE, tables);
    return new PostgresLog({ sql, keys, tables, fence, last });
  }

  /** Durable when it resolves. The same sequence written twice is one row. */
  async write(batch: { entries: LogEntry[]; sequence: number; baseMs: number }): Promise<void> {
    const { sequence, baseMs } = batch;
    const table = this.#tableAt(baseMs);
    // Before its key is asked for: from here on the hour is needed.
    this.#lastOf.set(table, sequence);
    const packed = compressLog(encodeBatch(batch.entries, baseMs));
    const sealed = this.#sealOf(table).seal(packed, rowContext(LANE, sequence));
    if (!this.#tables.has(table)) {
      await store.createLogTable(this.#sql, table);
      this.#tables.add(table);
    }
    const row = { lane: LANE, sequence, fence: this.fence, base_ms: baseMs, sealed };
    if (!(await store.appendLogRow(this.#sql, table, row))) throw new TakenOver();
  }

  /** What is behind the checkpoints, in commit order; entries that a partition has already flushed are left out. */
  async *replay({
    seriesById,
    keptFromMs,
    onExpired,
    onBroken,
  }: ReplayPorts): AsyncGenerator<ReplayedCommit> {
    const checkpoints = await store.readCheckpoints(this.#sql, LANE);
    // A partition that was never flushed needs the log from its beginning.
    const oldest = checkpoints.size < PARTITIONS ? 0 : Math.min(...checkpoints.values());
    for (const table of [...this.#tables].sort()) {
      const after = { lane: LANE, sequence: oldest };
      const seal = this.#keys.toRead(table);
      for await (const row of store.logRowsAfter(this.#sql, table, after)) {
        if (seal === undefined) {
          if (table >= store.logTableName(keptFromMs)) throw keyMissing(table);
          onExpired(table);
          break;
        }
        const read = readLogRow(row, seal, seriesById);
        if (!read.ok) {
          // Another key than the hour's is no damage: the key store is not the one of this database.
          if (!seal.isOwn(row.sealed)) throw keyMissing(table);
          onBroken(`${table}/${row.lane}/${row.sequence}`, read.fault.detail ?? '');
          continue;
        }
        const entries = read.value;
        const isBehind = (entry: LogEntry): boolean =>
          row.sequence > (checkpoints.get(entry.partition) ?? 0);
        yield { sequence: row.sequence, baseMs: row.base_ms, entries: entries.filter(isBehind) };
      }
    }
  }

  /** The hour's table; never an older one than before, so that tables in order are commits in order. */
  #tableAt(baseMs: number): string {
    const table = store.logTableName(baseMs);
    if (table > this.#newest) this.#newest = table;
    return this.#newest;
  }

  #sealOf(table: string): Seal {
    const seal = this.#seals.get(table) ?? this.#keys.toWrite(table);
    this.#seals.set(table, seal);
    return seal;
  }

  /**
   * Drops the hours that are wholly flushed and older than the restore window, and their keys. A clock
   * that is set forward by weeks makes an hour old that is still needed.
   */
  async retire(olderThanMs: number, flushedSequence: number): Promise<void> {
    let keepFrom = store.logTableName(olderThanMs);
    for (const [table, last] of this.#lastOf) {
      if (last > flushedSequence && table < keepFrom) keepFrom = table;
    }
    // Whatever is written from here on, its clock may have been behind: no row goes where rows are dropped.
    if (this.#newest < keepFrom) this.#newest = keepFrom;
    for (const table of [...this.#tables].filter((name) => name < keepFrom)) {
      await store.dropLogTable(this.#sql, table);
      this.#tables.delete(table);
      this.#lastOf.delete(table);
      this.#seals.delete(table);
    }
    this.#keys.retireBefore(keepFrom);
  }
}

/** What one group commit brought. */
export function readLogRow(
  row: store.LogRow,
  seal: Seal,
  seriesById: SeriesById,
): Result<LogEntry[]> {
  const opened = seal.open(row.sealed, rowContext(row.lane, row.sequence));
  return opened.ok ? ok(decodeBatch(decompressLog(opened.value), seriesById)) : opened;
}

/** To go on without these readings would be to lose what was acknowledged. */
function keyMissing(table: string): StartProblem {
  return new StartProblem(
    'KEY_STORE_UNUSABLE',
    `The key store has no key for ${table}, and the log of that hour is needed. Restore the newest key store that belongs to this database.`,
  );
}
