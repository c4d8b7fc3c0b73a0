import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { StartProblem } from '../database/start-problem.ts';
import { basesIn, type ClusterManifest, chooseBackup, writeManifest } from './manifest.ts';

const COUNTS = {
  subjects: 0,
  devices: 0,
  chunks: 0,
  readings: 0,
  samples: 0,
  events: 0,
  alarms: 0,
};
const MANIFEST: ClusterManifest = {
  ...{ version: 1, madeBy: '0', finishedMs: 1, postgresMajor: 18, migrations: [], counts: COUNTS },
  ...{ kind: 'cluster', systemIdentifier: '1', firstSegment: 'a', lastSegment: 'a' },
  directories: ['base', 'base/1'],
  files: [{ path: 'base/1/..._fsm', bytes: 0, sha256: '' }],
};

let backupDir = '';
beforeEach(async () => {
  backupDir = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
});
afterEach(() => rm(backupDir, { recursive: true, force: true }));

async function readBack(manifest: ClusterManifest): Promise<unknown> {
  const directory = join(basesIn(backupDir), '20261121T104500000Z');
  await mkdir(directory, { recursive: true });
  await writeManifest(directory, manifest);
  return (await chooseBackup(backupDir, undefined)).manifest;
}

test('what was written is read back', async () => {
  assert.deepEqual(await readBack(MANIFEST), MANIFEST);
});

test('a backup that names a place outside of itself is refused before anything is put anywhere', async () => {
  const damaged = (error: unknown) =>
    error instanceof StartProblem && error.code === 'BACKUP_UNUSABLE';
  for (const path of ['../x', 'base/../../x', '/etc/x', '..', 'base\\..\\..\\x', 'base/\0']) {
    const files = [{ path, bytes: 0, sha256: '' }];
    await assert.rejects(readBack({ ...MANIFEST, files }), damaged, path);
    await assert.rejects(readBack({ ...MANIFEST, directories: [path] }), damaged, path);
  }
});
