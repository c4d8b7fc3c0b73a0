import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, readMigrations } from '../apps/server/src/database/migrate.ts';
import {
  asOrganisation,
  openConnection,
  readAsOrganisation,
  type Sql,
  type Transaction,
} from '../apps/server/src/database/pool.ts';
import { StartProblem } from '../apps/server/src/database/start-problem.ts';
import { cuttingProxy } from './support/cutting-proxy.ts';
import { emptyDatabase, freshDatabase } from './support/database.ts';
import { eventually } from './support/server.ts';

interface Ward {
  readonly organisation: string;
  readonly subject: string;
}

/** An organisation with one row in each kind of table that the policies name. */
async function addWard(line: Sql): Promise<Ward> {
  const ward = { organisation: randomUUID(), subject: randomUUID() };
  await line`INSERT INTO organisation (id, name) VALUES (${ward.organisation}, 'Ward')`;
  await line`
    INSERT INTO subject (organisation_id, id, kind, partition)
    VALUES (${ward.organisation}, ${ward.subject}, 'patient', 255)`;
  return ward;
}

test('without a scope nothing is visible, with organisation A nothing of B', async () => {
  await using database = await freshDatabase();
  const [a, b] = [await addWard(database.line), await addWard(database.line)];

  assert.equal((await database.line`SELECT id FROM subject`).length, 2);
  assert.equal((await database.people`SELECT id FROM subject`).length, 0);
  for (const ward of [a, b]) {
    const seen = await asOrganisation(database.people, ward.organisation, async (tx) => ({
      subjects: await tx`SELECT id FROM subject`,
      organisations: await tx`SELECT id FROM organisation`,
    }));
    assert.deepEqual([...seen.subjects], [{ id: ward.subject }]);
    assert.deepEqual([...seen.organisations], [{ id: ward.organisation }]);
  }
  // The scope ended with its transaction: the same connections see nothing again.
  assert.equal((await database.people`SELECT id FROM subject`).length, 0);
});

test('organisation A can neither write into B nor change or delete what is of B', async () => {
  await using database = await freshDatabase();
  const [a, b] = [await addWard(database.line), await addWard(database.line)];
  const asA = <T>(work: Parameters<typeof asOrganisation<T>>[2]) =>
    asOrganisation(database.people, a.organisation, work);

  const refused = { code: '42501' };
  await assert.rejects(
    asA(
      (tx) => tx`
        INSERT INTO subject (organisation_id, id, kind, partition)
        VALUES (${b.organisation}, ${randomUUID()}, 'patient', 0)`,
    ),
    refused,
  );
  await assert.rejects(
    asA((tx) => tx`UPDATE subject SET organisation_id = ${b.organisation}`),
    refused,
  );
  assert.equal((await asA((tx) => tx`DELETE FROM subject WHERE id = ${b.subject}`)).count, 0);
  assert.equal((await database.line`SELECT FROM subject WHERE id = ${b.subject}`).length, 1);
});

test('people never see the book-keeping of the line, whatever their organisation', async () => {
  await using database = await freshDatabase();
  const { organisation } = await addWard(database.line);
  await database.line`INSERT INTO lane (lane, fence) VALUES (0, 1)`;
  const lanes = await asOrganisation(database.people, organisation, (tx) => tx`SELECT FROM lane`);
  assert.equal(lanes.length, 0);
});

test('a failed transaction changes nothing and leaves its connection usable', async () => {
  await using database = await freshDatabase();
  const { organisation } = await addWard(database.line);
  await assert.rejects(
    asOrganisation(database.people, organisation, async (tx) => {
      await tx`UPDATE subject SET paced = 'yes'`;
      throw new Error('the work failed');
    }),
    /the work failed/,
  );
  await assert.rejects(
    asOrganisation(database.people, 'not-an-organisation', (tx) => tx`SELECT FROM subject`),
    { code: '22P02' },
  );
  const rows = await asOrganisation(
    database.people,
    organisation,
    (tx) => tx<{ paced: string }[]>`SELECT paced FROM subject`,
  );
  assert.deepEqual([...rows], [{ paced: 'unknown' }]);
});

test('a question sees its organisation alone, changes nothing, and is told what went wrong', async () => {
  await using database = await freshDatabase();
  const [a, b] = [await addWard(database.line), await addWard(database.line)];
  const asA = <T>(work: Parameters<typeof readAsOrganisation<T>>[2]) =>
    readAsOrganisation(database.people, a.organisation, work);

  const seen = await asA((tx) => tx`SELECT id FROM subject`);
  assert.deepEqual([...seen], [{ id: a.subject }]);
  await assert.rejects(
    asA((tx) => tx`UPDATE subject SET paced = 'yes'`),
    { code: '25006' },
  );
  await assert.rejects(
    asA(() => Promise.reject(new Error('the work failed'))),
    /the work failed/,
  );
  // Neither what was answered nor what failed leaves its scope on a connection.
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      readAsOrganisation(
        database.people,
        (i % 2 === 0 ? a : b).organisation,
        (tx) => tx<{ id: string }[]>`SELECT id FROM subject`,
      ),
    ),
  );
  for (const [i, rows] of many.entries())
    assert.deepEqual([...rows], [{ id: (i % 2 === 0 ? a : b).subject }]);
  assert.equal((await database.people`SELECT id FROM subject`).length, 0);
});

test('a connection that is cut in the middle of a transaction ends that, and neither the pool nor the process', async () => {
  await using database = await freshDatabase();
  const { organisation } = await addWard(database.line);
  // Until they are gone: on a busy machine they live on for a while, and end what is asked next.
  const cut = (tx: Sql | Transaction) => tx`
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE application_name = 'ausculta people' AND datname = current_database()`;
  for (const ask of [asOrganisation, readAsOrganisation]) {
    // While it waits for an answer, and while it works on something else: long enough for the driver to
    // hear that the connection is gone, of which it tells nobody.
    for (const wait of [(tx: Transaction) => tx`SELECT pg_sleep(10)`, () => sleep(200)]) {
      const asked = ask(database.people, organisation, async (tx) => {
        await tx`SELECT id FROM subject`;
        await Promise.all([wait(tx), cut(database.line)]);
      });
      await assert.rejects(asked);
      // As many as the pool has connections. Those that lay idle may not know yet that they were cut, and
      // who asks again may be given another of them.
      const again = () => ask(database.people, organisation, (tx) => tx`SELECT id FROM subject`);
      const asking = Array.from({ length: 8 }, () =>
        eventually('an answer', () => again().catch(() => undefined)),
      );
      const found = await Promise.all(asking);
      for (const rows of found) assert.equal(rows.length, 1);
    }
  }
});

test('a connection that is lost when it has just been opened ends neither the pool nor the process', async () => {
  await using database = await freshDatabase();
  await using proxy = await cuttingProxy(database.connection, 3);
  const sql = openConnection({ ...database.connection, host: '127.0.0.1', port: proxy.port });
  const ask = async () => (await sql`SELECT ARRAY['a']::text[] AS items`)[0];
  const found = await eventually('an answer', () => ask().catch(() => undefined));
  await sql.end();
  assert.deepEqual(found, { items: ['a'] });
  assert.equal(proxy.cuts(), 3);
});

test('arrays arrive as they were sent, each of its type', async () => {
  await using database = await freshDatabase();
  const sent = {
    integers: [-1, 2147483647],
    texts: ['', 'a,b', 'say "so"', 'a\\b', '{}', 'NULL', ' é '],
    bigints: [-9007199254740991, 0],
    doubles: [0.1, -1e300, 5e-324],
    ids: ['6ba7b810-9dad-41d1-80b4-00c04fd430c8', null],
    none: [],
  };
  const { integers, texts, bigints, doubles, ids, none } = sent;
  const [back] = await database.line`
    SELECT ${integers}::integer[] AS integers,
      ${texts}::text[] AS texts, ${bigints}::bigint[] AS bigints, ${doubles}::double precision[] AS doubles,
      ${ids}::uuid[] AS ids, ${none}::text[] AS none`;
  assert.deepEqual(back, sent);
  const [ofText] = await database.line`SELECT ${'{1,2}'}::bigint[] AS value`;
  assert.deepEqual(ofText, { value: [1, 2] }, 'an array that is written out already');
  const tooLarge = ['9007199254740992'];
  await assert.rejects(
    async () => database.line`SELECT ${tooLarge}::text[]::bigint[] AS value`,
    /53 bits/,
  );
});

test('row-level security is enabled and forced on every table, and each has a policy', async () => {
  await using database = await freshDatabase();
  const open = await database.line<{ name: string }[]>`
    SELECT relname AS name FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
      AND NOT (relrowsecurity AND relforcerowsecurity
        AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid))`;
  assert.deepEqual([...open], []);
});

test('every table says in one sentence what it is for', async () => {
  await using database = await freshDatabase();
  const silent = await database.line<{ name: string }[]>`
    SELECT relname AS name FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
      AND coalesce(obj_description(oid), '') !~ '\.$'`;
  assert.deepEqual([...silent], []);
});

test('a bigint is a number, and one beyond 53 bits is refused rather than bent', async () => {
  await using database = await freshDatabase();
  const { line } = database;
  const [edge] = await line`SELECT 9007199254740991::bigint AS value, ${-5}::bigint AS sent`;
  assert.deepEqual(edge, { value: 9007199254740991, sent: -5 });
  await assert.rejects(async () => line`SELECT 9007199254740992::bigint AS value`, /53 bits/);
});

test('a device is worn by one subject at a time', async (t: TestContext) => {
  await using database = await freshDatabase();
  const { organisation, subject } = await addWard(database.line);
  const wear = (from: number, until: number | null, device = 'monitor-1') => database.line`
    INSERT INTO device_assignment (organisation_id, device_id, subject_id, valid_from_ms, valid_until_ms, source)
    VALUES (${organisation}, ${device}, ${subject}, ${from}, ${until}, 'test')`;
  await wear(1000, 2000);
  await wear(2000, null);
  const overlaps = [
    { span: [1500, 1600], where: 'inside a span' },
    { span: [500, 1001], where: 'over its beginning' },
    { span: [1999, 2000], where: 'over its end' },
    { span: [5000, 6000], where: 'inside the open span' },
    { span: [0, null], where: 'around all of them' },
  ] as const;
  for (const { span, where } of overlaps) {
    await t.test(`an assignment ${where} is refused`, () =>
      assert.rejects(wear(span[0], span[1]), (error: { code: string }) =>
        ['23P01', '23505'].includes(error.code),
      ),
    );
  }
  await wear(500, 1000);
  await wear(1500, 1600, 'monitor-2');
});

test('two starters migrate one empty database at once: each change runs once', async () => {
  await using database = await emptyDatabase();
  const names = (await readMigrations()).map((migration) => migration.name);
  const [first, second] = await Promise.all([
    migrate(database.connection),
    migrate(database.connection),
  ]);
  assert.deepEqual([...first, ...second], names);
  assert.deepEqual(await migrate(database.connection), []);
});

test('a schema newer than the code is refused, an edited one too, a longer history is continued', async (t) => {
  await using database = await emptyDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = (name: string, sql: string) => writeFile(join(directory, name), sql);
  const run = () => migrate(database.connection, directory);
  const refused = (code: string, says: RegExp) => (error: unknown) =>
    error instanceof StartProblem && error.code === code && says.test(error.message);

  await file('0001-one.sql', 'CREATE TABLE one (id int); CREATE TABLE also (id int);');
  await file('README.md', 'not a migration');
  assert.deepEqual(await run(), ['0001-one']);

  await file('0002-two.sql', 'CREATE TABLE two (id int); SELECT 1 / 0;');
  await assert.rejects(run(), /division by zero/);
  await file('0002-two.sql', 'CREATE TABLE two (id int);');
  assert.deepEqual(await run(), ['0002-two'], 'the failed attempt left nothing behind');

  await file('0001-one.sql', 'CREATE TABLE one (id bigint);');
  await assert.rejects(run(), refused('SCHEMA_CHANGED', /0001-one.*Restore the released file/));

  await file('0001-one.sql', 'CREATE TABLE one (id int); CREATE TABLE also (id int);');
  await rm(join(directory, '0002-two.sql'));
  await assert.rejects(run(), refused('SCHEMA_NEWER', /0002-two.*only up to 0001-one/));
});
