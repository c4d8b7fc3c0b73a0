/**
 * Where keys are kept: each wrapped by the root key, the root key wrapped by the master key. Outside
 * the database and its backups, so that a key that is destroyed here leaves noise there.
 *
 * Its methods answer at once. A store in another place keeps a copy in memory and returns from what
 * changes it once the change is durable.
 */

/** Owners of keys of the log's hours begin so. */
export const LOG_OWNERS = 'log/';

export interface KeyStore extends Disposable {
  /** Undefined when the store has just been made. */
  root(): Uint8Array | undefined;
  get(owner: string): Uint8Array | undefined;
  owners(prefix: string): string[];
  /** All of it, as of one moment. */
  read(): StoredKeys;
  /** All of them or none, durable on return. A key that is there already stays. */
  add(keys: readonly WrappedKey[]): void;
  /**
   * Takes them out of copies that are kept up to date, before anything is said to be destroyed. False
   * when such a copy cannot be reached: then nothing must be promised.
   */
  clearCopies(owners: readonly string[]): boolean;
  /** Nothing of them is left in the store's files; what expires, expires in its backups. */
  destroy(owners: readonly string[]): void;
  /** A beginning: the root key, and the keys that come with it; all of it or nothing. */
  found(root: Uint8Array, keys: readonly WrappedKey[]): void;
  /** A rotation: a new root, and every key as `rewrap` gives it back; all of it or nothing. */
  replace(root: Uint8Array, rewrap: (key: WrappedKey) => Uint8Array): void;
  /** A whole copy of the store, as of now. */
  copyTo(path: string): void;
  /** Counts what has changed it since it was opened. */
  readonly changes: number;
}

export interface StoredKeys {
  /** Undefined in a store that has just been made. */
  readonly root: Uint8Array | undefined;
  /** By owner. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

export interface WrappedKey {
  /** Whose: subject/ID, organisation/ID, log/TABLE … */
  readonly owner: string;
  readonly wrapped: Uint8Array;
}
