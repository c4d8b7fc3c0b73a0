/** `ausculta restore DIR [--to TIME] [--unproven]`: into an empty data directory or an empty database. */
import { resolve } from 'node:path';
import { openDataDirectory } from '../database/data-directory.ts';
import { migrationNames } from '../database/migrate.ts';
import { StartProblem } from '../database/start-problem.ts';
import { expectProof, proofOf, signingKeyHere } from './backup-proof.ts';
import { restoreCluster } from './cluster-restore.ts';
import { restoreDump } from './dump-backup.ts';
import type { CommandPorts } from './ground.ts';
import { type Backup, chooseBackup, unusable } from './manifest.ts';
import type { Counts } from './store.ts';
import type { RestoreTask } from './tasks.ts';

export async function restore(
  ports: CommandPorts,
  {
    words: [given = ''],
    to,
    isUnproven,
  }: { readonly words: readonly string[]; readonly to?: string; readonly isUnproven: boolean },
): Promise<number> {
  const { outside, config, asJson, writeOut } = ports;
  const startMs = outside.nowMs();
  const toMs = to === undefined ? undefined : readTime(to);
  const backupDir = resolve(given);
  using dataDirectory = await openDataDirectory({
    path: resolve(config.dataDir),
    diskReserveBytes: 0,
  });
  const backup = await chooseBackup(backupDir, toMs);
  await expectKnownSchema(backup);
  const proof = await proofOf(backup.directory, await signingKeyHere(dataDirectory, ports));
  if (!isUnproven) expectProof(backup.directory, proof);
  const task: RestoreTask = { ports, backupDir, backup, dataDirectory, toMs };
  const { counts, keyProblem } = await (config.database === undefined
    ? restoreCluster(task)
    : restoreDump(task, config.database));
  const tookMs = outside.nowMs() - startMs;
  if (asJson) {
    const { directory, manifest } = backup;
    const then = manifest.counts;
    writeOut(
      JSON.stringify({ restored: { from: directory, proof, counts, then, keyProblem, tookMs } }),
    );
  } else {
    writeOut(`Restored from ${backup.directory} in ${(tookMs / 1000).toFixed(1)} s.`);
    for (const [what, count] of Object.entries(counts)) {
      const then = backup.manifest.counts[what as keyof Counts];
      writeOut(`${what}: ${count} (${then} when the backup began)`);
    }
    writeOut(
      keyProblem ??
        'Its keys are here. Run ausculta audit restored and ausculta verify, then start the server.',
    );
  }
  return 0;
}

function readTime(text: string): number {
  const atMs = Date.parse(text);
  if (Number.isFinite(atMs) && /(Z|[+-]\d\d:\d\d)$/.test(text)) return atMs;
  throw unusable('--to must be a time with its zone, such as 2026-11-21T09:30:00Z.');
}

async function expectKnownSchema({ manifest }: Backup): Promise<void> {
  const known = new Set(await migrationNames());
  const unknown = manifest.migrations.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new StartProblem(
    'SCHEMA_NEWER',
    `The backup was made by Ausculta ${manifest.madeBy} and has the schema change ${unknown}, which this version does not know. Restore it with that version or a newer one.`,
  );
}
