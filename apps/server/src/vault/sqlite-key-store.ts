/** The key store in one SQLite file: every change is on the disk before it returns, and leaves no trace. */
import { closeSync, fdatasyncSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { expect } from '@ausculta/vitals/expect';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import type { KeyStore, StoredKeys, WrappedKey } from './key-store.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS root (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    wrapped BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS key (
    owner TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;`;

const BUSY_WITHIN_MS = 5_000;

export function openSqliteKeyStore(path: string): SqliteKeyStore {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite would make it with the mode of everybody; its journal takes the mode of the file.
    closeSync(openSync(path, 'a', 0o600));
    return new SqliteKeyStore(path);
  } catch (cause) {
    throw new StartProblem(
      'KEY_STORE_UNUSABLE',
      `The key store ${path} cannot be opened (${errorCode(cause) || 'unknown reason'}). Give this user the right to write there; if it is damaged, restore it from its backups.`,
      cause,
    );
  }
}

/** All of a store as of one moment, read beside whoever else has it open. */
export function readKeyStore(path: string): StoredKeys {
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_WITHIN_MS });
    try {
      db.exec('BEGIN');
      return contentOf(db);
    } finally {
      db.close();
    }
  } catch (cause) {
    throw new StartProblem(
      'KEY_STORE_UNUSABLE',
      `The key store ${path} cannot be read (${errorCode(cause) || 'unknown reason'}). Restore it: npx ausculta keys restore.`,
      cause,
    );
  }
}

function contentOf(db: DatabaseSync): StoredKeys {
  const root = db.prepare('SELECT wrapped FROM root').get()?.wrapped as Uint8Array | undefined;
  const rows = db.prepare('SELECT owner, wrapped FROM key').all();
  const keys = rows.map(({ owner, wrapped }) => [owner as string, wrapped as Uint8Array] as const);
  return { root, keys: new Map(keys) };
}

/** A whole copy, without free pages, of a store that somebody else may have open. */
export function copyKeyStore(from: string, to: string): void {
  const db = new DatabaseSync(from, { readOnly: true, timeout: BUSY_WITHIN_MS });
  try {
    db.prepare('VACUUM INTO ?').run(to);
  } finally {
    db.close();
  }
}

export class SqliteKeyStore implements KeyStore {
  readonly #path: string;
  readonly #db: DatabaseSync;
  #find: StatementSync | undefined;
  changes = 0;

  constructor(path: string) {
    this.#path = path;
    // A command that reads beside a running server holds its lock for some microseconds.
    this.#db = new DatabaseSync(path, { timeout: BUSY_WITHIN_MS });
    // A deleted key is overwritten in the file, and afterwards in the journal that still held it: so
    // the journal stays one file that we can find, instead of blocks that the disk has let go.
    this.#db.exec(
      'PRAGMA journal_mode = PERSIST; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY',
    );
    this.#db.exec(SCHEMA);
  }

  root(): Uint8Array | undefined {
    const row = this.#db.prepare('SELECT wrapped FROM root').get();
    return row?.wrapped as Uint8Array | undefined;
  }

  get(owner: string): Uint8Array | undefined {
    // Prepared once: a start asks for every patient's key.
    this.#find ??= this.#db.prepare('SELECT wrapped FROM key WHERE owner = ?');
    const row = this.#find.get(owner);
    return row?.wrapped as Uint8Array | undefined;
  }

  owners(prefix: string): string[] {
    const rows = this.#db
      .prepare('SELECT owner FROM key WHERE substr(owner, 1, length(?1)) = ?1 ORDER BY owner')
      .all(prefix);
    return rows.map(({ owner }) => owner as string);
  }

  read(): StoredKeys {
    return contentOf(this.#db);
  }

  /** Its only copies are backups, which expire. */
  clearCopies(): boolean {
    return true;
  }

  /** Exactly this; nothing of what it was else is left in its files. */
  become({ root, keys }: StoredKeys): void {
    expect(root !== undefined, 'a store that is copied has a root key');
    this.#change(() => {
      const remove = this.#db.prepare('DELETE FROM key WHERE owner = ?');
      for (const owner of this.owners('')) if (!keys.has(owner)) remove.run(owner);
      const put = this.#db.prepare(
        'INSERT INTO key VALUES (?1, ?2) ON CONFLICT DO UPDATE SET wrapped = ?2',
      );
      for (const [owner, wrapped] of keys) put.run(owner, wrapped);
      this.#db
        .prepare('INSERT INTO root VALUES (1, ?1) ON CONFLICT DO UPDATE SET wrapped = ?1')
        .run(root);
    });
    this.#wipeJournal();
  }

  add(keys: readonly WrappedKey[]): void {
    if (keys.length === 0) return;
    this.#change(() => this.#insert(keys));
  }

  found(root: Uint8Array, keys: readonly WrappedKey[]): void {
    this.#change(() => {
      this.#db.prepare('INSERT INTO root VALUES (1, ?)').run(root);
      this.#insert(keys);
    });
  }

  #insert(keys: readonly WrappedKey[]): void {
    const insert = this.#db.prepare('INSERT INTO key VALUES (?, ?) ON CONFLICT DO NOTHING');
    for (const { owner, wrapped } of keys) insert.run(owner, wrapped);
  }

  destroy(owners: readonly string[]): void {
    if (owners.length === 0) return;
    this.#change(() => {
      const remove = this.#db.prepare('DELETE FROM key WHERE owner = ?');
      for (const owner of owners) remove.run(owner);
    });
    this.#wipeJournal();
  }

  replace(root: Uint8Array, rewrap: (key: WrappedKey) => Uint8Array): void {
    this.#change(() => {
      const update = this.#db.prepare('UPDATE key SET wrapped = ?2 WHERE owner = ?1');
      for (const owner of this.owners('')) {
        const wrapped = this.get(owner);
        expect(wrapped !== undefined, 'a key that was listed in this change is there');
        update.run(owner, rewrap({ owner, wrapped }));
      }
      this.#db.prepare('UPDATE root SET wrapped = ? WHERE id = 1').run(root);
    });
    this.#wipeJournal();
  }

  /** Without free pages: a key that was destroyed before is not in the copy. */
  copyTo(path: string): void {
    this.#db.prepare('VACUUM INTO ?').run(path);
  }

  #change(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
    this.changes += 1;
  }

  /** The journal of a finished change holds its pages as they were; SQLite only unmarks them. */
  #wipeJournal(): void {
    const journal = openSync(`${this.#path}-journal`, 'r+');
    try {
      writeSync(journal, new Uint8Array(fstatSync(journal).size), 0, undefined, 0);
      fdatasyncSync(journal);
    } finally {
      closeSync(journal);
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
