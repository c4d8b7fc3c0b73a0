/**
 * One insert for many messages: while a statement is on its way, what comes meanwhile gathers and goes
 * as the next one. A lone message waits for nobody. Each caller hears of its own rows alone.
 */
import { databaseFault } from '../database/fault.ts';
import type { ParkedRow } from './store.ts';

/** Writes rows durably; answers with the ids of those that were new. */
type Insert = (rows: readonly ParkedRow[]) => Promise<Set<string>>;

/** A statement of PostgreSQL takes 65,535 parameters, and a row is fifteen. */
const ROWS_MAX = 1_000;

/** A few of the largest messages: what one statement makes the log's connections wait for. */
const BYTES_MAX = 4 * 1024 * 1024;

interface Part {
  readonly rows: readonly ParkedRow[];
  readonly resolve: (kept: readonly ParkedRow[]) => void;
  readonly reject: (error: unknown) => void;
}

export class GatheredInserts {
  readonly #insert: Insert;
  #gathering: Part[] = [];
  #writing: Promise<void> | undefined;

  constructor(insert: Insert) {
    this.#insert = insert;
  }

  /** Resolves with those of the rows that were new, once they are durable. */
  write(rows: readonly ParkedRow[]): Promise<readonly ParkedRow[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly ParkedRow[]>();
    this.#gathering.push({ rows, resolve, reject });
    this.#writing ??= this.#writeAll();
    return promise;
  }

  /** Resolves when what was on its way has arrived, or has failed. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // Those that come in the same turn belong together.
    await Promise.resolve();
    while (this.#gathering.length > 0) await this.#writeTogether(this.#take());
    this.#writing = undefined;
  }

  #take(): readonly Part[] {
    let count = 0;
    let rows = 0;
    let bytes = 0;
    for (const part of this.#gathering) {
      rows += part.rows.length;
      for (const row of part.rows) bytes += row.message_sealed?.length ?? 0;
      if (count > 0 && (rows > ROWS_MAX || bytes > BYTES_MAX)) break;
      count += 1;
    }
    return this.#gathering.splice(0, count);
  }

  async #writeTogether(parts: readonly Part[]): Promise<void> {
    try {
      const kept = await this.#insert(parts.flatMap(({ rows }) => rows));
      for (const { rows, resolve } of parts) resolve(rows.filter(({ id }) => kept.has(id)));
    } catch (error) {
      // A row that breaks a rule is its own message's trouble; a store that is away is everybody's.
      if (parts.length > 1 && databaseFault(error) === undefined) {
        for (const part of parts) await this.#writeTogether([part]);
      } else {
        for (const { reject } of parts) reject(error);
      }
    }
  }
}
