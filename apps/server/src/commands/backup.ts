/** `ausculta backup DIR`: a copy of the database as of now, and its log from now on. */
import { mkdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { migrationNames } from '../database/migrate.ts';
import { errorCode } from '../database/start-problem.ts';
import { signingKeyHere } from './backup-proof.ts';
import { prune } from './backup-pruning.ts';
import { backUpCluster } from './cluster-backup.ts';
import { backUpByDump } from './dump-backup.ts';
import { type CommandPorts, openGround } from './ground.ts';
import { backupName, basesIn, unusable } from './manifest.ts';
import { readCounts } from './store.ts';

export async function backup(
  ports: CommandPorts,
  { words: [given = ''] }: { words: readonly string[] },
): Promise<number> {
  const { outside, version, asJson, writeOut } = ports;
  const startMs = outside.nowMs();
  const backupDir = resolve(given);
  await using ground = await openGround(ports);
  if (`${backupDir}${sep}`.startsWith(`${ground.dataDirectory.path}${sep}`)) {
    throw unusable(
      `${backupDir} lies in the data directory, and would be lost with it. Name a directory on another disk.`,
    );
  }
  const directory = join(basesIn(backupDir), backupName(startMs));
  await makeBackupDirectory(backupDir, `${directory}.partial`);
  const common = {
    version: 1,
    madeBy: version,
    migrations: await migrationNames(),
    counts: await readCounts(ground.pools.line),
  } as const;
  const signingKey = await signingKeyHere(ground.dataDirectory, ports);
  const partialDir = `${directory}.partial`;
  const task = { ground, ports, backupDir, partialDir, signingKey, common };
  const isEmbedded = ground.superuser !== undefined;
  const made = await (isEmbedded ? backUpCluster(task) : backUpByDump(task));
  const pruned = await prune(backupDir, {
    nowMs: outside.nowMs(),
    keptDays: ports.config.backupsKeptDays,
  });
  const bytes = made.files.reduce((sum, file) => sum + file.bytes, 0);
  const tookMs = outside.nowMs() - startMs;
  const { counts } = made;
  const isSigned = signingKey !== undefined;
  if (asJson)
    writeOut(
      JSON.stringify({
        backup: { directory, kind: made.kind, bytes, isSigned, counts, tookMs, pruned },
      }),
    );
  else {
    writeOut(
      `Backed up to ${directory}: ${(bytes / 2 ** 20).toFixed(0)} MiB in ${(tookMs / 1000).toFixed(1)} s.`,
    );
    writeOut(
      isEmbedded
        ? 'From now on the log of the database goes there as well, each minute: ausculta restore --to TIME.'
        : 'This is the database as of now. For moments in between, archive its log by its own means.',
    );
    if (pruned.backups.length > 0)
      writeOut(`Older than what is kept, and gone: ${pruned.backups.join(', ')}.`);
    if (!isSigned)
      writeOut(
        'ATTENTION: it is not signed, because the keys do not open here: nothing will show that nobody has changed it.',
      );
    writeOut('Keys are not in it: back them up apart, with ausculta keys backup.');
  }
  return 0;
}

async function makeBackupDirectory(backupDir: string, partialDir: string): Promise<void> {
  try {
    // As root, PostgreSQL runs as another user, who passes through here to bring its log.
    const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
    await mkdir(backupDir, { recursive: true, mode });
    await mkdir(partialDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(
      `${backupDir} cannot be written (${errorCode(cause)}). Name a directory that this user may write to.`,
      cause,
    );
  }
}
