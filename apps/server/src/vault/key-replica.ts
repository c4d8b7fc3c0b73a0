/**
 * A second copy of the key store, kept up to date in another place: the loss of the store is the loss
 * of every record. What is destroyed here is destroyed there first, so that a receipt is true of both.
 */
import { StartProblem } from '../database/start-problem.ts';
import { type KeyStore, LOG_OWNERS, type StoredKeys, type WrappedKey } from './key-store.ts';
import type { Shredded, ShredList } from './shred-list.ts';

/** Where the copy is. Everything is durable on return, and throws while it cannot be reached. */
export interface KeyReplica {
  /** For people. */
  readonly place: string;
  read(): StoredKeys;
  add(keys: readonly WrappedKey[]): void;
  /** Nothing of them is left in its files. */
  destroy(owners: readonly string[]): void;
  become(keys: StoredKeys): void;
  shredded(): Iterable<Shredded>;
  noteShredded(entries: Iterable<Shredded>): void;
}

type OnProblem = (what: string, error: unknown) => void;

/** A key store and its copy as one key store. */
export class ReplicatedKeyStore implements KeyStore {
  readonly #primary: KeyStore;
  readonly #replica: KeyReplica;
  readonly #shredList: ShredList;
  readonly #onProblem: OnProblem;
  #isBehind = false;
  #isOpening = true;

  /** Two that contradict each other are for a person to judge: then nothing is opened. */
  constructor(ports: {
    primary: KeyStore;
    replica: KeyReplica;
    shredList: ShredList;
    onProblem: OnProblem;
  }) {
    this.#primary = ports.primary;
    this.#replica = ports.replica;
    this.#shredList = ports.shredList;
    this.#onProblem = ports.onProblem;
    this.catchUp();
    this.#isOpening = false;
  }

  /** The copy cannot be reached; the keys here work all the same. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Makes both equal. A key that only the copy has is not one that was destroyed: it is taken back. */
  catchUp(): void {
    this.#inReplica(() => {
      const theirs = this.#replica.read();
      for (const entry of this.#replica.shredded()) this.#shredList.learn(entry);
      this.#takeBack(theirs);
      const ours = this.#primary.read();
      if (ours.root !== undefined && !isEqual(ours, theirs)) this.#replica.become(ours);
      this.#replica.noteShredded(this.#shredList.all());
      this.#isBehind = false;
    });
  }

  #takeBack(theirs: StoredKeys): void {
    const ours = this.#primary.read();
    const missing = [...theirs.keys].filter(
      ([owner]) => !ours.keys.has(owner) && !this.#isDestroyed(owner, ours),
    );
    if (theirs.root === undefined || (ours.root !== undefined && missing.length === 0)) return;
    if (ours.root === undefined || !isSame(ours.root, theirs.root))
      throw new Contradiction(this.#replica.place, ours.root === undefined);
    this.#primary.add(missing.map(([owner, wrapped]) => ({ owner, wrapped })));
  }

  /** Erased, or the key of an hour of the log that has had its time. */
  #isDestroyed(owner: string, ours: StoredKeys): boolean {
    if (this.#shredList.get(owner) !== undefined) return true;
    const oldestHour = [...ours.keys.keys()].filter((one) => one.startsWith(LOG_OWNERS)).sort()[0];
    return owner.startsWith(LOG_OWNERS) && oldestHour !== undefined && owner < oldestHour;
  }

  /** True when it is done there as well. */
  #inReplica(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (error instanceof Contradiction && this.#isOpening) throw error;
      this.#isBehind = true;
      this.#onProblem('write the copy of the key store', error);
      return false;
    }
  }

  /** What is missed now is made good by the next `catchUp`. */
  #alsoThere(work: () => void): void {
    if (!this.#isBehind) this.#inReplica(work);
  }

  root(): Uint8Array | undefined {
    return this.#primary.root();
  }

  get(owner: string): Uint8Array | undefined {
    return this.#primary.get(owner);
  }

  owners(prefix: string): string[] {
    return this.#primary.owners(prefix);
  }

  read(): StoredKeys {
    return this.#primary.read();
  }

  add(keys: readonly WrappedKey[]): void {
    this.#primary.add(keys);
    this.#alsoThere(() => this.#replica.add(keys));
  }

  found(root: Uint8Array, keys: readonly WrappedKey[]): void {
    this.#primary.found(root, keys);
    this.#alsoThere(() => this.#replica.become(this.#primary.read()));
  }

  replace(root: Uint8Array, rewrap: (key: WrappedKey) => Uint8Array): void {
    this.#primary.replace(root, rewrap);
    this.#alsoThere(() => this.#replica.become(this.#primary.read()));
  }

  clearCopies(owners: readonly string[]): boolean {
    if (this.#isBehind) this.catchUp();
    return !this.#isBehind && this.#inReplica(() => this.#replica.destroy(owners));
  }

  destroy(owners: readonly string[]): void {
    this.#primary.destroy(owners);
    this.#alsoThere(() => this.#replica.destroy(owners));
  }

  copyTo(path: string): void {
    this.#primary.copyTo(path);
  }

  get changes(): number {
    return this.#primary.changes;
  }

  /** The list of destroyed keys lies beside both. */
  get shredList(): ShredList {
    const list = this.#shredList;
    return {
      ...list,
      add: (entry) => {
        list.add(entry);
        this.#alsoThere(() => this.#replica.noteShredded([entry]));
      },
    };
  }

  [Symbol.dispose](): void {
    this.#primary[Symbol.dispose]();
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

function isEqual(a: StoredKeys, b: StoredKeys): boolean {
  if (!isSame(a.root, b.root) || a.keys.size !== b.keys.size) return false;
  return [...a.keys].every(([owner, wrapped]) => isSame(wrapped, b.keys.get(owner)));
}

class Contradiction extends StartProblem {
  constructor(place: string, isNew: boolean) {
    const what = isNew
      ? 'There is no key store here, but a copy of one'
      : 'The key store here lacks keys that its copy has, and the copy is of another root key';
    super(
      'KEY_STORE_UNUSABLE',
      `${what} (${place}). Put the copy in its place: npx ausculta keys restore ${place}/keys.sqlite. Or, if the copy is of another installation, set AUSCULTA_KEY_REPLICA_DIR to an empty directory.`,
    );
  }
}
