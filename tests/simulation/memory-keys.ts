/**
 * Where keys live while nothing is on a disk: a store and a list of destroyed keys that are durable at
 * once, as theirs are, and in which the process may die before or after anything is done.
 */
import type { KeyStore, WrappedKey } from '../../apps/server/src/vault/key-store.ts';
import { heldMasterKey, type MasterKeys } from '../../apps/server/src/vault/master-key.ts';
import type { Shredded, ShredList } from '../../apps/server/src/vault/shred-list.ts';
import { ofSubject, Vault } from '../../apps/server/src/vault/vault.ts';
import type { Chance } from './chance.ts';

/** Outlives the lives of the server. */
export class KeyDisk {
  root: Uint8Array | undefined;
  keys = new Map<string, Uint8Array>();
  readonly shredded = new Map<string, Shredded>();
  changes = 0;
  /** At the moment at which somebody's key is destroyed. */
  onShred = (_owner: string): void => {};
  readonly #masterKey: Uint8Array;

  constructor(chance: Chance) {
    this.#masterKey = chance.bytes(32);
  }

  isShredded(subjectId: string): boolean {
    return this.shredded.has(ofSubject(subjectId));
  }

  /** `mayDie` throws when the process dies there. */
  async open(
    chance: Chance,
    mayDie: () => void,
    erasures: Iterable<Omit<Shredded, 'owner'> & { readonly subjectId: string }>,
  ): Promise<Vault> {
    const shredList = this.#shredList(mayDie);
    for (const { subjectId, ...entry } of erasures) {
      shredList.add({ owner: ofSubject(subjectId), ...entry });
    }
    const master = heldMasterKey(this.#masterKey, chance.bytes);
    const masterKeys: MasterKeys = {
      known: [master],
      next: async () => master,
      settle: async () => undefined,
      wanted: undefined,
    };
    const backups = { times: () => [], tidy: () => undefined };
    const store = this.#store(mayDie);
    return await Vault.open(
      { store, shredList, backups, replica: undefined, masterKeys, randomBytes: chance.bytes },
      undefined,
    );
  }

  #store(mayDie: () => void): KeyStore {
    const change = (work: () => void): void => {
      mayDie();
      work();
      this.changes += 1;
      mayDie();
    };
    return {
      root: () => this.root,
      get: (owner) => this.keys.get(owner),
      read: () => ({ root: this.root, keys: this.keys }),
      clearCopies: () => true,
      owners: (prefix) => [...this.keys.keys()].filter((owner) => owner.startsWith(prefix)),
      add: (keys) => change(() => this.#add(keys)),
      destroy: (owners) =>
        change(() => {
          for (const owner of owners) this.keys.delete(owner);
        }),
      found: (root, keys) =>
        change(() => {
          this.root = root;
          this.#add(keys);
        }),
      replace: (root, rewrap) =>
        change(() => {
          this.root = root;
          const rewrapped = [...this.keys].map(
            ([owner, wrapped]) => [owner, rewrap({ owner, wrapped })] as const,
          );
          this.keys = new Map(rewrapped);
        }),
      copyTo: () => undefined,
      changes: this.changes,
      [Symbol.dispose]: () => undefined,
    };
  }

  #add(keys: readonly WrappedKey[]): void {
    for (const { owner, wrapped } of keys) {
      if (!this.keys.has(owner)) this.keys.set(owner, wrapped);
    }
  }

  #shredList(mayDie: () => void): ShredList {
    const add: ShredList['add'] = (entry) => {
      if (this.shredded.has(entry.owner)) return;
      mayDie();
      this.shredded.set(entry.owner, entry);
      this.onShred(entry.owner);
      mayDie();
    };
    return {
      all: () => this.shredded.values(),
      get: (owner) => this.shredded.get(owner),
      isClosed: (owner) => this.shredded.has(owner),
      refused: () => 0,
      add,
      // Nobody in there forges.
      learn: add,
    };
  }
}
