import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataDirectory } from '../database/data-directory.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import { writeWholeFile } from '../database/whole-file.ts';
import type { RandomBytes } from '../outside.ts';
import { heldMasterKey, type MasterKey, type MasterKeys } from './master-key.ts';

/**
 * The master key, in a file beside the database and never inside it: whoever steals the database or
 * its backup has noise. Whoever loses this file has noise too.
 */
const FILE = 'master.key';
/** Made by a rotation, and renamed once the key store is wrapped by it. */
const NEXT_FILE = 'master.key.next';
const KEY_BYTES = 32;

export interface MasterKeyOptions {
  readonly dataDirectory: DataDirectory;
  readonly randomBytes: RandomBytes;
  /** With data already sealed under the lost key, a new one would only hide the loss. */
  readonly hasSealedData: boolean;
}

/** The key in the file, and the next one when a rotation was cut short. */
export async function fileMasterKeys(options: MasterKeyOptions): Promise<MasterKeys> {
  const { randomBytes } = options;
  const path = join(options.dataDirectory.path, FILE);
  const nextPath = join(options.dataDirectory.path, NEXT_FILE);
  const current = heldMasterKey(await readMasterKey(options), randomBytes);
  const left = await readKey(nextPath);
  let next: MasterKey | undefined =
    left === undefined ? undefined : heldMasterKey(left, randomBytes);
  return {
    known: next === undefined ? [current] : [current, next],
    wanted: undefined,
    async next() {
      next = heldMasterKey(await makeKey(nextPath, randomBytes), randomBytes);
      return next;
    },
    async settle(inForce) {
      if (inForce === next) await rename(nextPath, path);
      else await rm(nextPath, { force: true });
      await syncDirectory(path);
    },
  };
}

export async function readMasterKey(options: MasterKeyOptions): Promise<Uint8Array> {
  const path = join(options.dataDirectory.path, FILE);
  const key = await readKey(path);
  if (key !== undefined) return key;
  if (options.hasSealedData) {
    throw new StartProblem(
      'MASTER_KEY_UNUSABLE',
      `${path} is missing, and nothing in the database opens without it. Copy your safe copy of it there, or set AUSCULTA_MASTER_KEY: no backup of Ausculta holds it.`,
    );
  }
  return await makeKey(path, options.randomBytes);
}

/** Of a data directory from before the key store, or from before another provider. */
export async function readKeyFile(dataDirectory: DataDirectory): Promise<Uint8Array | undefined> {
  return await readKey(join(dataDirectory.path, FILE));
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new StartProblem(
        'MASTER_KEY_UNUSABLE',
        `Others than its owner may read ${path}, the key to all data. Run: chmod 600 ${path}`,
      );
    }
    const key = await readFile(path);
    if (key.length === KEY_BYTES) return new Uint8Array(key);
    throw new StartProblem(
      'MASTER_KEY_UNUSABLE',
      `${path} has ${key.length} bytes instead of ${KEY_BYTES}, so it is not the key. Copy your safe copy of it there: no backup of Ausculta holds it.`,
    );
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    if (cause instanceof StartProblem) throw cause;
    throw new StartProblem(
      'MASTER_KEY_UNUSABLE',
      `${path} cannot be read (${errorCode(cause) || 'unknown reason'}). Start as the user who owns it.`,
      cause,
    );
  }
}

/** On the disk, whole, before anything is sealed with it. */
async function makeKey(path: string, randomBytes: RandomBytes): Promise<Uint8Array> {
  const key = Uint8Array.from(randomBytes(KEY_BYTES));
  await writeWholeFile(path, key);
  return key;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), 'r');
  await directory.sync().finally(() => directory.close());
}
