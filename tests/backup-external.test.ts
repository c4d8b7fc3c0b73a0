/**
 * Backup and restore where the database is not ours: dumped by the system's tools while the server
 * works, restored into an empty database beside another data directory, counted, and read.
 */
import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Connection } from '../apps/server/src/database/connection.ts';
import { freshDatabase } from './support/database.ts';
import {
  debianMajor,
  missingDebianPostgres,
  startDebianPostgres,
} from './support/debian-postgres.ts';
import { runCommand, startServerProcess, urlOf } from './support/program.ts';
import { type ServerUnderTest, type TestDevice, temporaryDirectory } from './support/server.ts';

const missing = missingDebianPostgres();

interface Place {
  readonly dataDir: string;
  readonly database: Connection | undefined;
}

/** The last line of what a command says to programs. */
interface Said {
  readonly restored?: {
    readonly counts: Readonly<Record<string, number>>;
    readonly then: Readonly<Record<string, number>>;
    readonly keyProblem?: string;
  };
}

async function command({ dataDir, database }: Place, ...args: string[]) {
  const { code, output } = await runCommand([...args, '--json'], {
    AUSCULTA_DATA_DIR: dataDir,
    ...(database === undefined ? {} : { DATABASE_URL: urlOf(database) }),
  });
  const last = output.stdout.trim().split('\n').at(-1) ?? '';
  const said: Said = last === '' ? {} : JSON.parse(last);
  return { code, said, stderr: output.stderr.replaceAll(/^….*\n/gm, '') };
}

async function refused(says: RegExp, at: Place, ...args: string[]): Promise<void> {
  const { code, stderr } = await command(at, ...args);
  assert.equal(code, 1, stderr);
  assert.match(stderr, says);
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
}

const start = ({ dataDir, database }: Place) =>
  startServerProcess(dataDir, database === undefined ? {} : { DATABASE_URL: urlOf(database) });

async function say(server: ServerUnderTest, device: TestDevice, spo2: number): Promise<void> {
  const body = JSON.stringify({ time: Date.now(), values: { spo2 } });
  assert.equal((await server.send(device, body)).status, 202);
}

const valuesOf = async (server: ServerUnderTest, id: string): Promise<number[]> =>
  (await server.readings(id, 'spo2')).map(({ value }) => value);

test('an external PostgreSQL: dumped while it works, restored elsewhere, counted and read', {
  skip: missing ?? false,
}, async (t: TestContext) => {
  using cluster = startDebianPostgres();
  const home = await temporaryDirectory();
  await chmod(home, 0o711);
  const place = (name: string): string => join(home, name);
  const old: Place = { dataDir: place('old'), database: await cluster.makeDatabase('ward') };
  const fresh: Place = { dataDir: place('new'), database: await cluster.makeDatabase('restored') };
  let patient: TestDevice;
  {
    await using running = await start(old);
    patient = await running.server.addPatient('Kept');
    await say(running.server, patient, 71);
    await say(running.server, patient, 72);
    const made = await command(old, 'backup', place('backup'));
    assert.equal(made.code, 0, made.stderr);
    t.diagnostic(JSON.stringify(made.said));
    await say(running.server, patient, 73);
    const keys = await command(old, 'keys-backup', place('keys'));
    assert.equal(keys.code, 0, keys.stderr);
    await running.stop();
  }

  await mkdir(fresh.dataDir, { mode: 0o700 });
  await copyFile(join(old.dataDir, 'master.key'), join(fresh.dataDir, 'master.key'));
  const [keyFile = ''] = (await readdir(place('keys'))).filter((name) => /sqlite$/.test(name));
  const keys = await command(fresh, 'keys-restore', join(place('keys'), keyFile));
  assert.equal(keys.code, 0, keys.stderr);
  await refused(
    /of one moment: leave --to away/,
    fresh,
    'restore',
    place('backup'),
    '--to',
    new Date().toISOString(),
  );
  const restored = await command(fresh, 'restore', place('backup'));
  assert.equal(restored.code, 0, restored.stderr);
  const { counts, then, keyProblem } = restored.said.restored ?? {};
  assert.equal(keyProblem, undefined);
  assert.equal(counts?.['subjects'], 1);
  assert.deepEqual(counts, then, 'counted in one moment');
  {
    await using running = await start(fresh);
    assert.deepEqual(await valuesOf(running.server, patient.subjectId), [71, 72]);
    await say(running.server, patient, 80);
    await running.stop();
  }
  const verified = await command(fresh, 'verify');
  assert.equal(verified.code, 0, verified.stderr);

  await refused(/is not empty/, fresh, 'restore', place('backup'));
  const embedded: Place = { dataDir: place('embedded'), database: undefined };
  await refused(/DATABASE_URL/, embedded, 'restore', place('backup'), '--unproven=1');
});

test('tools of another version than the server are named, and nothing is left of the backup', {
  skip: missing ?? false,
}, async (t: TestContext) => {
  await using newer = await freshDatabase();
  const [{ major = 0 } = {}] = await newer.line<{ major: number }[]>`
    SELECT current_setting('server_version_num')::integer / 10000 AS major`;
  // Nothing older than the server is installed: there is no wrong version to name.
  if (debianMajor() >= major) return t.skip('the tools here are as new as the server');
  const at: Place = { dataDir: await temporaryDirectory(), database: newer.connection };
  const backupDir = join(await temporaryDirectory(), 'backup');
  await refused(
    /server version: .*Install the client tools of the server's version/,
    at,
    'backup',
    backupDir,
  );
  assert.deepEqual(await readdir(join(backupDir, 'bases')), []);
});

test('where the tools are missing one line says so, and nothing is left of the backup', async () => {
  await using database = await freshDatabase();
  const at: Place = { dataDir: await temporaryDirectory(), database: database.connection };
  const backupDir = join(await temporaryDirectory(), 'backup');
  const { code, output } = await runCommand(['backup', backupDir], {
    AUSCULTA_DATA_DIR: at.dataDir,
    DATABASE_URL: urlOf(database.connection),
    PATH: at.dataDir,
  });
  assert.equal(code, 1, output.stdout);
  assert.match(output.stderr, /^ausculta: pg_dump is not installed here\. Install .*\n$/m);
  assert.deepEqual(await readdir(join(backupDir, 'bases')), []);
  await refused(/holds no backup/, at, 'restore', backupDir);
});
