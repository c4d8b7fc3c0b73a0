/** A machine, two backups of it, and what was written between and after them: for tests of restoring. */
import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, startServerProcess } from './program.ts';
import { type ServerUnderTest, type TestDevice, temporaryDirectory } from './server.ts';

/** Of the test file that loads this; every file runs in a process of its own. */
const home = await temporaryDirectory();
await chmod(home, 0o711);
export const place = (name: string): string => join(home, name);
export const [dataDir, backupDir, keyBackups] = ['data', 'backup', 'key-backups'].map(place) as [
  string,
  string,
  string,
];

interface Answer {
  readonly code: number | null;
  readonly lines: Record<string, never>[];
  readonly stderr: string;
}

async function run(at: string, ...args: string[]): Promise<Answer> {
  const { code, output } = await runCommand([...args, '--json'], { AUSCULTA_DATA_DIR: at });
  const lines = output.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { code, lines, stderr: output.stderr.replaceAll(/^….*\n/gm, '') };
}

export async function done<T>(what: string, at: string, ...args: string[]): Promise<T> {
  const { code, lines, stderr } = await run(at, ...args);
  assert.equal(code, 0, stderr);
  return lines.at(-1)?.[what] as T;
}

/** One line, with its mend, and nothing left behind. */
export async function refused(says: RegExp, at: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await run(at, ...args);
  assert.equal(code, 1, stderr);
  assert.match(stderr, says);
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  const left = await readdir(at).catch(() => [] as string[]);
  assert.deepEqual(
    left.filter((name) => /restoring|partial/.test(name)),
    [],
  );
}

export async function say(
  server: ServerUnderTest,
  device: TestDevice,
  spo2: number,
): Promise<void> {
  const values = JSON.stringify({ time: Date.now(), values: { spo2 } });
  assert.equal((await server.send(device, values)).status, 202);
}

export const valuesOf = async (server: ServerUnderTest, id: string): Promise<number[]> =>
  (await server.readings(id, 'spo2')).map(({ value }) => value);

export interface Restored {
  readonly counts: Record<string, number>;
  readonly then: Record<string, number>;
  readonly keyProblem?: string;
  readonly tookMs: number;
}

export interface BackedUp {
  readonly kept: TestDevice;
  readonly erased: TestDevice;
  /** After the backup and the value 72, before the value 73 and another patient. */
  readonly momentMs: number;
  readonly baseDir: string;
  readonly bytes: number;
  readonly tookMs: number;
}

/** A backup while the server works, twice into one place; then more readings, and a moment between. */
export async function backUp(): Promise<BackedUp> {
  await using running = await startServerProcess(dataDir);
  const { server } = running;
  const kept = await server.addPatient('Kept');
  const erased = await server.addPatient('Erased');
  for (const device of [kept, erased]) await say(server, device, 71);
  await done('backup', dataDir, 'backup', backupDir);
  const second = await done<{ directory: string; bytes: number; tookMs: number }>(
    'backup',
    dataDir,
    'backup',
    backupDir,
  );
  await say(server, kept, 72);
  await sleep(50);
  const momentMs = Date.now();
  await sleep(50);
  await say(server, kept, 73);
  await server.addPatient('Late');
  await done('keysBackedUp', dataDir, 'keys-backup', keyBackups);
  await running.stop();
  return {
    kept,
    erased,
    momentMs,
    baseDir: second.directory,
    bytes: second.bytes,
    tookMs: second.tookMs,
  };
}

export async function keyFile(): Promise<string> {
  const names = (await readdir(keyBackups)).filter((name) => name.endsWith('.sqlite'));
  return join(keyBackups, names.sort().at(-1) ?? '');
}

/** As an operator does on a new machine: the master key from its own safe, the keys, the database. */
export async function restoreAll(at: string, ...args: string[]): Promise<Restored> {
  await mkdir(at, { mode: 0o711 });
  await copyFile(join(dataDir, 'master.key'), join(at, 'master.key'));
  await done('keysRestored', at, 'keys-restore', await keyFile());
  return await done<Restored>('restored', at, 'restore', backupDir, ...args);
}
