import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { openPools, type Pools } from '../apps/server/src/database/pool.ts';
import type { Reader } from '../apps/server/src/database/readers.ts';
import { freshDatabase, type TestDatabase } from './support/database.ts';
import { eventually } from './support/server.ts';

const QUESTIONS_A_LOOK = 10;

async function house(organisations: number) {
  const database = await freshDatabase();
  const readers = { organisations: 2, each: 2, questionsALook: QUESTIONS_A_LOOK };
  const pools = openPools(database.connection, { line: 2, people: 2, readers });
  const ids = Array.from({ length: organisations }, () => randomUUID());
  for (const id of ids) await addPatient(database, id);
  return {
    ...{ database, pools, ids },
    async [Symbol.asyncDispose]() {
      await pools[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function addPatient({ line }: TestDatabase, organisation: string): Promise<void> {
  await line`INSERT INTO organisation (id, name) VALUES (${organisation}, 'Ward')`;
  await line`
    INSERT INTO subject (organisation_id, id, kind, partition)
    VALUES (${organisation}, ${organisation}, 'patient', 255)`;
}

interface Seen {
  readonly id: string;
  /** On a connection that serves all, the organisation is of the transaction alone. */
  readonly isOwn: boolean;
}

const look = (sql: Reader) => sql<Seen[]>`
  SELECT id, current_setting('default_transaction_read_only') = 'on' AS "isOwn" FROM subject`;

const ask = (pools: Pools, organisation: string) => pools.read(organisation, look);

test('each organisation sees its own rows alone, with readers of its own or without', async () => {
  await using site = await house(3);
  const { pools, ids } = site;
  for (const [i, id] of ids.entries())
    assert.deepEqual([...(await ask(pools, id))], [{ id, isOwn: i < 2 }]);
  const many = Array.from({ length: 60 }, (_, i) => ids[i % ids.length] as string);
  const seen = await Promise.all(many.map((id) => ask(pools, id)));
  for (const [i, rows] of seen.entries())
    assert.deepEqual(
      rows.map(({ id }) => id),
      [many[i]],
    );
});

test('readers write nothing', async () => {
  await using site = await house(3);
  const { database, pools, ids } = site;
  for (const id of ids) {
    const written = pools.read(id, (sql) => sql`UPDATE subject SET paced = 'yes'`);
    await assert.rejects(written, { code: '25006' });
  }
  assert.equal((await database.line`SELECT id FROM subject WHERE paced = 'yes'`).length, 0);
});

test('who has come to ask most has the readers; who loses them is answered first', async () => {
  await using site = await house(3);
  const { pools, ids } = site;
  const [quiet = '', busy = '', late = ''] = ids;
  const longest = pools.read(quiet, async (sql) => {
    await sql`SELECT pg_sleep(0.5)`;
    return await look(sql);
  });
  for (let i = 0; i < QUESTIONS_A_LOOK; i += 1) await ask(pools, i % 2 === 0 ? busy : late);
  assert.deepEqual([...(await ask(pools, late))], [{ id: late, isOwn: true }]);
  assert.deepEqual([...(await ask(pools, busy))], [{ id: busy, isOwn: true }]);
  assert.deepEqual([...(await ask(pools, quiet))], [{ id: quiet, isOwn: false }]);
  assert.deepEqual([...(await longest)], [{ id: quiet, isOwn: true }]);
});

test('at the end nobody is left: neither who had just lost the readers, nor who asks afterwards', async () => {
  await using site = await house(3);
  const { database, pools, ids } = site;
  const [quiet = '', busy = '', late = ''] = ids;
  let isAnswered = false;
  const longest = pools
    .read(quiet, (sql) => sql`SELECT pg_sleep(1)`)
    .finally(() => {
      isAnswered = true;
    });
  for (let i = 0; i < QUESTIONS_A_LOOK; i += 1) await ask(pools, i % 2 === 0 ? busy : late);
  await pools[Symbol.asyncDispose]();
  assert.ok(isAnswered);
  await longest;
  for (const id of ids) await assert.rejects(ask(pools, id), { code: 'CONNECTION_ENDED' });
  // The server takes a moment to let go of a connection that its client has closed.
  await eventually('nobody to be left', async () => {
    const open = await database.line`
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'ausculta people'`;
    return open.length === 0 ? true : undefined;
  });
});

test('readers that are lost are opened again', async () => {
  await using site = await house(1);
  const { database, pools, ids } = site;
  const [id = ''] = ids;
  const [own] = await pools.read(
    id,
    (sql) => sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`,
  );
  const asleep = pools.read(id, (sql) => sql`SELECT pg_sleep(20)`);
  const isAsleep = async () =>
    (
      await database.line`
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep(20)%' AND state = 'active'`
    ).length > 0;
  await eventually('it to be asked', async () => ((await isAsleep()) ? true : undefined));
  const isLost = assert.rejects(asleep);
  await database.line`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'ausculta people'`;
  await isLost;
  // Each of them is noticed to be lost by itself.
  const again = await eventually('an answer', () => ask(pools, id).catch(() => undefined));
  assert.deepEqual([...again], [{ id, isOwn: true }]);
  const [other] = await pools.read(
    id,
    (sql) => sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`,
  );
  assert.notEqual(other?.pid, own?.pid);
});

test('a question that takes long keeps no other waiting behind it', async () => {
  await using site = await house(1);
  const { database, pools, ids } = site;
  const [id = ''] = ids;
  // Both connections are open.
  await Promise.all([ask(pools, id), ask(pools, id)]);
  let isEnded = false;
  const slow = pools
    .read(id, (sql) => sql`SELECT pg_sleep(20)`)
    .catch(() => undefined)
    .finally(() => {
      isEnded = true;
    });
  // At once: a driver that sends them ahead puts some of them behind it.
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(pools, id)));
  assert.deepEqual(
    answers.map(({ length }) => length),
    Array(6).fill(1),
  );
  assert.equal(isEnded, false);
  await eventually('it to be cancelled', async () => {
    await database.line`
      SELECT pg_cancel_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep(20)%'`;
    return isEnded ? true : undefined;
  });
  await slow;
});
