import { execFile } from 'node:child_process';
import {
  access,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { initdbArguments } from './postgres-settings.ts';
import { closedDirectory, type PostgresUser } from './postgres-user.ts';
import { StartProblem } from './start-problem.ts';

const run = promisify(execFile);

/** A unix socket's whole path must fit into 104 bytes on macOS, 108 on Linux. */
const SOCKET_DIR_BYTES_MAX = 80;

export function clusterDirIn(dataDir: string): string {
  return join(dataDir, 'postgres');
}

export async function hasCluster(clusterDir: string): Promise<boolean> {
  return access(join(clusterDir, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}

/** Runs initdb beside the final place and moves the result there: half a cluster is never found. */
export async function makeCluster(
  clusterDir: string,
  made: {
    readonly binaries: PostgresBinaries;
    readonly user: PostgresUser | undefined;
    readonly password: string;
  },
): Promise<void> {
  const partial = `${clusterDir}.partial`;
  const passwordFile = `${clusterDir}.password`;
  await rm(partial, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  try {
    await mkdir(partial, { mode: 0o700 });
    await writeFile(passwordFile, `${made.password}\n`, { mode: 0o600, flag: 'wx' });
    await giveTo(made.user, partial);
    await giveTo(made.user, passwordFile);
    await run(made.binaries.initdb, initdbArguments(partial, passwordFile), {
      cwd: '/',
      env: { LC_ALL: 'C', TZ: 'UTC' },
      ...made.user,
    });
    await rename(partial, clusterDir);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    throw notMade(clusterDir, cause);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** One major version cannot read another's files. */
export async function expectVersion(clusterDir: string, binaries: PostgresBinaries): Promise<void> {
  const major = (await readFile(join(clusterDir, 'PG_VERSION'), 'utf8')).trim();
  if (major === binaries.major) return;
  throw new StartProblem(
    'POSTGRES_DATA_VERSION',
    `${clusterDir} was written by PostgreSQL ${major}, but this version of Ausculta brings ${binaries.major}. ` +
      'Start the version of Ausculta that wrote it, or run a PostgreSQL of your own on it and set DATABASE_URL.',
  );
}

/** PostgreSQL's user must be able to walk to its files; only root can lend a user, so only root meets this. */
export async function expectEnterable(
  dataDir: string,
  user: PostgresUser | undefined,
): Promise<void> {
  const closed = user === undefined ? undefined : await closedDirectory(dataDir, user);
  if (closed === undefined) return;
  throw new StartProblem(
    'DATA_DIRECTORY_UNUSABLE',
    `PostgreSQL does not run as root, and its user may not enter ${closed} on the way to the data directory. ` +
      'Set AUSCULTA_DATA_DIR=/var/lib/ausculta, or start as an ordinary user.',
  );
}

/**
 * A directory for the socket that only PostgreSQL's user and root may enter. A lock that a killed
 * PostgreSQL left there goes: its process id may be anyone's by now, or a zombie's, and PostgreSQL
 * would not start beside it. Nobody else is on this data directory, and a leftover has been stopped.
 */
export async function makeSocketDir(
  dataDir: string,
  user: PostgresUser | undefined,
): Promise<string> {
  const beside = join(dataDir, 'run');
  const isShort = Buffer.byteLength(beside) <= SOCKET_DIR_BYTES_MAX;
  const dir = isShort ? beside : await mkdtemp(join(tmpdir(), 'ausculta-'));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await giveTo(user, dir);
  const leftBehind = (await readdir(dir)).filter((name) => name.startsWith('.s.PGSQL.'));
  for (const name of leftBehind) await rm(join(dir, name), { force: true });
  return dir;
}

/** Leaves nothing behind in the system's temp folder. */
export async function removeSocketDir(dataDir: string, socketDir: string): Promise<void> {
  if (!socketDir.startsWith(dataDir)) await rm(socketDir, { recursive: true, force: true });
}

async function giveTo(user: PostgresUser | undefined, path: string): Promise<void> {
  if (user !== undefined) await chown(path, user.uid, user.gid);
}

function notMade(clusterDir: string, cause: unknown): StartProblem {
  const said =
    typeof cause === 'object' && cause !== null && 'stderr' in cause
      ? String(cause.stderr)
      : String(cause);
  if (said.includes('No space left on device')) {
    return new StartProblem(
      'DISK_RESERVE_REACHED',
      `The database could not be made: the disk of ${clusterDir} is full. Free some space, then start again.`,
      cause,
    );
  }
  const reason =
    said.split('\n').find((line) => /error|FATAL|cannot/.test(line)) ??
    said.split('\n', 1)[0] ??
    '';
  return new StartProblem(
    'POSTGRES_DID_NOT_START',
    `The database could not be made in ${clusterDir}: ${reason} ` +
      'Mend that and start again, or set DATABASE_URL to a PostgreSQL of your own.',
    cause,
  );
}
