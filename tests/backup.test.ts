/**
 * The restore drill: a backup while the server works, more readings after it, then an empty machine.
 * What comes back is counted, read, and opened to the last row; a moment is a moment. And whatever can
 * be wrong with a backup ends in one line that says what to do.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Status } from '@ausculta/contract/status';
import {
  backUp,
  backupDir,
  dataDir,
  done,
  keyBackups,
  keyFile,
  place,
  refused,
  restoreAll,
  say,
  valuesOf,
} from './support/backup-drill.ts';
import { startServerProcess } from './support/program.ts';

const { kept, momentMs, baseDir, bytes, tookMs } = await backUp();

test('the drill: restored to the moment, counted, opened to the last row, and read', async (t: TestContext) => {
  const at = place('moment');
  t.diagnostic(`${Math.round(bytes / 2 ** 20)} MiB backed up in ${tookMs} ms`);
  const restored = await restoreAll(at, '--to', new Date(momentMs).toISOString());
  t.diagnostic(`restored in ${restored.tookMs} ms`);
  assert.equal(restored.keyProblem, undefined);
  assert.equal(restored.counts['subjects'], 2, 'who came after the moment is not there');
  {
    await using running = await startServerProcess(at);
    assert.deepEqual(await valuesOf(running.server, kept.subjectId), [71, 72]);
    const status = (await (await running.server.fetch('/api/status')).json()) as Status;
    const archive = status.parts.filter(({ name }) => name === 'archive');
    assert.deepEqual(archive, [], 'nothing keeps its log before it has a backup of its own');
    await say(running.server, kept, 80);
    await running.server.addPatient('Admitted here');
    await running.stop();
  }
  const verified = await done<{ counts: Record<string, number> }>('verified', at, 'verify');
  assert.equal(verified.counts['readings'], 4);
});

/** Another directory with the same backup, to be damaged. */
const bad = place('bad');
const at = place('never');
const name = baseDir.slice(baseDir.lastIndexOf('/') + 1);
const base = join(bad, 'bases', name);
/** Changes one file of the backup, and takes the change back. */
const changed = async (path: string, by: (bytes: Buffer) => string | Uint8Array, says: RegExp) => {
  const bytes = await readFile(join(base, path));
  const sum = await readFile(join(base, 'manifest.sha256'));
  const other = by(Buffer.from(bytes));
  await writeFile(join(base, path), other);
  if (path === 'manifest.json' && other.length > 3) {
    const hex = createHash('sha256').update(other).digest('hex');
    await writeFile(join(base, 'manifest.sha256'), `${hex}\n`);
  }
  await refused(says, at, 'restore', bad, '--unproven=1');
  await writeFile(join(base, path), bytes);
  await writeFile(join(base, 'manifest.sha256'), sum);
};
const withManifest = (change: object) => (bytes: Buffer) =>
  `${JSON.stringify({ ...JSON.parse(bytes.toString()), ...change })}\n`;

test('a damaged, foreign or incomplete backup is refused in one line with its mend', async (t) => {
  await mkdir(join(bad, 'bases'), { recursive: true, mode: 0o711 });
  await rename(join(backupDir, 'wal'), join(bad, 'wal'));
  await rename(baseDir, base);
  await t.test('nothing is there', () =>
    refused(/holds no backup/, at, 'restore', place('nowhere')),
  );
  await t.test('its manifest was changed', () =>
    changed(
      'manifest.json',
      () => '{}\n',
      /manifest\.json does not have its checksum.*Use another one/,
    ),
  );
  await t.test('another PostgreSQL', () =>
    changed(
      'manifest.json',
      withManifest({ postgresMajor: 12 }),
      /of PostgreSQL 12, and this version of Ausculta brings/,
    ),
  );
  await t.test('a newer Ausculta', () =>
    changed(
      'manifest.json',
      withManifest({ migrations: ['0001-ground', '9999-future'], madeBy: '9.9' }),
      /Ausculta 9\.9.*9999-future.*Restore it with that version/,
    ),
  );
  await t.test('a file is cut off', () =>
    changed('cluster/PG_VERSION', () => '1', /PG_VERSION has 1 bytes instead of 3.*damaged/),
  );
  await t.test('a bit of a file is another', () =>
    changed('cluster/PG_VERSION', () => '19\n', /PG_VERSION does not have its checksum/),
  );
});

test('a backup that somebody has changed, checksums and all, is refused where its keys are', async (t) => {
  const keyed = place('keyed');
  await mkdir(keyed, { mode: 0o711 });
  await copyFile(join(dataDir, 'master.key'), join(keyed, 'master.key'));
  await t.test('without its keys nobody can say so', () =>
    refused(/its keys are not here\. Restore them first.*--unproven/, at, 'restore', bad),
  );
  await done('keysRestored', keyed, 'keys-restore', await keyFile());
  const manifest = await readFile(join(base, 'manifest.json'), 'utf8');
  const path = 'cluster/PG_VERSION';
  const forged = manifest.replace('"postgresMajor"', '"forged":1,"postgresMajor"');
  const sha256 = createHash('sha256').update(forged).digest('hex');
  await t.test('its manifest is another, with a sum that fits', async () => {
    const sum = await readFile(join(base, 'manifest.sha256'));
    await writeFile(join(base, 'manifest.json'), forged);
    await writeFile(join(base, 'manifest.sha256'), `${sha256}\n`);
    await refused(/not as this installation signed it.*--unproven/, keyed, 'restore', bad);
    await writeFile(join(base, 'manifest.json'), manifest);
    await writeFile(join(base, 'manifest.sha256'), sum);
  });
  await t.test('its signature is gone', async () => {
    await rename(join(base, 'manifest.sig'), join(base, 'away'));
    await refused(/has no signature.*--unproven/, keyed, 'restore', bad);
    await rename(join(base, 'away'), join(base, 'manifest.sig'));
  });
  await t.test('a file of it is another', async () => {
    const bytes = await readFile(join(base, path));
    await writeFile(join(base, path), '19\n');
    await refused(/PG_VERSION does not have its checksum/, keyed, 'restore', bad);
    await writeFile(join(base, path), bytes);
  });
  await t.test('its passwords are others', async () => {
    const secrets = (await readdir(base)).find((file) => file.includes('secret')) ?? '';
    const text = await readFile(join(base, secrets));
    await writeFile(join(base, secrets), '{}');
    await refused(/does not have its checksum/, keyed, 'restore', bad);
    await writeFile(join(base, secrets), text);
  });
});

test('a wrong time, a missing segment or other keys are refused in one line with their mend', async (t) => {
  await t.test('a time before it, a time that is none', async () => {
    await refused(
      /finished by that time.*later --to/,
      at,
      'restore',
      bad,
      '--to',
      '2020-01-01T00:00:00Z',
    );
    await refused(/--to must be a time with its zone/, at, 'restore', bad, '--to', 'noon');
  });
  await t.test('a segment of its log is missing', async () => {
    const { firstSegment } = JSON.parse(await readFile(join(base, 'manifest.json'), 'utf8')) as {
      firstSegment: string;
    };
    await rename(join(bad, 'wal', firstSegment), join(bad, 'wal', 'away'));
    const gap = new RegExp(`gap: ${firstSegment} is missing.*another copy`);
    await refused(gap, at, 'restore', bad, '--unproven=1');
    await rename(join(bad, 'wal', 'away'), join(bad, 'wal', firstSegment));
  });
  await t.test('another master key', async () => {
    await writeFile(join(at, 'master.key'), randomBytes(32), { mode: 0o600 });
    await refused(/master key does not open the key store/, at, 'keys-restore', await keyFile());
  });
  await t.test('no whole key store, and one that knows more', async () => {
    await writeFile(place('no.sqlite'), 'nonsense');
    await refused(/cannot be read/, dataDir, 'keys-restore', place('no.sqlite'));
    const named = /is a directory: name one of its backups of keys, the newest is .*\.sqlite\./;
    await refused(named, dataDir, 'keys-restore', keyBackups);
    const names = (await readdir(keyBackups)).filter((file) => file.endsWith('.sqlite')).sort();
    await refused(
      /keys that the backup lacks.*--replace/,
      place('moment'),
      'keys-restore',
      join(keyBackups, names.at(-1) ?? ''),
    );
  });
});
