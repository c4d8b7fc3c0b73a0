/**
 * Puts a base backup in place and lets PostgreSQL read the archived log up to a moment, or to its end.
 * All of it happens beside the final place: half a restore is never taken for a database.
 */
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { firstGap, restoreCommand } from '../database/archive.ts';
import {
  clusterDirIn,
  expectEnterable,
  hasCluster,
  makeSocketDir,
  removeSocketDir,
} from '../database/cluster.ts';
import { connectionsAt } from '../database/embedded.ts';
import { openConnection } from '../database/pool.ts';
import { findBinaries } from '../database/postgres-binaries.ts';
import { SOCKET_PORT, serverArguments } from '../database/postgres-settings.ts';
import { closedDirectory, postgresUser } from '../database/postgres-user.ts';
import { startPostmaster, stopPostmaster } from '../database/postmaster.ts';
import { postgresSecrets, SECRETS_FILE } from '../database/secrets.ts';
import { StartProblem } from '../database/start-problem.ts';
import { writeWholeFile } from '../database/whole-file.ts';
import { endArchive } from './cluster-store.ts';
import { checksumOf, copyFile, listTree, syncTree } from './file-copy.ts';
import { keyProblemOf } from './key-check.ts';
import { archiveIn, type ClusterManifest, damaged, unusable } from './manifest.ts';
import { readCounts } from './store.ts';
import type { Restored, RestoreTask } from './tasks.ts';

/** A base of yesterday and a day of full intake: PostgreSQL reads some 50 MB of log a second. */
const RECOVERED_WITHIN_MS = 6 * 3_600_000;

type User = Awaited<ReturnType<typeof postgresUser>>;

export async function restoreCluster(task: RestoreTask): Promise<Restored> {
  const { dataDirectory, backup, backupDir, toMs } = task;
  const { manifest } = backup;
  if (manifest.kind !== 'cluster') {
    throw unusable(
      'This is a backup of a PostgreSQL of your own. Set DATABASE_URL to an empty one.',
    );
  }
  const clusterDir = clusterDirIn(dataDirectory.path);
  if (await hasCluster(clusterDir)) {
    throw new StartProblem(
      'RESTORE_TARGET_NOT_EMPTY',
      `${dataDirectory.path} already holds a database. Set AUSCULTA_DATA_DIR to an empty directory, or move ${clusterDir} away.`,
    );
  }
  const user = await postgresUser(clusterDir);
  await expectEnterable(dataDirectory.path, user);
  const binaries = await findBinaries(dataDirectory.path, user);
  expectMajor(manifest, binaries.major);
  await expectWholeLog(task, manifest, user);
  const workDir = `${clusterDir}.restoring`;
  await rm(workDir, { recursive: true, force: true });
  try {
    await putFiles(task, manifest, workDir);
    await giveAll(workDir, user);
    const secrets = await readSecrets(backup.directory, manifest);
    await writeWholeFile(join(dataDirectory.path, SECRETS_FILE), secrets);
    const restored = await recover(task, {
      workDir,
      user,
      program: binaries.postgres,
      backupDir,
      toMs,
    });
    await rename(workDir, clusterDir);
    await syncTree(dataDirectory.path);
    return restored;
  } catch (error) {
    await rm(workDir, { recursive: true, force: true });
    throw error;
  }
}

async function readSecrets(directory: string, { secrets }: ClusterManifest): Promise<string> {
  const path = join(directory, SECRETS_FILE);
  if (secrets !== undefined && (await checksumOf(path)).sha256 !== secrets.sha256)
    throw damaged(path, 'does not have its checksum');
  return await readFile(path, 'utf8');
}

function expectMajor(manifest: ClusterManifest, major: string): void {
  if (String(manifest.postgresMajor) === major) return;
  throw new StartProblem(
    'POSTGRES_DATA_VERSION',
    `The backup is of PostgreSQL ${manifest.postgresMajor}, and this version of Ausculta brings ${major}. Restore it with Ausculta ${manifest.madeBy}.`,
  );
}

async function expectWholeLog(
  { backupDir, toMs }: RestoreTask,
  { firstSegment, lastSegment }: ClusterManifest,
  user: User,
): Promise<void> {
  const archiveDir = archiveIn(backupDir);
  // Up to a moment PostgreSQL itself says when the log ends before it; without one it would not mind.
  const isLastTheEnd = toMs !== undefined;
  const gap = await firstGap(archiveDir, { first: firstSegment, last: lastSegment, isLastTheEnd });
  if (gap !== undefined) {
    throw unusable(
      `The log in ${archiveDir} has a gap: ${gap}. Bring that file from another copy, or give --to a time before it.`,
    );
  }
  const closed = user === undefined ? undefined : await closedDirectory(archiveDir, user);
  if (closed === undefined) return;
  throw unusable(
    `PostgreSQL does not run as root, and its user may not enter ${closed} on the way to the backup. Run: chmod o+x ${closed}`,
  );
}

async function putFiles(
  { backup: { directory }, ports }: RestoreTask,
  manifest: ClusterManifest,
  workDir: string,
): Promise<void> {
  await mkdir(workDir, { mode: 0o700 });
  for (const path of manifest.directories) {
    await mkdir(join(workDir, path), { recursive: true, mode: 0o700 });
  }
  let bytes = 0;
  for (const { path, bytes: size, sha256 } of manifest.files) {
    const from = join(directory, 'cluster', path);
    const copied = await copyFile(from, join(workDir, path));
    if (copied === undefined) throw damaged(from, 'is missing');
    if (copied.bytes !== size) throw damaged(from, `has ${copied.bytes} bytes instead of ${size}`);
    if (copied.sha256 !== sha256) throw damaged(from, 'does not have its checksum');
    bytes += size;
    ports.progress(`${(bytes / 2 ** 20).toFixed(0)} MiB put in place`);
  }
  await writeFile(join(workDir, 'recovery.signal'), '', { mode: 0o600 });
}

async function giveAll(workDir: string, user: User): Promise<void> {
  await chmod(workDir, 0o700);
  if (user === undefined) return;
  const { files, directories } = await listTree(workDir);
  for (const path of ['', ...directories, ...files]) {
    await chown(join(workDir, path), user.uid, user.gid);
  }
}

interface Recovery {
  readonly workDir: string;
  readonly user: User;
  readonly program: string;
  readonly backupDir: string;
  readonly toMs: number | undefined;
}

async function recover(task: RestoreTask, recovery: Recovery): Promise<Restored> {
  const { dataDirectory, ports } = task;
  const { workDir, user, program, backupDir, toMs } = recovery;
  const socketDir = await makeSocketDir(dataDirectory.path, user);
  const settings: Record<string, string> = {
    restore_command: restoreCommand(archiveIn(backupDir)),
    // Ready means read to its end: not already when somebody could look on.
    hot_standby: 'off',
    recovery_target_timeline: 'current',
    recovery_target_action: 'promote',
    ...(toMs === undefined
      ? {}
      : {
          recovery_target_time: new Date(toMs).toISOString().replace('T', ' ').replace('Z', '+00'),
        }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = {
    program,
    arguments: [...serverArguments(workDir, { socketDir, port: undefined }), ...flags],
    clusterDir: workDir,
    logFile: join(dirname(workDir), 'postgres.log'),
    user,
    readyWithinMs: RECOVERED_WITHIN_MS,
  };
  const postmaster = await startPostmaster(command).catch((cause: unknown) => {
    throw notRecovered(cause, recovery);
  });
  try {
    const secrets = await postgresSecrets(dataDirectory.path, {
      hasCluster: true,
      randomBytes: ports.outside.randomBytes,
    });
    const { connection, superuser } = connectionsAt(
      { host: socketDir, port: SOCKET_PORT },
      secrets,
    );
    const administration = openConnection(superuser);
    await endArchive(administration).finally(() => administration.end());
    const sql = openConnection(connection);
    try {
      return { counts: await readCounts(sql), keyProblem: await keyProblemOf(task, sql) };
    } finally {
      await sql.end();
    }
  } finally {
    await stopPostmaster(postmaster.pid, postmaster.isRunning);
    await removeSocketDir(dataDirectory.path, socketDir);
  }
}

function notRecovered(cause: unknown, { toMs, backupDir }: Recovery): unknown {
  const said = cause instanceof Error ? cause.message : '';
  if (toMs === undefined || !/before configured recovery target/.test(said)) return cause;
  return unusable(
    `The log in ${backupDir} ends before that moment. Give an earlier --to, or none for all that there is.`,
    cause,
  );
}
