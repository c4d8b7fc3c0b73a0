import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDataDirectory } from '../apps/server/src/database/data-directory.ts';
import { startEmbeddedPostgres } from '../apps/server/src/database/embedded.ts';
import { databaseFault } from '../apps/server/src/database/fault.ts';
import { type Database, openDatabase } from '../apps/server/src/database/open.ts';
import { openConnection } from '../apps/server/src/database/pool.ts';
import { StartProblem } from '../apps/server/src/database/start-problem.ts';

/** One data directory for the whole story, as one machine would have it. */
let dataDir = '';
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
});
after(() => rm(dataDir, { recursive: true, force: true }));

async function open(options: { readonly embeddedPort?: number } = {}): Promise<Database> {
  const dataDirectory = await openDataDirectory({ path: dataDir });
  const database = await openDatabase({ dataDirectory, randomBytes, ...options }).catch((error) => {
    dataDirectory[Symbol.dispose]();
    throw error;
  });
  return {
    ...database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      dataDirectory[Symbol.dispose]();
    },
  };
}

function problem(code: string, says: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof StartProblem, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, says);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  };
}

async function postmasterPid(): Promise<number> {
  return Number(
    (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0],
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function storedRows(database: Database): Promise<number> {
  return (await database.line`SELECT FROM organisation WHERE name = 'acknowledged'`).length;
}

test('starts from nothing, keeps its secrets to itself, and listens on no network', async () => {
  await using database = await open();
  assert.equal(database.state(), 'running');
  const [shown] = await database.line`
    SELECT current_setting('listen_addresses') AS addresses, current_setting('password_encryption') AS hash,
      current_setting('fsync') AS fsync, current_setting('log_min_messages') AS log,
      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super`;
  assert.deepEqual(shown, {
    addresses: '',
    hash: 'scram-sha-256',
    fsync: 'on',
    log: 'log',
    super: false,
  });
  const [secrets, run, cluster] = await Promise.all(
    ['postgres-secrets.json', 'run', 'postgres'].map((name) => stat(join(dataDir, name))),
  );
  assert.deepEqual(
    [secrets, run, cluster].map((entry) => (entry?.mode ?? 0) & 0o077),
    [0, 0, 0],
  );
  await database.line`INSERT INTO organisation (id, name) VALUES (gen_random_uuid(), 'acknowledged')`;
});

test('a restart finds what was stored', async () => {
  await using database = await open();
  assert.equal(await storedRows(database), 1);
});

test('what is stored or asked for never reaches its log', async () => {
  const canary = 'canary-of-a-patient-name';
  const database = await open();
  await assert.rejects(async () => database.line`SELECT ${canary}::uuid`, { code: '22P02' });
  await assert.rejects(async () => database.line.unsafe(`SELEKT '${canary}'`), { code: '42601' });
  await database[Symbol.asyncDispose]();
  assert.doesNotMatch(await readFile(join(dataDir, 'postgres.log'), 'utf8'), new RegExp(canary));
});

test('after kill -9 of the server its PostgreSQL is taken over and nothing stored is missing', async () => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.resolve('./support/embedded-child.ts')), dataDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [said] = await once(child.stdout, 'data');
  assert.equal(String(said), 'stored\n');
  await assert.rejects(
    open(),
    problem('DATA_DIRECTORY_IN_USE', /Another Ausculta server .* Stop it first/),
  );

  child.kill('SIGKILL');
  await once(child, 'exit');
  const leftover = await postmasterPid();
  assert.ok(isAlive(leftover), 'PostgreSQL outlives the killed server');

  await using database = await open();
  assert.equal(await storedRows(database), 2);
  assert.notEqual(
    await postmasterPid(),
    leftover,
    'there is one PostgreSQL on the data, and it is ours',
  );
});

test('a PostgreSQL that is killed is restarted; until then the store is away, not broken', async () => {
  await using database = await open();
  const killed = await postmasterPid();
  process.kill(killed, 'SIGKILL');
  const faults = new Set<string>();
  for (let attempt = 0; attempt < 500; attempt += 1) {
    await sleep(10);
    const outcome = await storedRows(database).catch(
      (error: unknown) => databaseFault(error)?.code ?? error,
    );
    if (outcome === 2 && (await postmasterPid()) !== killed) break;
    if (outcome !== 2) faults.add(String(outcome));
  }
  assert.equal(await storedRows(database), 2);
  assert.equal(database.state(), 'running');
  assert.deepEqual([...faults], ['STORE_UNAVAILABLE']);
});

test('a pid file that names a stranger is no obstacle, and the stranger is not touched', async () => {
  const stranger = spawn('sleep', ['60']);
  await writeFile(
    join(dataDir, 'postgres', 'postmaster.pid'),
    `${stranger.pid}\n${dataDir}/postgres\n`,
  );
  {
    await using database = await open();
    assert.equal(await storedRows(database), 2);
  }
  assert.ok(isAlive(stranger.pid ?? 0));
  stranger.kill();
});

test('listens on loopback where asked to, and a taken port is said with its mend', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const embeddedPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await assert.rejects(
    open({ embeddedPort }),
    problem('PORT_TAKEN', /AUSCULTA_POSTGRES_PORT to a free port/),
  );
  server.close();
  await once(server, 'close');

  await using database = await open({ embeddedPort });
  const [shown] = await database.line`SELECT current_setting('listen_addresses') AS addresses`;
  assert.deepEqual(shown, { addresses: '127.0.0.1' });
});

test('a first start that was cut short is taken up again', async () => {
  const dataDirectory = await openDataDirectory({ path: dataDir });
  {
    await using embedded = await startEmbeddedPostgres({ dataDirectory, randomBytes });
    const sql = openConnection(embedded.superuser);
    await sql.unsafe('ALTER DATABASE ausculta RENAME TO kept');
    await sql.end();
  }
  dataDirectory[Symbol.dispose]();
  await using database = await open();
  assert.equal(await storedRows(database), 0);
});

test('lost secrets, another version and a damaged start each have one line with a mend', async () => {
  const secrets = join(dataDir, 'postgres-secrets.json');
  await rename(secrets, `${secrets}.away`);
  await assert.rejects(
    open(),
    problem('POSTGRES_SECRETS_UNUSABLE', /is missing.*Restore that file/),
  );
  await writeFile(secrets, '{');
  await assert.rejects(
    open(),
    problem('POSTGRES_SECRETS_UNUSABLE', /is damaged.*Restore that file/),
  );
  await rename(`${secrets}.away`, secrets);

  const version = join(dataDir, 'postgres', 'PG_VERSION');
  await writeFile(version, '14\n');
  await assert.rejects(open(), problem('POSTGRES_DATA_VERSION', /PostgreSQL 14, .* DATABASE_URL/));
  await writeFile(version, '18\n');

  const control = join(dataDir, 'postgres', 'global', 'pg_control');
  await rename(control, `${control}.away`);
  await assert.rejects(
    open(),
    problem('POSTGRES_DID_NOT_START', /did not start: .*More is in .*postgres\.log/),
  );
  await rename(`${control}.away`, control);
  await using database = await open();
  assert.equal(database.postgresMajor, 18);
});
