/** The audit of reads: durable in the journal before an answer leaves, in the database within a second. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Sql } from '../database/pool.ts';
import type { Outside } from '../outside.ts';
import type { InHouse } from './in-house.ts';
import { lineOf, type ReadEntry, readEntryOf } from './read-entry.ts';
import type { JournalRecord, Piece, ReadJournal } from './read-journal.ts';
import { insertReads, type ReadsRow } from './read-store.ts';

/** Entries of one leaf: whoever proves one of them shows the others of its leaf. */
const ENTRIES_MAX = 500;
const ENTRIES_BYTES_MAX = 2 ** 26;

/** What cannot be written down at once, of screens that must be seen all the same. */
const OWED_MAX = 10_000;
/** A disk that hangs refuses nothing: whoever watches waits for it no longer than this. */
const WATCHER_WAITS_MS = 500;

export interface ReadLogPorts {
  readonly sql: Sql;
  readonly journal: ReadJournal;
  readonly inHouse: InHouse;
  readonly nowMs: () => number;
  readonly after: Outside['after'];
  readonly newId: () => string;
  readonly onProblem: (what: string, error: unknown) => void;
}

type Read = Omit<ReadEntry, 'atMs'>;

export class ReadLog {
  readonly #ports: ReadLogPorts;
  readonly #owed: JournalRecord[] = [];
  /** Numbers of requests begin anew with each start. */
  readonly startId: string;
  readonly inHouse: InHouse;

  /** What an earlier server has left in its journal is in the database before anything is written over it. */
  static async open(ports: ReadLogPorts, left: readonly Piece[]): Promise<ReadLog> {
    const log = new ReadLog(ports);
    for (const piece of left) await log.#storePiece(piece);
    return log;
  }

  private constructor(ports: ReadLogPorts) {
    this.#ports = ports;
    this.startId = ports.newId().slice(0, 8);
    this.inHouse = ports.inHouse;
  }

  /** Durable once it resolves. */
  async write(organisationId: string, read: Read): Promise<void> {
    await this.#ports.journal.write(this.#recordOf(organisationId, read));
  }

  #recordOf(organisationId: string, read: Read): JournalRecord {
    return { organisationId, line: lineOf({ atMs: this.#ports.nowMs(), ...read }) };
  }

  /**
   * For a screen by which somebody watches: it is seen even where nothing can be written down (safety S3),
   * and the entry follows as soon as it can be.
   */
  async writeOrOwe(organisationId: string, read: Read): Promise<void> {
    const record = this.#recordOf(organisationId, read);
    const written = this.#ports.journal.write(record).catch((error: unknown) => {
      this.#ports.onProblem('write down who watches', error);
      if (this.#owed.length < OWED_MAX) this.#owed.push(record);
    });
    const { promise: isLate, resolve } = Promise.withResolvers<void>();
    const stop = this.#ports.after(WATCHER_WAITS_MS, resolve);
    await Promise.race([written, isLate]);
    stop();
  }

  /** Brings what is in the journal into the database. */
  async store(): Promise<void> {
    const { journal } = this.#ports;
    for (let [owed] = this.#owed; owed !== undefined; [owed] = this.#owed) {
      await journal.write(owed);
      this.#owed.shift();
    }
    const piece = await journal.take();
    if (piece === undefined) return;
    await this.#storePiece(piece);
    journal.done();
  }

  async #storePiece({ id, records }: Piece): Promise<void> {
    for (const [organisationId, own] of Map.groupBy(records, (record) => record.organisationId)) {
      for (let at = 0; at < own.length; at += ENTRIES_MAX) {
        const lines = own.slice(at, at + ENTRIES_MAX).map(({ line }) => line);
        const row = await rowOf(idOf(id, `${organisationId}/${at}`), organisationId, lines);
        if (row !== undefined) await insertReads(this.#ports.sql, row);
      }
    }
  }
}

/** The same for the same part of the same piece: stored twice is stored once. */
function idOf(piece: Uint8Array, part: string): string {
  const bytes = createHash('sha256').update(piece).update(part).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

async function rowOf(
  id: string,
  organisationId: string,
  lines: readonly string[],
): Promise<ReadsRow | undefined> {
  const entries = lines.map(readEntryOf).filter((entry) => entry !== undefined);
  const times = entries.map(({ atMs }) => atMs);
  if (times.length === 0) return undefined;
  return {
    id,
    organisation_id: organisationId,
    at_ms: Math.min(...times),
    until_ms: Math.max(...times),
    count: entries.length,
    subjects: [...new Set(entries.flatMap(({ subjects }) => subjects))].sort(),
    entries: await compress(Buffer.from(lines.join('\n'), 'utf8')),
  };
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress) as (
  bytes: Uint8Array,
  options: { maxOutputLength: number },
) => Promise<Buffer>;

/** Undefined where they are not what was written. */
export async function entriesOf(bytes: Uint8Array): Promise<ReadEntry[] | undefined> {
  try {
    const text = await decompress(bytes, { maxOutputLength: ENTRIES_BYTES_MAX });
    const entries = text.toString('utf8').split('\n').map(readEntryOf);
    return entries.every((entry) => entry !== undefined) ? entries : undefined;
  } catch {
    return undefined;
  }
}
