/** Opens the vault of a data directory: which master key, where the store is, and what came before it. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DataDirectory } from '../database/data-directory.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import type { RandomBytes } from '../outside.ts';
import { directoryKeyReplica } from './directory-key-replica.ts';
import { KeyBackups } from './key-backups.ts';
import { fileMasterKeys, readKeyFile } from './key-file.ts';
import { ReplicatedKeyStore } from './key-replica.ts';
import type { KeyStore } from './key-store.ts';
import { environmentMasterKeys, heldMasterKey, type MasterKeys, unwrapRoot } from './master-key.ts';
import { judgeBy, RECEIPTS, signingKeyIn } from './receipt-proof.ts';
import { createSeal, deriveKey, type Seal } from './seal.ts';
import { type Judge, openShredList, type Shredded, type ShredList } from './shred-list.ts';
import { openSqliteKeyStore } from './sqlite-key-store.ts';
import { transitMasterKeys } from './transit-master-key.ts';
import { type Legacy, ofSubject, Vault, type VaultPorts, wrapContext } from './vault.ts';

export type MasterKeySource =
  | { readonly kind: 'file' }
  | {
      readonly kind: 'environment';
      readonly current: Uint8Array;
      readonly previous: Uint8Array | undefined;
    }
  | {
      readonly kind: 'transit';
      readonly url: string;
      readonly keyName: string;
      readonly tokenFile: string;
    };

export interface VaultOptions {
  readonly dataDirectory: DataDirectory;
  readonly masterKey: MasterKeySource;
  /** Undefined: `keys` in the data directory. */
  readonly keyStoreDir: string | undefined;
  /** Undefined: the store has backups alone. */
  readonly keyReplicaDir: string | undefined;
  readonly onProblem: (what: string, error: unknown) => void;
  readonly randomBytes: RandomBytes;
  readonly database: SealedDatabase;
}

/** What the database knows of what is sealed in it. */
export interface SealedDatabase {
  readonly hasSealedData: boolean;
  readonly logTables: readonly string[];
  /** Anything sealed of a subject, with its place: shows whose key it was sealed with. */
  /** The database's copy of the list of destroyed keys. */
  readonly erasures: readonly (Omit<Shredded, 'owner'> & { readonly subjectId: string })[];
  readonly sample: { readonly sealed: Uint8Array; readonly aad: string } | undefined;
}

/** Where the key store lies, with its backups and the list of destroyed keys. */
export function keyDirectory({
  dataDirectory,
  keyStoreDir,
}: {
  readonly dataDirectory: { readonly path: string };
  readonly keyStoreDir: string | undefined;
}): string {
  return resolve(keyStoreDir ?? join(dataDirectory.path, 'keys'));
}

export async function openVault(options: VaultOptions): Promise<Vault> {
  const { database, randomBytes } = options;
  const directory = keyDirectory(options);
  const masterKeys = await masterKeysOf({ ...options, hasSealedData: database.hasSealedData });
  using parts = new DisposableStack();
  const primary = parts.use(openSqliteKeyStore(join(directory, 'keys.sqlite')));
  const unwrapped = await unwrappedOf(primary, masterKeys);
  const shredList = openShredList(
    join(directory, 'shredded.jsonl'),
    judgeOf(primary, unwrapped && createSeal(unwrapped.root, randomBytes)),
  );
  for (const { subjectId, ...entry } of database.erasures) {
    shredList.learn({ owner: ofSubject(subjectId), ...entry });
  }
  const kept = withReplica(options, { store: primary, shredList });
  const isUpgrade = primary.root() === undefined && database.hasSealedData;
  const legacy = isUpgrade ? await readLegacy(options, directory) : undefined;
  const backups = new KeyBackups(join(directory, 'backups'), primary);
  const ports = { ...kept, backups, masterKeys, randomBytes, unwrapped };
  const vault = await Vault.open(ports, legacy);
  // Every backup of the store has it from now on: whoever restores one can prove what was erased.
  vault.signingKey();
  if (vault.unprovenErasures > 0)
    options.onProblem('believe the list of destroyed keys', unproven(vault));
  parts.move();
  return vault;
}

async function unwrappedOf(store: KeyStore, { known }: MasterKeys) {
  const wrapped = store.root();
  return wrapped === undefined ? undefined : await unwrapRoot(wrapped, known);
}

function judgeOf(store: KeyStore, root: Seal | undefined): Judge {
  const key = root && signingKeyIn(store.get(RECEIPTS), { root, context: wrapContext(RECEIPTS) });
  return judgeBy({ key: key?.public, hasKey: (owner) => store.get(owner) !== undefined });
}

function unproven({ unprovenErasures: count }: Vault): Error {
  return new Error(
    `${count} of its entries have no receipt that this installation has signed: nothing was destroyed for them`,
  );
}

/** Both copies are equal from here on, or it is known that they are not. */
function withReplica(
  options: VaultOptions,
  { store: primary, shredList }: { store: KeyStore; shredList: ShredList },
): Pick<VaultPorts, 'store' | 'shredList' | 'replica'> {
  const { keyReplicaDir, onProblem } = options;
  if (keyReplicaDir === undefined) return { store: primary, shredList, replica: undefined };
  const place = resolve(keyReplicaDir);
  if (place === keyDirectory(options)) {
    throw new StartProblem(
      'KEY_STORE_UNUSABLE',
      'AUSCULTA_KEY_REPLICA_DIR is where the key store itself lies. Set it to a directory of another disk.',
    );
  }
  const replica = directoryKeyReplica(place);
  const store = new ReplicatedKeyStore({ primary, replica, shredList, onProblem });
  return { store, shredList: store.shredList, replica: store };
}

/** The master keys alone, for a command that makes none and changes none. */
export async function knownMasterKeys(
  options: Pick<VaultOptions, 'dataDirectory' | 'masterKey' | 'randomBytes'>,
): Promise<MasterKeys> {
  return await masterKeysOf({ ...options, hasSealedData: true });
}

async function masterKeysOf(
  options: Pick<VaultOptions, 'dataDirectory' | 'masterKey' | 'randomBytes'> & {
    readonly hasSealedData: boolean;
  },
): Promise<MasterKeys> {
  const { masterKey, dataDirectory, randomBytes, hasSealedData } = options;
  switch (masterKey.kind) {
    case 'file':
      return await fileMasterKeys({
        dataDirectory,
        randomBytes,
        hasSealedData,
      });
    case 'environment':
      return await orFromFile(options, environmentMasterKeys(masterKey, randomBytes));
    case 'transit': {
      const { url, keyName, tokenFile } = masterKey;
      const token = await readToken(tokenFile);
      return await orFromFile(options, transitMasterKeys({ url, keyName, token }));
    }
    default:
      return masterKey satisfies never;
  }
}

/** An installation that began with a key file goes over to its new provider by itself. */
async function orFromFile(
  options: Pick<VaultOptions, 'dataDirectory' | 'randomBytes'>,
  keys: MasterKeys,
): Promise<MasterKeys> {
  const file = await readKeyFile(options.dataDirectory);
  if (file === undefined) return keys;
  return { ...keys, known: [...keys.known, heldMasterKey(file, options.randomBytes)] };
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new StartProblem(
      'MASTER_KEY_UNUSABLE',
      `The token of the key service cannot be read (${errorCode(cause) || 'unknown reason'}). Set AUSCULTA_KMS_TOKEN_FILE to a file that holds it.`,
      cause,
    );
  }
}

/**
 * Sealed data and no key store: either the data are from before there was one, or the store is gone.
 * A new store must not be made over the loss of the old one, so a sample has to open first.
 */
async function readLegacy(options: VaultOptions, directory: string): Promise<Legacy> {
  const { dataDirectory, database, randomBytes } = options;
  const masterKey = await readKeyFile(dataDirectory);
  const { sample, logTables } = database;
  const seal =
    masterKey === undefined ? undefined : createSeal(deriveKey(masterKey, 'data'), randomBytes);
  const isReadable = sample === undefined || seal?.open(sample.sealed, sample.aad).ok === true;
  if (masterKey !== undefined && isReadable) return { masterKey, logTables };
  throw new StartProblem(
    'MASTER_KEY_UNUSABLE',
    `The database was sealed with keys that are not here: ${directory} holds no key store, and the master key is not the one of this database. Restore the key store and the master key that belong to it, or point AUSCULTA_DATA_DIR and DATABASE_URL at a pair that belongs together.`,
  );
}
