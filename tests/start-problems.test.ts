/**
 * What a newcomer can get wrong in the first ten minutes. The program ends with 1 and says on one line
 * what is wrong and how to mend it: no stack, no password, nothing else.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Connection, parseDatabaseUrl } from '../apps/server/src/database/connection.ts';
import { openConnection } from '../apps/server/src/database/pool.ts';
import { freshDatabase, type TestDatabase } from './support/database.ts';
import { runProgram } from './support/program.ts';
import { eventually, freePorts, temporaryDirectory } from './support/server.ts';

const isRoot = process.getuid?.() === 0;
const NO_MOUNT = 'only root may mount a small disk, and not in every container';
const PASSWORD_CANARY = 'hunter2-is-no-password';

let database: TestDatabase;
let ports: Record<string, string> = {};
/** Of every start that comes as far as the database: its key belongs to what is sealed there. */
let home = '';

describe('a start that cannot succeed', () => {
  before(async () => {
    database = await freshDatabase();
    home = await temporaryDirectory();
    const [http, mqtt] = await freePorts(2);
    ports = { AUSCULTA_HTTP_PORT: String(http), AUSCULTA_MQTT_PORT: String(mqtt) };
  });
  after(() => database[Symbol.asyncDispose]());

  /** One line for each problem, each of which says its mend. */
  async function refuses(settings: Record<string, string>, ...says: RegExp[]): Promise<void> {
    const dataDir = settings['AUSCULTA_DATA_DIR'] ?? (await temporaryDirectory());
    const program = runProgram({ ...ports, AUSCULTA_DATA_DIR: dataDir, ...settings });
    assert.equal(await program.ended, 1, program.output.stdout);
    const { stderr, stdout } = program.output;
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, says.length, stderr);
    for (const [i, line] of lines.entries()) assert.match(line, says[i] as RegExp);
    assert.doesNotMatch(stdout, /is ready/);
    assert.doesNotMatch(stderr, new RegExp(`${PASSWORD_CANARY}|    at `));
  }

  test('a list of destinations that is missing, or cannot be used', async () => {
    const settings = { AUSCULTA_DATA_DIR: home, DATABASE_URL: urlOf({}) };
    const file = join(await temporaryDirectory(), 'destinations.json');
    const given = { ...settings, AUSCULTA_WRITE_BACK: file };
    await refuses(given, /AUSCULTA_WRITE_BACK.*\(ENOENT\)\. Mend it/);
    await writeFile(file, JSON.stringify({ destinations: [{ name: 'ehr' }] }));
    await refuses(given, /AUSCULTA_WRITE_BACK.*destinations\.0\.\w+.*Mend it/);
  });

  test('a list of providers that is missing, cannot be used, or names a secret that is not there', async () => {
    const settings = { AUSCULTA_DATA_DIR: home, DATABASE_URL: urlOf({}) };
    const directory = await temporaryDirectory();
    const file = join(directory, 'providers.json');
    const given = { ...settings, AUSCULTA_SIGN_ON: file };
    await refuses(given, /AUSCULTA_SIGN_ON.*\(ENOENT\)\. Mend it/);
    await writeFile(file, JSON.stringify({ providers: [{ name: 'hospital' }] }));
    await refuses(given, /AUSCULTA_SIGN_ON.*providers\.0\.\w+.*Mend it/);
    const credentials = { kind: 'secret', file: join(directory, PASSWORD_CANARY) };
    const provider = { label: 'x', issuer: 'https://a.example', clientId: 'x', credentials };
    await writeFile(file, JSON.stringify({ providers: [{ name: 'hospital', ...provider }] }));
    await refuses(given, /credentials\.file of hospital.*\(ENOENT\)\. Mend it/);
    const organisation = '0e11a5b0-0000-4000-8000-000000000001';
    await writeFile(credentials.file, 'secret');
    const elsewhere = { name: 'hospital', ...provider, organisation };
    await writeFile(file, JSON.stringify({ providers: [elsewhere] }));
    await refuses(given, /organisation is to be the id of one that is here\. Mend it/);
  });

  const countAccounts = async (): Promise<number> => {
    const [row] = await database.line<{ n: number }[]>`SELECT count(*)::int AS n FROM account`;
    return row?.n ?? Number.NaN;
  };

  const urlOf = (change: Partial<Connection>): string => {
    const { host, port, user, password, database: name } = { ...database.connection, ...change };
    const isSocket = host.startsWith('/');
    const place = isSocket ? `localhost:${port}` : `${host}:${port}`;
    const url = `postgres://${user}:${encodeURIComponent(password)}@${place}/${name}${isSocket ? `?host=${encodeURIComponent(host)}` : ''}`;
    assert.equal(typeof parseDatabaseUrl(url), 'object');
    return url;
  };

  for (const setting of ['AUSCULTA_HTTP_PORT', 'AUSCULTA_MQTT_PORT']) {
    test(`${setting} is taken`, async () => {
      const [taken, port] = await occupied();
      await refuses(
        { AUSCULTA_DATA_DIR: home, DATABASE_URL: urlOf({}), [setting]: port },
        new RegExp(
          `^Port ${port} is taken by another program\\. Stop it, or set ${setting} to another port\\.$`,
        ),
      );
      taken.close();
      const accounts = await countAccounts();
      assert.equal(accounts, 0, 'a login that nobody was told of would be lost');
    });
  }

  for (const setting of ['AUSCULTA_HTTP_HOST', 'AUSCULTA_MQTT_HOST']) {
    test(`${setting} is another machine's`, async () => {
      await refuses(
        {
          ...{ AUSCULTA_DATA_DIR: home, DATABASE_URL: urlOf({}) },
          ...{ [setting]: '203.0.113.9', AUSCULTA_PLAINTEXT: 'http,mqtt' },
        },
        new RegExp(
          `^203\\.0\\.113\\.9 is no address of this machine\\. Set ${setting} to one of its own`,
        ),
      );
    });
  }

  test('the certificate of the doors cannot be read, or is none', async () => {
    const none = join(await temporaryDirectory(), 'none.pem');
    const given = { AUSCULTA_DATA_DIR: home, DATABASE_URL: urlOf({}) };
    const tls = { AUSCULTA_TLS_CERT: none, AUSCULTA_TLS_KEY: none };
    await refuses(
      { ...given, ...tls },
      /^AUSCULTA_TLS_CERT names a file that cannot be read \(ENOENT\)\. Mend it\.$/,
    );
    await writeFile(none, 'none');
    await refuses(
      { ...given, ...tls },
      /^AUSCULTA_TLS_CERT and AUSCULTA_TLS_KEY name no certificate/,
    );
  });

  test('the data directory is a file, or lies below one', async () => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'data')])
      await refuses(
        { AUSCULTA_DATA_DIR: path },
        /^The data directory .* is a file, or lies below one\. .*AUSCULTA_DATA_DIR/,
      );
  });

  test('the data directory may not be written', async (t) => {
    const says = /^The data directory .* cannot be written .*AUSCULTA_DATA_DIR/;
    const closed = await temporaryDirectory();
    if (isRoot) {
      // No permission keeps root out; a disk that is read only does.
      using disk = mount(closed, 'ro,size=1m');
      if (disk === undefined) return t.skip(NO_MOUNT);
      return await refuses({ AUSCULTA_DATA_DIR: join(closed, 'data') }, says);
    }
    await chmod(closed, 0o500);
    return await refuses({ AUSCULTA_DATA_DIR: join(closed, 'data') }, says);
  });

  test('the disk is nearly full, or full to the last byte', async (t) => {
    for (const size of ['40m', '64k']) {
      const path = await temporaryDirectory();
      using disk = mount(path, `size=${size}`);
      if (disk === undefined) return t.skip(NO_MOUNT);
      const filler = Buffer.alloc(128 * 1024);
      if (size === '64k') await writeFile(join(path, 'filler'), filler).catch(() => undefined);
      const says = /^The disk of .* (is full|has \d+ MiB free).* Free some space/;
      await refuses({ AUSCULTA_DATA_DIR: join(path, 'data') }, says);
    }
  });

  test('DATABASE_URL leads to no host, no server, no database, no user, or is no address', async () => {
    const [free = 0] = await freePorts(1);
    const password = PASSWORD_CANARY;
    const secret = `postgres://ausculta:${password}@`;
    await refuses(
      { DATABASE_URL: `${secret}nowhere.invalid/ward` },
      /^The host nowhere\.invalid of DATABASE_URL cannot be found\. .+/,
    );
    await refuses(
      { DATABASE_URL: `${secret}127.0.0.1:${free}/ward` },
      /^Nothing listens at ausculta@127\.0\.0\.1:\d+\/ward\. Start .+/,
    );
    await refuses({ DATABASE_URL: urlOf({ password }) }, /refused the password of "ausculta".+/);
    await refuses({ DATABASE_URL: urlOf({ database: 'absent' }) }, /CREATE DATABASE "absent"/);
    await refuses(
      { DATABASE_URL: 'mysql://localhost/ward' },
      /^DATABASE_URL .*Set it to postgres:/,
    );
  });

  test('a PostgreSQL that would forget at a power cut', async () => {
    const { user, database: name } = database.connection;
    const sql = openConnection(database.superuser);
    await sql.unsafe(`ALTER ROLE ${user} IN DATABASE ${name} SET synchronous_commit = off`);
    await refuses(
      { DATABASE_URL: urlOf({}) },
      /synchronous_commit = off.*RESET synchronous_commit;/,
    );
    await sql.unsafe(`ALTER ROLE ${user} IN DATABASE ${name} RESET synchronous_commit`);
    await sql.end();
  });

  test('settings that are none, or have no sense, each on a line of its own', async () => {
    await refuses(
      { AUSCULTA_HTTP_PROT: '8080' },
      /^AUSCULTA_HTTP_PROT is not a setting\. .*AUSCULTA_HTTP_PORT/,
    );
    await refuses(
      { AUSCULTA_HTTP_PORT: 'eighty' },
      /^AUSCULTA_HTTP_PORT is not usable\. Set it to a whole number/,
    );
    await refuses(
      { AUSCULTA_COLOUR: 'blue', AUSCULTA_MQTT_PORT: '0' },
      /^AUSCULTA_COLOUR is not a setting/,
      /^AUSCULTA_MQTT_PORT is not usable/,
    );
  });

  test('two servers on one data directory', async () => {
    const settings = { AUSCULTA_DATA_DIR: home, DATABASE_URL: urlOf({}) };
    const first = runProgram({ ...ports, ...settings });
    const isReady = eventually('the first to be ready', () =>
      first.output.stdout.includes('is ready') ? true : undefined,
    );
    await Promise.race([isReady, first.ended]);
    assert.match(first.output.stdout, /is ready/, first.output.stderr);
    await refuses(settings, /^Another Ausculta server is using .* Stop it first/);
    first.child.kill('SIGTERM');
    assert.equal(await first.ended, 0, 'and the first one stops in good order');
  });
});

async function occupied(): Promise<[Server, string]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return [server, String(typeof address === 'object' ? address?.port : 0)];
}

/** A small disk of its own for as long as it is held; undefined where that is not allowed. */
function mount(path: string, options: string): Disposable | undefined {
  if (!isRoot) return undefined;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { [Symbol.dispose]: () => void execFileSync('umount', [path]) };
}
