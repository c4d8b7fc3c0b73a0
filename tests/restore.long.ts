/** Restores that each start a PostgreSQL: all that was archived, erasures, a time too late, other keys. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Erasure } from '@ausculta/contract/erasure';
import {
  backUp,
  backupDir,
  dataDir,
  done,
  keyBackups,
  keyFile,
  place,
  type Restored,
  refused,
  restoreAll,
  valuesOf,
} from './support/backup-drill.ts';
import { startServerProcess } from './support/program.ts';

const { kept, erased } = await backUp();

test('without a time, all that was archived comes back; the counts are those of the old machine', async () => {
  const at = place('all');
  await restoreAll(at);
  const { counts } = await done<{ counts: object }>('verified', at, 'verify');
  const before = await done<{ counts: object }>('verified', dataDir, 'verify');
  assert.deepEqual(counts, before.counts);
  await refused(/already holds a database/, at, 'restore', backupDir);
  await refused(/another course of this database/, at, 'backup', backupDir);
});

test('an erasure after the backup of the keys holds: the list lies beside them', async () => {
  const at = place('all');
  {
    await using running = await startServerProcess(dataDir);
    const { identity } = await running.server.get<{ identity: { recordNumber: string } }>(
      `/api/subjects/${erased.subjectId}`,
    );
    const { recordNumber } = identity;
    await running.server.post<Erasure>(`/api/subjects/${erased.subjectId}/erasure`, {
      recordNumber,
      stopMonitoring: true,
    });
    await running.stop();
  }
  const older = await keyFile();
  await done('keysBackedUp', dataDir, 'keys-backup', keyBackups);
  const told = await done<{ destroyed: number }>(
    'keysRestored',
    at,
    'keys-restore',
    older,
    '--replace=true',
  );
  assert.equal(told.destroyed, 1);
  await using running = await startServerProcess(at);
  assert.equal((await running.server.fetch(`/api/subjects/${erased.subjectId}`)).status, 404);
  assert.deepEqual(await valuesOf(running.server, kept.subjectId), [71, 72, 73]);
  await running.stop();
});

test('a time after the end of the log is refused', async () => {
  const at = place('never');
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const told = ['restore', backupDir, '--to', later, '--unproven=1'];
  await refused(/ends before that moment.*earlier --to/, at, ...told);
});

test('with another master key the database comes back, and says that it does not open', async () => {
  const at = place('never');
  await writeFile(join(at, 'master.key'), randomBytes(32), { mode: 0o600 });
  await mkdir(join(at, 'keys'));
  await copyFile(await keyFile(), join(at, 'keys/keys.sqlite'));
  const told = ['restore', backupDir, '--unproven=1'];
  const restored = await done<Restored>('restored', at, ...told);
  assert.match(restored.keyProblem ?? '', /master key does not open the key store/);
});
