import { chmod, mkdir, open, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCode, StartProblem } from './start-problem.ts';

/**
 * Free space below which the server neither starts nor takes anything in: PostgreSQL that fills its disk cannot recover
 * before someone makes room, and 512 MiB holds the write-ahead log of several minutes of full intake.
 */
export const DISK_RESERVE_BYTES = 512 * 1024 * 1024;

/** Whoever holds one is the only server on that directory, until it is disposed or the process dies. */
export interface DataDirectory extends Disposable {
  readonly path: string;
}

export interface DataDirectoryOptions {
  readonly path: string;
  /** DISK_RESERVE_BYTES unless the installation has another. */
  readonly diskReserveBytes?: number;
}

export async function openDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const path = resolve(options.path);
  try {
    await prepare(path);
  } catch (cause) {
    throw unusable(path, cause);
  }
  await expectFreeSpace(path, options.diskReserveBytes ?? DISK_RESERVE_BYTES);
  const lock = lockDirectory(path);
  return { path, [Symbol.dispose]: () => lock.close() };
}

async function prepare(path: string): Promise<void> {
  // As root, PostgreSQL runs as another user, who may pass through here but not look around.
  const isRoot = process.getuid?.() === 0;
  await makeDirectory(path, isRoot ? 0o711 : 0o700);
  if (isRoot) await chmod(path, (await stat(path)).mode | 0o011);

  // Asking for permission proves nothing: root always has it, and so does a full disk.
  const file = await open(join(path, 'server.lock'), 'a', 0o600);
  await file.close();
}

/**
 * With what is missing above it. Node's own recursive mkdir never ends where a directory exists in which
 * none can be made, such as /proc.
 */
async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw cause;
    await makeDirectory(dirname(path), mode);
    await mkdir(path, { mode });
  }
}

/**
 * An exclusive SQLite lock is a kernel lock with a portable face: it dies with the process, however
 * that dies, so there is no stale lock to reason about and no process id to mistake for another's.
 */
function lockDirectory(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, 'server.lock'));
  try {
    lock.exec('PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    throw new StartProblem(
      'DATA_DIRECTORY_IN_USE',
      `Another Ausculta server is using ${path}. Stop it first, or set AUSCULTA_DATA_DIR to another directory.`,
      cause,
    );
  }
}

async function expectFreeSpace(path: string, reserveBytes: number): Promise<void> {
  const freeBytes = await freeBytesAt(path);
  if (freeBytes >= reserveBytes) return;
  throw new StartProblem(
    'DISK_RESERVE_REACHED',
    `The disk of ${path} has ${mebibytes(freeBytes)} MiB free and ${mebibytes(reserveBytes)} MiB are kept in reserve. ` +
      'Free some space, or set AUSCULTA_DATA_DIR to a larger disk.',
  );
}

export async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / (1024 * 1024));
}

function unusable(path: string, cause: unknown): StartProblem {
  const code = errorCode(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StartProblem(
      'DISK_RESERVE_REACHED',
      `The disk of ${path} is full. Free some space, or set AUSCULTA_DATA_DIR to another disk.`,
      cause,
    );
  }
  const isFile = code === 'EEXIST' || code === 'ENOTDIR';
  return new StartProblem(
    'DATA_DIRECTORY_UNUSABLE',
    isFile
      ? `The data directory ${path} is a file, or lies below one. Set AUSCULTA_DATA_DIR to a directory.`
      : `The data directory ${path} cannot be written (${code || 'unknown reason'}). ` +
          'Give this user the right to write there, or set AUSCULTA_DATA_DIR to a directory that it owns.',
    cause,
  );
}
