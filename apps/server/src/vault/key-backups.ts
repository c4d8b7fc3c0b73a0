/**
 * Backups of the key store, of its own and never with the database's: a database backup together with
 * the keys that open it would be as good as clear. They expire, because a key that is destroyed is not
 * gone before the last backup that holds it.
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { KeyStore } from './key-store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One an hour while something has changed; those of a day past shrink to one. */
const EVERY_MS = HOUR_MS;

/** The last copy of a destroyed key is gone after this (safety S29: at most 30 days). */
export const KEY_BACKUPS_KEPT_MS = 7 * DAY_MS;

/** keys-20261121T080000000Z.sqlite: made at this time. */
const NAME = /^keys-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.sqlite$/;

type Source = Pick<KeyStore, 'copyTo' | 'changes'>;

export class KeyBackups {
  readonly #directory: string;
  readonly #store: Source;
  #backedUp = -1;

  constructor(directory: string, store: Source) {
    this.#directory = directory;
    this.#store = store;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Lets go of those whose time has come, and makes one where one is due. */
  tidy(nowMs: number): void {
    this.expire(nowMs);
    // Left by a process that ended while it made one.
    for (const name of readdirSync(this.#directory)) {
      if (name.endsWith('.partial')) rmSync(join(this.#directory, name), { force: true });
    }
    const newestMs = this.times().at(-1) ?? Number.NEGATIVE_INFINITY;
    // A clock that was set back must not end the backups.
    const isDue = newestMs > nowMs || nowMs - newestMs >= EVERY_MS;
    if (isDue && this.#store.changes !== this.#backedUp) this.make(nowMs);
  }

  expire(nowMs: number): void {
    for (const atMs of expiredBackups(this.times(), nowMs)) {
      rmSync(join(this.#directory, nameAt(atMs)), { force: true });
    }
  }

  make(nowMs: number): string {
    const path = join(this.#directory, nameAt(nowMs));
    const partial = `${path}.partial`;
    rmSync(partial, { force: true });
    const { changes } = this.#store;
    this.#store.copyTo(partial);
    chmodSync(partial, 0o600);
    sync(partial);
    renameSync(partial, path);
    sync(this.#directory);
    this.#backedUp = changes;
    return path;
  }

  /** When the backups that exist were made, oldest first. */
  times(): number[] {
    return readdirSync(this.#directory)
      .map(timeOf)
      .filter((atMs) => atMs !== undefined)
      .sort((a, b) => a - b);
  }
}

/** Those past their time, and of each day before the last all but the first. */
export function expiredBackups(timesMs: readonly number[], nowMs: number): number[] {
  const days = new Set<number>();
  return timesMs.filter((atMs) => {
    if (nowMs - atMs >= KEY_BACKUPS_KEPT_MS) return true;
    if (nowMs - atMs < DAY_MS) return false;
    const day = Math.floor(atMs / DAY_MS);
    const isFirst = !days.has(day);
    days.add(day);
    return !isFirst;
  });
}

function nameAt(atMs: number): string {
  return `keys-${new Date(atMs).toISOString().replaceAll(/[-:.]/g, '')}.sqlite`;
}

function timeOf(name: string): number | undefined {
  const [, year, month, day, hour, minute, second, ms] = NAME.exec(name) ?? [];
  if (year === undefined) return undefined;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}
