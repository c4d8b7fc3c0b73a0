/**
 * A base backup of the embedded PostgreSQL, which brings no pg_basebackup: the files of the cluster,
 * copied while it works, between pg_backup_start and pg_backup_stop; the log of that time makes them one.
 */
import {
  access,
  chown,
  mkdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';

import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@ausculta/vitals/expect';
import { archiveLinkOf } from '../database/archive.ts';
import { clusterDirIn } from '../database/cluster.ts';
import { openConnection } from '../database/pool.ts';
import { closedDirectory, postgresUser } from '../database/postgres-user.ts';
import { SECRETS_FILE } from '../database/secrets.ts';
import { writeWholeFile } from '../database/whole-file.ts';
import { signBackup } from './backup-proof.ts';
import { beginBackup, endBackup, keepArchiveFresh, readClusterFacts } from './cluster-store.ts';
import { checksumOf, copyFile, listTree, syncTree } from './file-copy.ts';
import {
  archiveIn,
  type BackupFile,
  type ClusterManifest,
  unusable,
  writeManifest,
} from './manifest.ts';
import type { BackupTask } from './tasks.ts';

/** Made anew by PostgreSQL at its start; their directories have to be there. */
const EMPTIED = [
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
];
const LEFT_OUT =
  /^(postmaster\.(pid|opts)|backup_label(\.old)?|recovery\.signal|pg_internal\.init|pgsql_tmp.*)$/;

const isLeftOut = (path: string): boolean =>
  LEFT_OUT.test(basename(path)) || EMPTIED.some((name) => path.startsWith(`${name}/`));

/** The segment that ends a backup is handed over at once, unless the archive cannot be written. */
const ARCHIVED_WITHIN_MS = 120_000;

export async function backUpCluster(task: BackupTask): Promise<ClusterManifest> {
  const { ground, backupDir, partialDir, ports, common } = task;
  const { superuser, dataDirectory } = ground;
  expect(superuser !== undefined, 'the embedded PostgreSQL has a superuser');
  const clusterDir = clusterDirIn(dataDirectory.path);
  await expectOwnCourse(task, clusterDir);
  await beginArchive(clusterDir, archiveIn(backupDir));
  const sql = openConnection(superuser);
  try {
    await keepArchiveFresh(sql);
    const facts = await readClusterFacts(sql);
    const firstSegment = await beginBackup(sql);
    const { files, directories } = await copyCluster(task, clusterDir);
    const { lastSegment, label } = await endBackup(sql);
    const labelPath = join(partialDir, 'cluster', 'backup_label');
    await writeFile(labelPath, label, { mode: 0o600 });
    files.push({ path: 'backup_label', ...(await checksumOf(labelPath)) });
    const secrets = await copyFile(
      join(dataDirectory.path, SECRETS_FILE),
      join(partialDir, SECRETS_FILE),
    );
    expect(secrets !== undefined, 'a cluster has its passwords beside it');
    await archived(archiveIn(backupDir), lastSegment);
    const manifest: ClusterManifest = {
      ...common,
      ...facts,
      ...{ kind: 'cluster', firstSegment, lastSegment, directories, files, secrets },
      finishedMs: ports.outside.nowMs(),
    };
    await syncTree(partialDir);
    await writeManifest(partialDir, manifest);
    if (task.signingKey !== undefined) await signBackup(partialDir, task.signingKey);
    await rename(partialDir, partialDir.replace(/\.partial$/, ''));
    await syncTree(backupDir);
    return manifest;
  } catch (error) {
    await rm(partialDir, { recursive: true, force: true });
    throw error;
  } finally {
    await sql.end();
  }
}

/** From here on each finished segment goes there; one that cannot be written stays where it is. */
async function beginArchive(clusterDir: string, archiveDir: string): Promise<void> {
  await mkdir(archiveDir, { recursive: true, mode: 0o700 });
  const user = await postgresUser(clusterDir);
  if (user !== undefined) {
    await chown(archiveDir, user.uid, user.gid);
    const closed = await closedDirectory(archiveDir, user);
    if (closed !== undefined) {
      throw unusable(
        `PostgreSQL does not run as root, and its user may not enter ${closed} on the way to the backup. Run: chmod o+x ${closed}`,
      );
    }
  }
  const link = archiveLinkOf(clusterDir);
  if ((await readlink(link).catch(() => '')) === archiveDir) return;
  await rm(`${link}.partial`, { force: true });
  await symlink(archiveDir, `${link}.partial`);
  await rename(`${link}.partial`, link);
}

/**
 * Two courses of one database, such as one that went on and one that was restored, name their log
 * alike: they must not share an archive. A restored data directory has no course before its first backup.
 */
async function expectOwnCourse(
  { backupDir, ports }: BackupTask,
  clusterDir: string,
): Promise<void> {
  const [own, known] = await Promise.all(
    [`${clusterDir}.course`, join(backupDir, 'course')].map((path) =>
      readFile(path, 'utf8').catch(() => undefined),
    ),
  );
  if (known !== undefined && known !== own) {
    throw unusable(
      `${backupDir} holds backups of another course of this database, or of another one. Name an empty directory.`,
    );
  }
  const course = own ?? `${ports.outside.newId()}\n`;
  await writeWholeFile(`${clusterDir}.course`, course);
  await writeWholeFile(join(backupDir, 'course'), course);
}

async function copyCluster(
  { ports, partialDir }: BackupTask,
  clusterDir: string,
): Promise<{ files: BackupFile[]; directories: string[] }> {
  const tree = await listTree(clusterDir, isLeftOut);
  const files: BackupFile[] = [];
  let bytes = 0;
  for (const path of tree.files) {
    const copied = await copyFile(join(clusterDir, path), join(partialDir, 'cluster', path));
    if (copied === undefined) continue;
    files.push({ path, ...copied });
    bytes += copied.bytes;
    ports.progress(`${(bytes / 2 ** 20).toFixed(0)} MiB copied`);
  }
  return { files, directories: tree.directories };
}

async function archived(archiveDir: string, segment: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < ARCHIVED_WITHIN_MS; waitedMs += 50) {
    const isThere = await access(join(archiveDir, segment)).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await sleep(50);
  }
  throw unusable(
    `PostgreSQL does not bring its log to ${archiveDir}. See that there is room and that its user may write there, then run this again.`,
  );
}
