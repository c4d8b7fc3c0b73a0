/**
 * The file of an export: a line that says what it is, then frames. A frame is its length (four bytes,
 * the greatest first) and its bytes, which are one piece of the stream of records, sealed when there
 * is a passphrase. docs/export-format.md tells it to whoever reads it without us.
 */
import { createCipheriv, createDecipheriv, createHash, type Hash, scryptSync } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { errorCode } from '../database/start-problem.ts';
import type { RandomBytes } from '../outside.ts';
import { unusable } from './manifest.ts';

const FRAME_BYTES = 1 << 20;
/** One record may be longer than a frame: a frame of our own making is never longer than this. */
const FRAME_BYTES_MAX = FRAME_BYTES + 1024;
const RECORD_BYTES_MAX = 1 << 28;
const HEADER_BYTES_MAX = 1 << 16;
const TAG_BYTES = 16;

/** Some 300 ms and 128 MB for each try of whoever guesses. */
const SCRYPT = { N: 1 << 17, r: 8, p: 1, maxmem: 1 << 28 };

const Header = z.object({
  auscultaExport: z.literal(1),
  madeBy: z.string(),
  madeMs: z.number(),
  migrations: z.array(z.string()),
  /** The salt of scrypt, in base64; null when the file is in clear. */
  salt: z.string().nullable(),
});
export type ExportHeader = z.infer<typeof Header>;

/** A row of a table, and beside it what had been sealed in it. */
export interface ExportRecord {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly clear: Uint8Array | undefined;
}

const Line = z.union([
  z.object({
    table: z.string(),
    row: z.record(z.string(), z.unknown()),
    bytes: z.number().int().min(0).optional(),
  }),
  z.object({ end: z.object({ records: z.number(), sha256: z.string() }) }),
]);

interface FrameCipher {
  readonly seal: (plain: Uint8Array, index: number) => Uint8Array;
  readonly open: (sealed: Uint8Array, index: number) => Uint8Array | undefined;
}

const CLEAR: FrameCipher = { seal: (plain) => plain, open: (plain) => plain };

/** One key for one file, so that the number of the frame is a nonce that never comes twice. */
function cipherOf(passphrase: string, salt: Uint8Array): FrameCipher {
  const key = scryptSync(passphrase.normalize('NFC'), salt, 32, SCRYPT);
  const nonceOf = (index: number): Buffer => {
    const nonce = Buffer.alloc(12);
    nonce.writeUIntBE(index, 6, 6);
    return nonce;
  };
  return {
    seal(plain, index) {
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index));
      const body = cipher.update(plain);
      cipher.final();
      return Buffer.concat([body, cipher.getAuthTag()]);
    },
    open(sealed, index) {
      if (sealed.length < TAG_BYTES) return undefined;
      const cut = sealed.length - TAG_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(sealed.subarray(cut));
      const plain = decipher.update(sealed.subarray(0, cut));
      try {
        decipher.final();
        return plain;
      } catch {
        return undefined;
      }
    },
  };
}

export class ExportWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #cipher: FrameCipher;
  readonly #hash: Hash = createHash('sha256');
  #pieces: Uint8Array[] = [];
  #length = 0;
  #frames = 0;
  records = 0;

  /** The file is its owner's alone, and has its name once it is whole. */
  static async create(
    path: string,
    header: Omit<ExportHeader, 'auscultaExport' | 'salt'>,
    secret: { passphrase: string | undefined; randomBytes: RandomBytes },
  ): Promise<ExportWriter> {
    const { passphrase, randomBytes } = secret;
    const salt = passphrase === undefined ? undefined : randomBytes(16);
    const cipher =
      passphrase === undefined || salt === undefined ? CLEAR : cipherOf(passphrase, salt);
    await rm(`${path}.partial`, { force: true });
    const file = await open(`${path}.partial`, 'wx', 0o600).catch((cause: unknown) => {
      throw unusable(
        `${path} cannot be written (${errorCode(cause)}). Name a file in a directory of yours.`,
        cause,
      );
    });
    const first: ExportHeader = {
      auscultaExport: 1,
      ...header,
      salt: salt === undefined ? null : Buffer.from(salt).toString('base64'),
    };
    await file.write(`${JSON.stringify(first)}\n`);
    return new ExportWriter(path, file, cipher);
  }

  private constructor(path: string, file: FileHandle, cipher: FrameCipher) {
    this.#path = path;
    this.#file = file;
    this.#cipher = cipher;
  }

  async write({ table, row, clear }: ExportRecord): Promise<void> {
    const line = { table, row, ...(clear && { bytes: clear.length }) };
    this.#push(Buffer.from(`${JSON.stringify(line)}\n`));
    if (clear !== undefined) {
      this.#push(clear);
      this.#push(Buffer.from('\n'));
    }
    this.records += 1;
    while (this.#length >= FRAME_BYTES) await this.#frame(FRAME_BYTES);
  }

  async end(): Promise<void> {
    const end = { records: this.records, sha256: this.#hash.copy().digest('hex') };
    this.#push(Buffer.from(`${JSON.stringify({ end })}\n`));
    while (this.#length > 0) await this.#frame(Math.min(this.#length, FRAME_BYTES));
    await this.#file.sync();
    await this.#file.close();
    await rename(`${this.#path}.partial`, this.#path);
  }

  async abandon(): Promise<void> {
    await this.#file.close();
    await rm(`${this.#path}.partial`, { force: true });
  }

  #push(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  async #frame(bytes: number): Promise<void> {
    const all = Buffer.concat(this.#pieces);
    const sealed = this.#cipher.seal(all.subarray(0, bytes), this.#frames);
    this.#frames += 1;
    const rest = all.subarray(bytes);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(sealed.length);
    await this.#file.write(Buffer.concat([length, sealed]));
  }
}

/** Reads what is there to be read, whole lines and whole pieces, from as many frames as it takes. */
class Pieces {
  #held: Buffer = Buffer.alloc(0);
  #at = 0;
  readonly #more: () => Promise<Uint8Array | undefined>;
  readonly hash: Hash = createHash('sha256');

  constructor(more: () => Promise<Uint8Array | undefined>) {
    this.#more = more;
  }

  async #grow(): Promise<boolean> {
    const next = await this.#more();
    if (next === undefined) return false;
    this.#held = Buffer.concat([this.#held.subarray(this.#at), next]);
    this.#at = 0;
    return true;
  }

  async line(): Promise<Buffer | undefined> {
    for (;;) {
      const end = this.#held.indexOf(10, this.#at);
      if (end >= 0) {
        const line = this.#held.subarray(this.#at, end + 1);
        this.#at = end + 1;
        return line;
      }
      if (this.#held.length - this.#at > RECORD_BYTES_MAX || !(await this.#grow()))
        return undefined;
    }
  }

  async take(bytes: number): Promise<Buffer | undefined> {
    if (bytes > RECORD_BYTES_MAX) return undefined;
    while (this.#held.length - this.#at < bytes) if (!(await this.#grow())) return undefined;
    const taken = this.#held.subarray(this.#at, this.#at + bytes);
    this.#at += bytes;
    return taken;
  }
}

export interface ExportReading extends AsyncDisposable {
  readonly header: ExportHeader;
  /** Throws where the file ends early or its checksum does not hold: what was read until then is void. */
  readonly records: AsyncGenerator<ExportRecord>;
}

export async function readExport(
  path: string,
  passphrase: string | undefined,
): Promise<ExportReading> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unusable(
      `${path} cannot be read (${errorCode(cause)}). Name a file that ausculta export has made.`,
      cause,
    );
  });
  try {
    const { header, bytes } = await readHeader(file, path);
    if (header.salt !== null && passphrase === undefined) {
      throw unusable(
        `${path} is encrypted. Give its passphrase in a file: --passphrase-file FILE.`,
      );
    }
    const cipher =
      header.salt === null ? CLEAR : cipherOf(passphrase ?? '', Buffer.from(header.salt, 'base64'));
    const pieces = new Pieces(frames({ file, from: bytes, cipher, path }));
    const records = recordsOf(pieces, path);
    return { header, records, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: FileHandle,
  path: string,
): Promise<{ header: ExportHeader; bytes: number }> {
  const buffer = Buffer.alloc(HEADER_BYTES_MAX);
  const { bytesRead } = await file.read(buffer, 0, HEADER_BYTES_MAX, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(10);
  try {
    const header = Header.parse(JSON.parse(buffer.subarray(0, Math.max(0, end)).toString('utf8')));
    return { header, bytes: end + 1 };
  } catch (cause) {
    throw unusable(
      `${path} is no export of Ausculta. Name a file that ausculta export has made.`,
      cause,
    );
  }
}

function frames(on: { file: FileHandle; from: number; cipher: FrameCipher; path: string }) {
  let at = on.from;
  let index = 0;
  const read = async (bytes: number): Promise<Buffer | undefined> => {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await on.file.read(buffer, 0, bytes, at);
    at += bytesRead;
    return bytesRead === bytes ? buffer : undefined;
  };
  return async (): Promise<Uint8Array | undefined> => {
    const length = (await read(4))?.readUInt32BE();
    if (length === undefined) return undefined;
    const sealed = length > FRAME_BYTES_MAX ? undefined : await read(length);
    if (sealed === undefined) throw cutShort(on.path);
    const plain = on.cipher.open(sealed, index);
    index += 1;
    if (plain !== undefined) return plain;
    throw unusable(
      index === 1
        ? `${on.path} does not open: the passphrase is another one, or the file is damaged. Give the right passphrase.`
        : `${on.path} is damaged. Use another copy of it, or export again.`,
    );
  };
}

async function* recordsOf(pieces: Pieces, path: string): AsyncGenerator<ExportRecord> {
  let records = 0;
  for (;;) {
    const text = await pieces.line();
    if (text === undefined) throw cutShort(path);
    const line = parseLine(text, path);
    if ('end' in line) {
      if (line.end.records === records && line.end.sha256 === pieces.hash.digest('hex')) return;
      throw unusable(
        `${path} does not have its checksum. Use another copy of it, or export again.`,
      );
    }
    pieces.hash.update(text);
    let clear: Buffer | undefined;
    if (line.bytes !== undefined) {
      const taken = await pieces.take(line.bytes + 1);
      if (taken === undefined) throw cutShort(path);
      pieces.hash.update(taken);
      clear = taken.subarray(0, -1);
    }
    records += 1;
    yield { table: line.table, row: line.row, clear };
  }
}

function parseLine(text: Buffer, path: string): z.infer<typeof Line> {
  try {
    return Line.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    throw unusable(`${path} is damaged. Use another copy of it, or export again.`, cause);
  }
}

const cutShort = (path: string) =>
  unusable(`${path} ends too early. Use another copy of it, or export again.`);
