/**
 * Where entries of reads are durable before the answers leave: two files beside the database, written in
 * turns, over what stood there. A write to a file that has its room already is one wait for the disk and no
 * more; a transaction for every few requests would cost more than the reading.
 *
 * What is in a file belongs together under the id of its piece, which seeds the checksum of every record: a
 * record of an earlier piece that still stands behind the last one is none.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from '@ausculta/vitals/expect';

/** A second of some ten thousand requests. */
const ROOM_BYTES = 8 * 2 ** 20;
/** Disks write blocks: a write that begins or ends within one waits twice as long. */
const BLOCK_BYTES = 4_096;
/** With the database away, entries gather here so long; then nobody reads. */
const BYTES_MAX = 256 * 2 ** 20;

const MAGIC = 'AUSREAD1';
const ID_BYTES = 16;
const HEADER_BYTES = MAGIC.length + ID_BYTES;
/** Length and checksum. */
const RECORD_HEAD_BYTES = 8;

export interface JournalRecord {
  readonly organisationId: string;
  readonly line: string;
}

/** What was written since the last turn. */
export interface Piece {
  readonly id: Uint8Array;
  readonly records: readonly JournalRecord[];
}

interface Writing {
  readonly file: FileHandle;
  readonly id: Uint8Array;
  readonly records: JournalRecord[];
  bytes: number;
  underWay: Promise<unknown>;
}

export interface JournalPorts {
  readonly directory: string;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Before a write: what comes until it resolves goes with it. It is told how many there are. */
  readonly gather: (waiting: () => number) => Promise<void>;
}

interface Waiting {
  readonly record: JournalRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class ReadJournal implements AsyncDisposable {
  readonly #ports: JournalPorts;
  readonly #files: readonly [FileHandle, FileHandle];
  #waiting: Waiting[] = [];
  #emptying: Promise<void> | undefined;
  #writing: Writing;
  /** What has been taken and is not in the database yet: its file is not written over. */
  #taken: Piece | undefined;

  /** What an earlier server has left, in the order in which it was begun, is taken first. */
  static async open(
    ports: JournalPorts,
  ): Promise<{ readonly journal: ReadJournal; readonly left: readonly Piece[] }> {
    const { directory } = ports;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const files = [
      await openFile(join(directory, 'reads-0')),
      await openFile(join(directory, 'reads-1')),
    ] as const;
    const left: Piece[] = [];
    for (const file of files) {
      const piece = await readPiece(file);
      if (piece !== undefined) left.push(piece);
    }
    return { journal: new ReadJournal(ports, files), left };
  }

  private constructor(ports: JournalPorts, files: readonly [FileHandle, FileHandle]) {
    this.#ports = ports;
    this.#files = files;
    this.#writing = this.#begin(files[0]);
  }

  /** Durable once it resolves. One write at a time: what comes meanwhile goes with the next. */
  write(record: JournalRecord): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ record, resolve, reject });
    this.#emptying ??= this.#empty();
    return promise;
  }

  async #empty(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#ports.gather(() => this.#waiting.length);
      const all = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(all.map(({ record }) => record));
        for (const { resolve } of all) resolve();
      } catch (error) {
        for (const { reject } of all) reject(error);
      }
    }
    this.#emptying = undefined;
  }

  /**
   * What was written since the last piece; the same again until it is `done`. From here on the other file
   * is written.
   */
  async take(): Promise<Piece | undefined> {
    if (this.#taken !== undefined) return this.#taken;
    if (this.#writing.records.length === 0) return undefined;
    const { id, records, file, underWay } = this.#writing;
    const [first, second] = this.#files;
    this.#writing = this.#begin(file === first ? second : first);
    // A write that was under way belongs to the piece that it began in.
    await underWay;
    this.#taken = { id, records };
    return this.#taken;
  }

  done(): void {
    this.#taken = undefined;
  }

  #begin(file: FileHandle): Writing {
    return {
      file,
      id: this.#ports.randomBytes(ID_BYTES),
      records: [],
      bytes: 0,
      underWay: Promise.resolve(),
    };
  }

  async #write(records: readonly JournalRecord[]): Promise<void> {
    const writing = this.#writing;
    const { file, id, bytes } = writing;
    const parts = records.map((record) => recordBytes(record, id));
    if (bytes === 0) parts.unshift(Buffer.concat([Buffer.from(MAGIC), id]));
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    // What is left of the last block is nothing, and says so.
    const all = Buffer.concat(parts, Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES);
    expect(bytes + all.length <= BYTES_MAX, 'the journal of reads has room');
    const written = writeAll(file, all, bytes);
    writing.underWay = written.catch(() => undefined);
    await written;
    writing.bytes += all.length;
    for (const record of records) writing.records.push(record);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#emptying;
    for (const file of this.#files) await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_DSYNC } = constants;
  const file = await open(path, O_RDWR | O_CREAT | O_DSYNC, 0o600);
  const { size } = await file.stat();
  if (size < ROOM_BYTES) {
    await writeAll(file, Buffer.alloc(ROOM_BYTES - size), size);
    await file.sync();
  }
  return file;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

function recordBytes({ organisationId, line }: JournalRecord, id: Uint8Array): Buffer {
  const text = `${organisationId} ${line}`;
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(RECORD_HEAD_BYTES + length);
  bytes.write(text, RECORD_HEAD_BYTES, 'utf8');
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt32LE(crc32(bytes.subarray(RECORD_HEAD_BYTES), crc32(id)), 4);
  return bytes;
}

async function readPiece(file: FileHandle): Promise<Piece | undefined> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, 0);
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const id = new Uint8Array(bytes.subarray(MAGIC.length, HEADER_BYTES));
  const records: JournalRecord[] = [];
  const seed = crc32(id);
  for (let at = HEADER_BYTES; at + RECORD_HEAD_BYTES <= size; ) {
    const length = bytes.readUInt32LE(at);
    const body = bytes.subarray(at + RECORD_HEAD_BYTES, at + RECORD_HEAD_BYTES + length);
    if (length === 0 || crc32(body, seed) !== bytes.readUInt32LE(at + 4)) {
      // Behind the records of a write comes the next block, or nothing of this piece.
      if (at % BLOCK_BYTES === 0) break;
      at = Math.ceil(at / BLOCK_BYTES) * BLOCK_BYTES;
      continue;
    }
    const text = body.toString('utf8');
    const border = text.indexOf(' ');
    records.push({ organisationId: text.slice(0, border), line: text.slice(border + 1) });
    at += RECORD_HEAD_BYTES + length;
  }
  return records.length === 0 ? undefined : { id, records };
}
