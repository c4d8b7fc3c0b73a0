import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { freshDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { temporaryDirectory } from '../../../../tests/support/server.ts';
import { openConnection, type Sql, type Transaction } from '../database/pool.ts';
import { appendAudit } from '../vault/audit.ts';
import { signingKeyOf } from '../vault/receipt-proof.ts';
import { type AuditChecked, checkAudit } from './audit-check.ts';
import { headsLength, openHeadsFile } from './heads-file.ts';
import { insertReads } from './read-store.ts';
import { Sequencer } from './sequencer.ts';
import type { Found } from './tree-check.ts';

const KEY = signingKeyOf(new Uint8Array(32).fill(7));
const [HERE, THERE] = [
  '0e11a5b0-0000-4000-8000-000000000001',
  '0e11a5b0-0000-4000-8000-000000000002',
] as [OrganisationId, OrganisationId];

interface House {
  readonly database: TestDatabase;
  readonly path: string;
  readonly problems: unknown[];
}

async function houseOn(database: TestDatabase): Promise<House> {
  return { database, path: join(await temporaryDirectory(), 'heads.jsonl'), problems: [] };
}

function sequencerOf({ database, path, problems }: House, sql: Sql = database.line): Sequencer {
  return new Sequencer({
    sql,
    key: KEY,
    inLane: async (work) => (await sql.begin(async (tx) => ({ value: await work(tx) }))).value,
    gather: async () => undefined,
    openFile: () => openHeadsFile(path),
    nowMs: () => 1_764_000_000_000,
    onProblem: (what, error) => problems.push([what, error]),
  });
}

async function act(sql: Sql, atMs: number, organisationId = HERE): Promise<void> {
  const target = `subject/${randomUUID()}` as const;
  const entry = {
    organisationId,
    actor: randomUUID(),
    act: 'patient-updated',
    target,
    atMs,
  } as const;
  const seal = {
    seal: () => randomBytes(40),
    open: () => assert.fail('nothing is opened'),
    isOwn: () => true,
  };
  await appendAudit(sql, { ...entry, detail: { seal, value: 'sealed' } });
}

async function check(
  { database, path }: House,
  sql: Sql | Transaction = database.line,
): Promise<AuditChecked & { found: Found[] }> {
  const found: Found[] = [];
  const headsFile = { path, length: await headsLength(path) };
  const onFound = (one: Found) => void found.push(one);
  const checked = await checkAudit({ sql, key: KEY, headsFile, onFound, onProgress: () => {} });
  return { ...checked, found };
}

test('each entry gets its place under a signed head, in the tree of its organisation', async () => {
  await using database = await freshDatabase();
  const house = await houseOn(database);
  for (const atMs of [3_000, 1_000, 2_000]) await act(database.line, atMs);
  await act(database.line, 1_500, THERE);
  const first = sequencerOf(house);
  assert.equal((await check(house)).waiting, 4);
  await first.settle();
  await act(database.line, 500);
  await first.settle();
  await first.settle();
  const placed = await database.line<{ at_ms: number }[]>`
    SELECT at_ms FROM audit_place JOIN audit_leaf AS l ON l.id = leaf_id
    WHERE l.organisation_id = ${HERE} ORDER BY place`;
  assert.deepEqual(
    placed.map((row) => row.at_ms),
    [1_000, 2_000, 3_000, 500],
  );
  // Another start goes on where this one was.
  await act(database.line, 4_000);
  await sequencerOf(house).settle();
  const { found, ...checked } = await check(house);
  assert.deepEqual(found, []);
  assert.deepEqual(checked, {
    ...{ organisations: 2, placed: 6, waiting: 0, headsInFile: 4, restorations: [] },
  });
  assert.deepEqual(house.problems, []);
});

test('heads are compared in the order of their sizes, whatever many digits those have', async () => {
  await using database = await freshDatabase();
  const house = await houseOn(database);
  const sequencer = sequencerOf(house);
  for (let atMs = 1; atMs <= 12; atMs += 1) {
    await act(database.line, atMs);
    await sequencer.settle();
  }
  const { placed, found } = await check(house);
  assert.deepEqual({ placed, found }, { placed: 12, found: [] });
});

test('a backlog of an earlier version gets its places, thousands at a time', async () => {
  await using database = await freshDatabase();
  const house = await houseOn(database);
  await database.line`
    INSERT INTO audit_leaf (organisation_id, at_ms, act, target)
    SELECT ${HERE}, n, 'keys-rotated', 'keys' FROM generate_series(1, 4500) AS n`;
  await sequencerOf(house).settle();
  const { placed, headsInFile, found } = await check(house);
  assert.deepEqual({ placed, headsInFile, found }, { placed: 4_500, headsInFile: 3, found: [] });
});

test('killed between database and file, the head is told at the next start', async () => {
  await using database = await freshDatabase();
  const house = await houseOn(database);
  await act(database.line, 1_000);
  await sequencerOf(house).settle();
  const before = await readFile(house.path);
  await act(database.line, 2_000);
  await sequencerOf(house).settle();
  const after = await readFile(house.path);
  // Only half of the second line was written.
  await writeFile(house.path, after.subarray(0, before.length + 40));
  assert.deepEqual((await check(house)).found, []);
  await sequencerOf(house).settle();
  assert.deepEqual(await readFile(house.path), after);
});

test('an entry whose transaction failed has no place, and a lost commit leaves no gap', async () => {
  await using database = await freshDatabase();
  const house = await houseOn(database);
  const sequencer = sequencerOf(house);
  await act(database.line, 1_000);
  await sequencer.settle();
  await act(database.line, 2_000);
  const open = openConnection(database.superuser);
  await open.unsafe(`ALTER TABLE audit_place ADD CONSTRAINT away CHECK (place < 1) NOT VALID`);
  await sequencer.settle();
  assert.equal(house.problems.length, 1);
  await open.unsafe('ALTER TABLE audit_place DROP CONSTRAINT away');
  await sequencer.settle();
  const { placed, headsInFile, found } = await check(house);
  assert.deepEqual({ placed, headsInFile, found }, { placed: 2, headsInFile: 2, found: [] });
  await open.end();
});

const ROUNDS = Number(process.env['AUSCULTA_ROUNDS'] ?? 1);

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: 'uuid' | 'bigint' | 'integer' | 'text' | 'bytea' | 'ARRAY';
}

const AS_BYTES = {
  uuid: (name: string) => `uuid_send(${name})`,
  bigint: (name: string) => `int8send(${name})`,
  text: (name: string) => `convert_to(${name}, 'UTF8')`,
  bytea: (name: string) => name,
  integer: (name: string) => `int4send(${name})`,
  ARRAY: (name: string) => `convert_to(${name}::text, 'UTF8')`,
};
const FROM_HEX = {
  uuid: (hex: string) => `'${hex}'::uuid`,
  bigint: (hex: string) => `('x${hex}'::bit(64))::bigint`,
  text: (hex: string) => `convert_from('\\x${hex}'::bytea, 'UTF8')`,
  bytea: (hex: string) => `'\\x${hex}'::bytea`,
  integer: (hex: string) => `('x${hex}'::bit(32))::integer`,
  ARRAY: (hex: string) => `convert_from('\\x${hex}'::bytea, 'UTF8')::uuid[]`,
};

/**
 * One bit of each byte of all rows is turned: it is found, or the database does not take it. An entry of
 * the last second, which waits for its place, is no part of this.
 */
test('no byte of the audit is altered without being found', async (t) => {
  await using database = await freshDatabase();
  const house = await houseOn(database);
  const sequencer = sequencerOf(house);
  await act(database.line, 1_000);
  await sequencer.settle();
  await insertReads(database.line, {
    ...{ organisation_id: HERE, id: randomUUID(), at_ms: 2_000, until_ms: 2_100, count: 1 },
    ...{ subjects: [randomUUID()], entries: randomBytes(30) },
  });
  await sequencer.settle();
  await act(database.line, 4_000);
  const root = openConnection(database.superuser);
  const columns = await root<Column[]>`
    SELECT table_name AS table, column_name AS name, data_type AS type
    FROM information_schema.columns
    WHERE table_name LIKE 'audit\\_%' ORDER BY table_name, ordinal_position`;
  const counts = { found: 0, refused: 0 };
  for (const { table, name, type } of columns) {
    const where = table === 'audit_leaf' ? 'WHERE at_ms <> 4000' : '';
    const rows = await root.unsafe<{ at: string; bytes: Uint8Array }[]>(
      `SELECT ctid::text AS at, ${AS_BYTES[type](name)} AS bytes FROM ${table} ${where}`,
    );
    for (const { at, bytes } of rows) {
      // An eighth of them, each time the same; AUSCULTA_ROUNDS=8 takes all.
      for (let i = 0; i < bytes.length; i += 1) {
        if ((i * 5 + columns.length) % 8 >= ROUNDS) continue;
        const altered = Buffer.from(bytes);
        altered[i] = (altered[i] ?? 0) ^ (1 << (i % 8));
        const outcome = await root
          .begin(async (tx) => {
            await tx.unsafe('SET LOCAL session_replication_role = replica');
            const value = FROM_HEX[type](altered.toString('hex'));
            const { count } = await tx.unsafe(
              `UPDATE ${table} SET ${name} = ${value}
             WHERE ctid = '${at}' AND ${name} IS DISTINCT FROM ${value}`,
            );
            // Another way of writing the same.
            if (count === 0) throw new Error('nothing was altered');
            const { found } = await check(house, tx);
            assert.ok(found.length > 0, `${table}.${name} byte ${i} of ${at}`);
            throw new Undone();
          })
          .catch((error: unknown) => error);
        if (outcome instanceof assert.AssertionError) throw outcome;
        counts[outcome instanceof Undone ? 'found' : 'refused'] += 1;
      }
    }
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.found > 100 * ROUNDS, JSON.stringify(counts));
  await root.end();
});

class Undone extends Error {}

test('it is verified while it grows, and between the stretches no transaction is open', async () => {
  await using database = await freshDatabase();
  const house = await houseOn(database);
  const sequencer = sequencerOf(house);
  for (let atMs = 0; atMs < 450; atMs += 1) await act(database.line, atMs);
  await sequencer.settle();
  const found: Found[] = [];
  let rests = 0;
  const headsFile = { path: house.path, length: await headsLength(house.path) };
  const checked = await checkAudit({
    ...{ sql: database.line, key: KEY, headsFile, onProgress: () => {} },
    onFound: (one) => found.push(one),
    rest: async () => {
      rests += 1;
      const open = await database.line`
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'`;
      assert.equal(open.length, 0);
      await act(database.line, 1_000 + rests);
      await sequencer.settle();
    },
  });
  assert.ok(rests > 2, `${rests} rests`);
  assert.deepEqual([checked.placed, found], [450, []]);
  assert.deepEqual((await check(house)).found, []);
});
