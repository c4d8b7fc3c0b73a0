/** `ausculta keys backup DIR` and `ausculta keys restore FILE`: the keys, apart from what they open. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { openDataDirectory } from '../database/data-directory.ts';
import { StartProblem } from '../database/start-problem.ts';
import { writeWholeFile } from '../database/whole-file.ts';
import { KeyBackups } from '../vault/key-backups.ts';
import { unwrapRoot } from '../vault/master-key.ts';
import { keyDirectory, knownMasterKeys } from '../vault/open-vault.ts';
import { judgeBy, RECEIPTS, signingKeyIn } from '../vault/receipt-proof.ts';
import { createSeal, type Seal } from '../vault/seal.ts';
import { type Judge, openShredList } from '../vault/shred-list.ts';
import { copyKeyStore, openSqliteKeyStore, readKeyStore } from '../vault/sqlite-key-store.ts';
import { wrapContext } from '../vault/vault.ts';
import type { CommandPorts } from './ground.ts';

const STORE = 'keys.sqlite';
const SHREDDED = 'shredded.jsonl';

const keysOf = ({ config }: CommandPorts): string =>
  keyDirectory({
    dataDirectory: { path: resolve(config.dataDir) },
    keyStoreDir: config.keyStoreDir,
  });

/** Beside a running server. Those in DIR that have had their time go, as the server's own do. */
export async function backUpKeys(
  ports: CommandPorts,
  { words: [given = ''] }: { words: readonly string[] },
): Promise<number> {
  const { outside, asJson, writeOut } = ports;
  const from = keysOf(ports);
  const directory = resolve(given);
  readKeyStore(join(from, STORE));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const source = { changes: 1, copyTo: (path: string) => copyKeyStore(join(from, STORE), path) };
  const backups = new KeyBackups(directory, source);
  const path = backups.make(outside.nowMs());
  backups.expire(outside.nowMs());
  // Whoever restores the keys alone must not bring back what was erased since.
  const list = join(from, SHREDDED);
  if (existsSync(list)) await writeWholeFile(join(directory, SHREDDED), readFileSync(list));
  if (asJson) writeOut(JSON.stringify({ keysBackedUp: { path } }));
  else {
    writeOut(`Keys backed up to ${path}; it expires in 7 days, at the next such backup here.`);
    writeOut('They open with the master key alone: keep that in another place than this.');
  }
  return 0;
}

export async function restoreKeys(
  ports: CommandPorts,
  { words: [given = ''], replace }: { words: readonly string[]; replace: boolean },
): Promise<number> {
  const { asJson, writeOut } = ports;
  const file = expectFile(resolve(given));
  const directory = keysOf(ports);
  using dataDirectory = await openDataDirectory({
    path: resolve(ports.config.dataDir),
    diskReserveBytes: 0,
  });
  const { keys, root } = await expectWhole(ports, dataDirectory, file);
  const target = join(directory, STORE);
  if (!replace) expectNothingLost(target, keys);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  copyFileSync(file, `${target}.partial`);
  chmodSync(`${target}.partial`, 0o600);
  rmSync(`${target}-journal`, { force: true });
  renameSync(`${target}.partial`, target);
  const signing = signingKeyIn(keys.get(RECEIPTS), { root, context: wrapContext(RECEIPTS) });
  const judge = judgeBy({ key: signing?.public, hasKey: (owner) => keys.has(owner) });
  const { destroyed, unproven } = shredAgain(directory, dirname(file), judge);
  if (asJson) writeOut(JSON.stringify({ keysRestored: { keys: keys.size, destroyed, unproven } }));
  else {
    writeOut(`Restored ${keys.size} keys to ${directory}.`);
    if (destroyed > 0)
      writeOut(`${destroyed} of them were of erased subjects, and are destroyed again.`);
    if (unproven > 0)
      writeOut(
        `ATTENTION: ${unproven} more stand in the list of destroyed keys without a receipt that this installation has signed. They are kept: see who has changed the list.`,
      );
  }
  return 0;
}

function expectFile(path: string): string {
  if (!(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)) return path;
  const newest = readdirSync(path)
    .filter((name) => name.endsWith('.sqlite'))
    .sort()
    .at(-1);
  const mend = newest === undefined ? '' : `, the newest is ${join(path, newest)}`;
  throw new StartProblem(
    'KEY_STORE_UNUSABLE',
    `${path} is a directory: name one of its backups of keys${mend}.`,
  );
}

/** It opens with the master key that is here, and so does each of its keys. */
async function expectWhole(
  { config, outside }: CommandPorts,
  dataDirectory: Disposable & { path: string },
  file: string,
): Promise<{ readonly keys: ReadonlyMap<string, Uint8Array>; readonly root: Seal }> {
  const { randomBytes } = outside;
  const { root: wrapped, keys } = readKeyStore(file);
  if (wrapped === undefined) throw notKeys(file, 'it holds no root key');
  const { masterKey } = config;
  const { known } = await knownMasterKeys({ dataDirectory, masterKey, randomBytes });
  const opened = await unwrapRoot(wrapped, known);
  const root = createSeal(opened.root, randomBytes);
  for (const [owner, key] of keys) {
    if (!root.open(key, wrapContext(owner)).ok)
      throw notKeys(file, `the key of ${owner} does not open`);
  }
  return { keys, root };
}

/** A store that can be read is newer than its backups: what they lack would be lost. */
function expectNothingLost(target: string, keys: ReadonlyMap<string, Uint8Array>): void {
  if (!existsSync(target)) return;
  let lacking: string[];
  try {
    lacking = [...readKeyStore(target).keys.keys()].filter((owner) => !keys.has(owner));
  } catch {
    return;
  }
  if (lacking.length === 0) return;
  throw new StartProblem(
    'RESTORE_TARGET_NOT_EMPTY',
    `The key store here can be read, and has ${lacking.length} keys that the backup lacks: what they open would be lost. If that is meant, add --replace.`,
  );
}

/** Both lists are applied: the one here, and the one that lay beside the backup. */
function shredAgain(
  directory: string,
  backupDir: string,
  judge: Judge,
): { readonly destroyed: number; readonly unproven: number } {
  const list = openShredList(join(directory, SHREDDED), judge);
  // Who can change what lies beside a backup of the keys can change the backup.
  const besideIt: Judge = (entry) => judge(entry, 'beside-the-store');
  const theirs = openShredList(join(backupDir, SHREDDED), besideIt);
  for (const entry of theirs.all()) list.add(entry);
  using store = openSqliteKeyStore(join(directory, STORE));
  const again = store.owners('subject/').filter((owner) => list.get(owner) !== undefined);
  store.destroy(again);
  return { destroyed: again.length, unproven: Math.max(list.refused(), theirs.refused()) };
}

function notKeys(file: string, why: string): StartProblem {
  return new StartProblem(
    'KEY_STORE_UNUSABLE',
    `${file} is no whole backup of a key store: ${why}. Use another one; the server keeps some in backups beside the key store.`,
  );
}
