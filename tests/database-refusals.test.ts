import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterDirIn, makeCluster } from '../apps/server/src/database/cluster.ts';
import { type Connection, parseDatabaseUrl } from '../apps/server/src/database/connection.ts';
import { openDataDirectory } from '../apps/server/src/database/data-directory.ts';
import { openDatabase } from '../apps/server/src/database/open.ts';
import { openConnection } from '../apps/server/src/database/pool.ts';
import { findBinaries } from '../apps/server/src/database/postgres-binaries.ts';
import { DURABILITY } from '../apps/server/src/database/postgres-settings.ts';
import { postgresUser } from '../apps/server/src/database/postgres-user.ts';
import { startPostmaster, stopPostmaster } from '../apps/server/src/database/postmaster.ts';
import { StartProblem } from '../apps/server/src/database/start-problem.ts';
import { emptyDatabase, type TestDatabase } from './support/database.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
const dataDirectory = await openDataDirectory({ path: dataDir });
after(async () => {
  dataDirectory[Symbol.dispose]();
  await rm(dataDir, { recursive: true, force: true });
});

/** Starts on an external database as `DATABASE_URL` would, and expects to be told why not. */
async function refuses(external: Connection, code: string, says: RegExp): Promise<void> {
  await assert.rejects(openDatabase({ dataDirectory, external, randomBytes }), (error: unknown) => {
    assert.ok(error instanceof StartProblem, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, says);
    assert.doesNotMatch(error.message, /\n|hunter2/);
    return true;
  });
}

function urlOf(url: string): Connection {
  const connection = parseDatabaseUrl(url);
  assert.ok(typeof connection !== 'string');
  return connection;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

async function asSuperuser(database: TestDatabase, statement: string): Promise<void> {
  const sql = openConnection(database.superuser);
  await sql.unsafe(statement).finally(() => sql.end());
}

test('a DATABASE_URL that leads nowhere says which part to mend', async (t) => {
  const port = await freePort();
  await t.test('nothing listens', () =>
    refuses(
      urlOf(`postgres://ausculta:hunter2@127.0.0.1:${port}/ward`),
      'DATABASE_UNREACHABLE',
      new RegExp(`Nothing listens at ausculta@127.0.0.1:${port}/ward\\. Start that`),
    ),
  );
  await t.test('no such host', () =>
    refuses(
      urlOf('postgres://ausculta:hunter2@nowhere.invalid/ward'),
      'DATABASE_UNREACHABLE',
      /The host nowhere\.invalid of DATABASE_URL cannot be found/,
    ),
  );
  await t.test('no such socket', () =>
    refuses(
      urlOf(`postgres://ausculta:hunter2@localhost/ward?host=${dataDir}`),
      'DATABASE_UNREACHABLE',
      /There is no PostgreSQL socket in/,
    ),
  );
});

test('a DATABASE_URL that is not let in says why', async (t) => {
  await using database = await emptyDatabase();
  const { connection } = database;
  await t.test('wrong password', () =>
    refuses(
      { ...connection, password: 'hunter2' },
      'DATABASE_REFUSED_LOGIN',
      /refused the password of "ausculta"/,
    ),
  );
  await t.test('no such user', () =>
    refuses(
      { ...connection, user: 'nobody-here' },
      'DATABASE_REFUSED_LOGIN',
      /"nobody-here", or has no such user/,
    ),
  );
  await t.test('no such database', () =>
    refuses(
      { ...connection, database: 'absent' },
      'DATABASE_MISSING',
      /CREATE DATABASE "absent" OWNER "ausculta";/,
    ),
  );
  await t.test('a superuser', () =>
    refuses(database.superuser, 'DATABASE_ROLE_TOO_STRONG', /"postgres" is a superuser/),
  );
  await t.test("somebody else's database", async () => {
    await asSuperuser(database, `ALTER DATABASE ${connection.database} OWNER TO postgres`);
    await refuses(connection, 'DATABASE_UNSUITABLE', /may not make tables/);
  });
});

test('synchronous_commit switched off for one role alone is found, and the mend works', async () => {
  await using database = await emptyDatabase();
  const { database: name } = database.connection;
  await asSuperuser(
    database,
    `ALTER ROLE ausculta IN DATABASE ${name} SET synchronous_commit = off`,
  );
  const mend = `ALTER ROLE "ausculta" IN DATABASE "${name}" RESET synchronous_commit;`;
  await refuses(database.connection, 'DATABASE_NOT_DURABLE', new RegExp(mend));
  await asSuperuser(database, mend);
  await using opened = await openDatabase({
    dataDirectory,
    external: database.connection,
    randomBytes,
  });
  assert.equal(opened.state(), 'external');
});

test('a PostgreSQL that would forget at a power cut is refused, and each mend works', async () => {
  await using server = await startCarelessPostgres();
  for (const name of DURABILITY) {
    await server.run(`ALTER SYSTEM SET ${name} = off`);
    await server.run('SELECT pg_reload_conf()');
    await server.settingIs(name, 'off');
    await refuses(
      server.connection,
      'DATABASE_NOT_DURABLE',
      new RegExp(`${name} = off.* ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf\\(\\);`),
    );
    await server.run(`ALTER SYSTEM SET ${name} = on`);
    await server.run('SELECT pg_reload_conf()');
    await server.settingIs(name, 'on');
  }
  await using opened = await openDatabase({
    dataDirectory,
    external: server.connection,
    randomBytes,
  });
  assert.equal((await opened.line`SELECT FROM organisation`).length, 0);
});

test("as root, a data directory that PostgreSQL's user may not enter is said, with the way out", async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root lends PostgreSQL another user');
  const closed = join(dataDir, 'closed');
  await mkdir(closed, { mode: 0o700 });
  await chmod(closed, 0o700);
  using directory = await openDataDirectory({ path: join(closed, 'data') });
  await assert.rejects(
    openDatabase({ dataDirectory: directory, randomBytes }),
    (error: unknown) =>
      error instanceof StartProblem &&
      error.message.includes(`may not enter ${closed} `) &&
      error.message.includes('AUSCULTA_DATA_DIR=/var/lib/ausculta'),
  );
});

/** An administrator's own PostgreSQL: our arguments do not protect it. */
async function startCarelessPostgres() {
  const user = await postgresUser(clusterDirIn(dataDir));
  const binaries = await findBinaries(dataDir, user);
  const clusterDir = clusterDirIn(dataDir);
  await makeCluster(clusterDir, { binaries, user, password: 'hunter2' });
  await writeFile(join(clusterDir, 'postgresql.auto.conf'), "listen_addresses = ''\n");
  const postmaster = await startPostmaster({
    program: binaries.postgres,
    arguments: ['-D', clusterDir, '-k', clusterDir],
    clusterDir,
    logFile: join(dataDir, 'careless.log'),
    user,
  });
  const superuser: Connection = {
    host: clusterDir,
    port: 5432,
    database: 'postgres',
    user: 'postgres',
    password: 'hunter2',
    ssl: 'disable',
  };
  const sql = openConnection(superuser);
  await sql.unsafe("CREATE ROLE ward LOGIN PASSWORD 'hunter2'");
  await sql.unsafe('CREATE DATABASE ward OWNER ward');
  return {
    connection: { ...superuser, user: 'ward', database: 'ward' },
    run: (statement: string) => sql.unsafe(statement),
    async settingIs(name: string, value: string): Promise<void> {
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const [row] = await sql`SELECT current_setting(${name}) AS value`;
        if (row?.['value'] === value) return;
        await sleep(10);
      }
      assert.fail(`${name} did not become ${value}`);
    },
    async [Symbol.asyncDispose]() {
      await sql.end();
      await stopPostmaster(postmaster.pid, postmaster.isRunning);
    },
  };
}
