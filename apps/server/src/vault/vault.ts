/**
 * The vault: a key for each subject, each organisation and each hour of the log, all wrapped by one
 * root key. What is sealed under a subject's key is noise, wherever copies of it lie, once that key
 * is destroyed; so erasing a subject is a matter of 32 bytes.
 */
import { createHmac } from 'node:crypto';
import { expect } from '@ausculta/vitals/expect';
import { StartProblem } from '../database/start-problem.ts';
import type { RandomBytes } from '../outside.ts';
import type { KeyBackups } from './key-backups.ts';
import type { ReplicatedKeyStore } from './key-replica.ts';
import { type KeyStore, LOG_OWNERS, type WrappedKey } from './key-store.ts';
import { type MasterKey, type MasterKeys, unwrapRoot } from './master-key.ts';
import { AUDIT_HEADS, RECEIPTS, type SigningKey, signingKeyOf } from './receipt-proof.ts';
import { createSeal, deriveKey, openingAlso, type Seal } from './seal.ts';
import type { Shredded, ShredList } from './shred-list.ts';

const KEY_BYTES = 32;

/** What opens the rows of a database from before subjects had keys of their own. */
export const LEGACY = 'legacy/data';
const PARKED = 'parked/';
export const ofLogTable = (table: string): string => LOG_OWNERS + table;

/** How the store and the list of destroyed keys name a subject's key. */
export const ofSubject = (id: string): string => `subject/${id}`;
/** What was parked of nobody known: by the day on which it came. */
export const ofParkedDay = (receivedMs: number): string =>
  `${PARKED}${new Date(receivedMs).toISOString().slice(0, 10)}`;
export const ofOrganisation = (id: string): string => `organisation/${id}`;
export const wrapContext = (owner: string): string => `key/${owner}`;

/**
 * What is parked waits so long for a person; then it goes, and the key of its day with it. With the
 * backups of that key, an erasure is complete within 30 days (safety S29).
 */
export const PARKED_KEPT_MS = 20 * 24 * 3_600_000;

/** The keys of subjects, as the rooms see them that store what is theirs. */
export interface SubjectKeys {
  /** Undefined when the subject has no key: what would be sealed for it is let go. */
  readonly sealOf: (subjectId: string) => Seal | undefined;
  /** Makes keys for those that have none; durable on return. Never again for one that was destroyed. */
  readonly keep: (subjectIds: readonly string[]) => void;
  readonly isShredded: (subjectId: string) => boolean;
  /** Opens what was sealed before there were keys of subjects. */
  readonly legacy: Seal | undefined;
}

/** The keys of the log: one for each of its hourly tables. */
export interface LogKeys {
  readonly toWrite: (table: string) => Seal;
  readonly toRead: (table: string) => Seal | undefined;
  /** Destroys the keys of all tables before this one. */
  readonly retireBefore: (table: string) => void;
}

export interface VaultPorts {
  readonly store: KeyStore;
  readonly shredList: ShredList;
  readonly backups: Pick<KeyBackups, 'times' | 'tidy'>;
  /** Where it is known already, as its master key may be another service's to ask for. */
  readonly unwrapped?: { readonly root: Uint8Array; readonly by: MasterKey } | undefined;
  /** Undefined where the store has no copy that is kept up to date. */
  readonly replica: Pick<ReplicatedKeyStore, 'isBehind' | 'catchUp'> | undefined;
  readonly masterKeys: MasterKeys;
  readonly randomBytes: RandomBytes;
}

/** A data directory from before the key store: its master key, and the log tables that it has. */
export interface Legacy {
  readonly masterKey: Uint8Array;
  readonly logTables: readonly string[];
}

export class Vault implements SubjectKeys, LogKeys, Disposable {
  readonly #ports: VaultPorts;
  #root: Seal;
  /** By subject, and by organisation: unwrapped once. */
  readonly #ofSubject = new Map<string, Seal>();
  readonly #ofOrganisation = new Map<string, Seal>();
  readonly legacy: Seal | undefined;
  #rotating: Promise<void> = Promise.resolve();

  static async open(ports: VaultPorts, legacy: Legacy | undefined): Promise<Vault> {
    const { store, masterKeys, randomBytes } = ports;
    if (store.root() === undefined) await foundStore(ports, legacy);
    const wrapped = store.root();
    expect(wrapped !== undefined, 'a key store has a root key');
    const { root, by } = ports.unwrapped ?? (await unwrapRoot(wrapped, masterKeys.known));
    const vault = new Vault(ports, createSeal(root, randomBytes));
    vault.#shredAgain();
    if (masterKeys.wanted !== undefined && by !== masterKeys.wanted) await vault.rotate();
    else await masterKeys.settle(by);
    return vault;
  }

  private constructor(ports: VaultPorts, root: Seal) {
    this.#ports = ports;
    this.#root = root;
    this.legacy = this.#find(LEGACY);
  }

  /** A backup of the store that was restored has brought keys back that were destroyed since. */
  #shredAgain(): void {
    const { store, shredList } = this.#ports;
    store.destroy(store.owners('subject/').filter((owner) => shredList.get(owner) !== undefined));
  }

  sealOf = (subjectId: string): Seal | undefined => {
    const known = this.#ofSubject.get(subjectId);
    if (known !== undefined) return known;
    const owner = ofSubject(subjectId);
    if (this.#ports.shredList.isClosed(owner)) return undefined;
    const found = this.#find(owner);
    if (found === undefined) return undefined;
    const seal = openingAlso(found, this.legacy);
    this.#ofSubject.set(subjectId, seal);
    return seal;
  };

  isShredded = (subjectId: string): boolean => this.#ports.shredList.isClosed(ofSubject(subjectId));

  keep = (subjectIds: readonly string[]): void => {
    const { store, shredList } = this.#ports;
    const owners = subjectIds
      .map(ofSubject)
      .filter((owner) => !shredList.isClosed(owner) && store.get(owner) === undefined);
    store.add(owners.map((owner) => this.#wrapped(owner)));
  };

  /** For what is no known subject's. */
  organisationSeal = (organisationId: string): Seal => {
    const known = this.#ofOrganisation.get(organisationId);
    if (known !== undefined) return known;
    const seal = openingAlso(this.#findOrMake(ofOrganisation(organisationId)), this.legacy);
    this.#ofOrganisation.set(organisationId, seal);
    return seal;
  };

  /**
   * For what is parked and may name anybody: nobody's erasure would find it, so the key of its day is
   * destroyed when the day has had its time. Opens as well what the organisation's key has sealed.
   */
  parkedSeal = (organisationId: string, receivedMs: number): Seal =>
    openingAlso(this.#findOrMake(ofParkedDay(receivedMs)), this.organisationSeal(organisationId));

  /**
   * Of somebody who is erased: knows their number again as long as the key of that day lasts, and
   * says nothing of it without.
   */
  erasedToken(organisationId: string, recordNumber: string, erasedMs: number): string {
    this.#findOrMake(ofParkedDay(erasedMs));
    const token = this.erasedTokenAgain(organisationId, recordNumber, erasedMs);
    expect(token !== undefined, 'a key that was made is there');
    return token;
  }

  /** Undefined once the key of that day has had its time. */
  erasedTokenAgain(
    organisationId: string,
    recordNumber: string,
    erasedMs: number,
  ): string | undefined {
    const key = this.#unwrap(ofParkedDay(erasedMs));
    return key && tokenOf(deriveKey(key, 'numbers of the erased'), organisationId, recordNumber);
  }

  /** Makes what can be searched unreadable; it opens nothing. */
  searchKey = (organisationId: string): Uint8Array => {
    const owner = `search/${organisationId}`;
    const found = this.#unwrap(owner);
    if (found !== undefined) return found;
    this.#ports.store.add([this.#wrapped(owner)]);
    const made = this.#unwrap(owner);
    expect(made !== undefined, 'a key that was added is there');
    return made;
  };

  toWrite = (table: string): Seal => this.#findOrMake(ofLogTable(table));

  toRead = (table: string): Seal | undefined => this.#find(ofLogTable(table));

  retireBefore = (table: string): void => {
    const { store } = this.#ports;
    store.destroy(store.owners(LOG_OWNERS).filter((owner) => owner < ofLogTable(table)));
  };

  /** Signs receipts: Ed25519, a key of this installation's own. */
  signingKey(): SigningKey {
    return this.#signingKey(RECEIPTS);
  }

  /** Signs heads of the audit. Whoever has the database alone has it not. */
  auditKey(): SigningKey {
    return this.#signingKey(AUDIT_HEADS);
  }

  #signingKey(owner: string): SigningKey {
    const { store } = this.#ports;
    if (store.get(owner) === undefined) store.add([this.#wrapped(owner)]);
    const seed = this.#unwrap(owner);
    expect(seed !== undefined, 'a key that was added is there');
    return signingKeyOf(seed);
  }

  /** From here on nothing of the subject opens: first the list, so that a crash cannot undo it. */
  shred(subjectId: string, what: Omit<Shredded, 'owner'>): void {
    const owner = ofSubject(subjectId);
    this.#ports.shredList.add({ owner, ...what });
    this.#ofSubject.delete(subjectId);
    this.#ports.store.destroy([owner]);
  }

  /** Before anything is promised. False: a copy of the store cannot be reached, and still has the key. */
  clearCopies(subjectId: string): boolean {
    return this.#ports.store.clearCopies([ofSubject(subjectId)]);
  }

  /** Whether there is a second copy of the keys, and whether it has them all. */
  get copy(): 'none' | 'equal' | 'behind' {
    const { replica } = this.#ports;
    if (replica === undefined) return 'none';
    return replica.isBehind ? 'behind' : 'equal';
  }

  shredded(subjectId: string): Shredded | undefined {
    return this.#ports.shredList.get(ofSubject(subjectId));
  }

  allShredded(): Iterable<Shredded> {
    return this.#ports.shredList.all();
  }

  /** Of subjects whose keys are here: receipts that this installation has not signed. Nothing of them was done. */
  get unprovenErasures(): number {
    return this.#ports.shredList.refused();
  }

  oldestBackupMs(): number | undefined {
    return this.#ports.backups.times()[0];
  }

  /**
   * A new root under a new master key; every key is wrapped anew, and nothing that they seal changes.
   * One after the other: of two at once, each would take the other's master key for what is left over.
   */
  rotate(): Promise<void> {
    const mine = this.#rotating.then(() => this.#rotate());
    this.#rotating = mine.catch(() => undefined);
    return mine;
  }

  async #rotate(): Promise<void> {
    const { store, masterKeys, randomBytes } = this.#ports;
    const next = await masterKeys.next();
    const root = randomBytes(KEY_BYTES);
    const seal = createSeal(root, randomBytes);
    const wrapped = await next.wrap(root);
    store.replace(wrapped, ({ owner, wrapped: old }) => {
      const opened = this.#root.open(old, wrapContext(owner));
      expect(opened.ok, 'a key of the store is wrapped by its root');
      return seal.seal(opened.value, wrapContext(owner));
    });
    this.#root = seal;
    await masterKeys.settle(next);
  }

  tidy(nowMs: number): void {
    const { replica, backups } = this.#ports;
    if (replica?.isBehind === true) replica.catchUp();
    const { store } = this.#ports;
    const oldest = ofParkedDay(nowMs - PARKED_KEPT_MS);
    store.destroy(store.owners(PARKED).filter((owner) => owner < oldest));
    backups.tidy(nowMs);
  }

  #findOrMake(owner: string): Seal {
    const found = this.#find(owner);
    if (found !== undefined) return found;
    this.#ports.store.add([this.#wrapped(owner)]);
    const made = this.#find(owner);
    expect(made !== undefined, 'a key that was added is there');
    return made;
  }

  #find(owner: string): Seal | undefined {
    const key = this.#unwrap(owner);
    return key === undefined ? undefined : createSeal(key, this.#ports.randomBytes);
  }

  #unwrap(owner: string): Uint8Array | undefined {
    const wrapped = this.#ports.store.get(owner);
    if (wrapped === undefined) return undefined;
    const opened = this.#root.open(wrapped, wrapContext(owner));
    if (opened.ok) return opened.value;
    throw new StartProblem(
      'KEY_STORE_UNUSABLE',
      'A key of the key store does not open: the store is damaged. Restore it from its newest backup.',
    );
  }

  #wrapped(owner: string): WrappedKey {
    const key = this.#ports.randomBytes(KEY_BYTES);
    return { owner, wrapped: this.#root.seal(key, wrapContext(owner)) };
  }

  [Symbol.dispose](): void {
    this.#ports.store[Symbol.dispose]();
  }
}

function tokenOf(key: Uint8Array, organisationId: string, recordNumber: string): string {
  const named = JSON.stringify([organisationId, recordNumber]);
  return createHmac('sha256', key).update(named).digest('base64url');
}

async function foundStore(ports: VaultPorts, legacy: Legacy | undefined): Promise<void> {
  const { store, masterKeys, randomBytes } = ports;
  const [master] = masterKeys.known;
  expect(master !== undefined, 'there is a master key');
  const root = randomBytes(KEY_BYTES);
  const seal = createSeal(root, randomBytes);
  const wrap = (owner: string, key: Uint8Array): WrappedKey => ({
    owner,
    wrapped: seal.seal(key, wrapContext(owner)),
  });
  const keys: WrappedKey[] = [];
  if (legacy !== undefined) {
    keys.push(wrap(LEGACY, deriveKey(legacy.masterKey, 'data')));
    for (const table of legacy.logTables) {
      keys.push(wrap(ofLogTable(table), deriveKey(legacy.masterKey, table)));
    }
  }
  store.found(await master.wrap(root), keys);
}
