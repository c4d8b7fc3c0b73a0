/** An installation whose audit somebody has rewritten: what they did is found, named, and cannot be said away. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { auditKey, auditRestored, auditVerify } from '../apps/server/src/commands/audit.ts';
import type { CommandPorts } from '../apps/server/src/commands/ground.ts';
import { verify } from '../apps/server/src/commands/verify.ts';
import { openConnection, type Sql } from '../apps/server/src/database/pool.ts';
import { freshDatabase } from './support/database.ts';
import { configOf, eventually, startServerHere, temporaryDirectory } from './support/server.ts';

type Said = Record<string, never>;

describe('the audit of an installation', async () => {
  const database = await freshDatabase();
  const dataDir = await temporaryDirectory();
  const superuser = openConnection(database.superuser);
  const headsFile = join(dataDir, 'audit-heads.jsonl');
  after(async () => {
    await superuser.end();
    await database[Symbol.asyncDispose]();
  });

  const start = () => startServerHere({ config: { database: database.connection, dataDir } });

  /** In this process; the exit code, and what was said. */
  const run = async <G>(
    command: (ports: CommandPorts, given: G) => Promise<number>,
    given: G,
  ): Promise<{ code: number; said: Said[] }> => {
    const said: Said[] = [];
    const ports: CommandPorts = {
      config: configOf({ dataDir, database: database.connection }),
      version: 'test',
      outside: {
        nowMs: () => Date.now(),
        randomBytes: (count) => randomBytes(count),
        newId: () => randomUUID(),
      },
      asJson: true,
      writeOut: (line) => void said.push(JSON.parse(line) as Said),
      progress: () => undefined,
    };
    return { code: await command(ports, given), said };
  };

  const faultsOf = ({ said }: { said: Said[] }): string[] =>
    said.flatMap(({ auditFault }) =>
      auditFault === undefined ? [] : [`${auditFault['what']} ${auditFault['id']}`],
    );

  /** What a superuser of the database does, and takes back. */
  const rewritten = async (
    rewrite: (tx: Sql) => Promise<unknown>,
    given: { heads?: string } = {},
  ): Promise<string[]> => {
    const undo = await snapshot();
    await superuser.unsafe('SET session_replication_role = replica');
    await rewrite(superuser);
    const outcome = await run(auditVerify, given);
    await undo();
    await superuser.unsafe('SET session_replication_role = origin');
    assert.equal(outcome.code, 1);
    return faultsOf(outcome);
  };

  const TABLES = ['leaf', 'read', 'access', 'place', 'head', 'waiting'].map(
    (name) => `audit_${name}`,
  );

  const snapshot = async () => {
    for (const table of TABLES)
      await superuser.unsafe(`DROP TABLE IF EXISTS was_${table};
        CREATE TABLE was_${table} AS SELECT * FROM ${table}`);
    return async () => {
      for (const table of TABLES)
        await superuser.unsafe(`DELETE FROM ${table};
          INSERT INTO ${table} SELECT * FROM was_${table}`);
    };
  };

  const placed = async (): Promise<{ leaf_id: string; place: number }[]> =>
    await superuser`SELECT leaf_id, place FROM audit_place ORDER BY place`;

  let subjectId = '';
  let deviceId = '';

  test('is in order while the server runs, after a restart, and for whoever has only the public key', async () => {
    {
      await using here = await start();
      const identity = { familyName: 'Audited', recordNumber: 'A-1', invented: true };
      const sent = { category: 'adult', identity };
      const subject = await here.server.post<{ id: string }>('/api/subjects', sent);
      subjectId = subject.id;
      await here.server.post(`/api/subjects/${subjectId}/holds`, { reason: 'Dispute' });
      await eventually('a place', async () => ((await placed()).length > 0 ? true : undefined));
      assert.deepEqual(faultsOf(await run(auditVerify, {})), []);
      const device = await here.server.addDevice(subjectId);
      deviceId = device.id;
      await here.server.post(`/api/devices/${device.id}/token`, {});
      await here.server.post(`/api/devices/${device.id}/token`, {});
      await here.server.get('/api/subjects');
    }
    {
      await using here = await start();
      for (let i = 0; i < 3; i += 1) await here.server.addPatient(`Another ${i}`);
    }
    const { said } = await run((ports) => auditKey(ports), {});
    const [key = ''] = said[0]?.['auditKeys'] ?? [];
    assert.match(key, /^ausculta\.audit\/[0-9a-f-]{36}\+[0-9a-f]{8}\+A/);
    const verified = await run(auditVerify, { key, heads: '/nowhere' });
    assert.deepEqual([verified.code, faultsOf(verified)], [0, []]);
    assert.equal((await run((ports) => verify(ports), {})).code, 0);
  });

  test('names an entry that was taken out, put in, exchanged or altered', async () => {
    const [first, second, third] = await placed();
    assert.ok(first && second && third);
    const gone = (id: string) => (tx: Sql) => tx`DELETE FROM audit_leaf WHERE id = ${id}`;
    assert.deepEqual(await rewritten(gone(first.leaf_id)), [`missing ${first.leaf_id}`]);
    const id = randomUUID();
    const putIn = (tx: Sql) => tx`
      INSERT INTO audit_leaf (organisation_id, id, at_ms, act, target)
      SELECT organisation_id, ${id}, at_ms, act, target FROM audit_leaf LIMIT 1`;
    assert.deepEqual(await rewritten(putIn), [`inserted ${id}`]);
    const exchange = (tx: Sql) => tx`
      UPDATE audit_place SET leaf_id =
        CASE place WHEN ${first.place} THEN ${third.leaf_id}::uuid ELSE ${first.leaf_id}::uuid END
      WHERE place IN (${first.place}, ${third.place})`;
    const exchanged = await rewritten(async (tx) => {
      await tx`DROP INDEX audit_place_of_leaf`;
      await exchange(tx);
    });
    await superuser`CREATE UNIQUE INDEX audit_place_of_leaf ON audit_place (organisation_id, leaf_id)`;
    assert.deepEqual(exchanged, [`altered ${third.leaf_id}`, `altered ${first.leaf_id}`]);
    const altered = await rewritten(
      (tx) =>
        tx`UPDATE audit_leaf SET account_id = NULL, act = 'keys-rotated' WHERE id = ${second.leaf_id}`,
    );
    assert.deepEqual(altered, [`altered ${second.leaf_id}`]);
  });

  test('names an access that was taken off the list, or put on it', async () => {
    const [access] = await superuser<{ subject_id: string; size: string }[]>`
      SELECT subject_id, size::text AS size FROM audit_access LIMIT 1`;
    assert.ok(access);
    const { subject_id: id, size } = access;
    const taken = (tx: Sql) =>
      tx`DELETE FROM audit_access WHERE subject_id = ${id} AND size = ${size}`;
    assert.deepEqual(await rewritten(taken), [`missing access to ${id} under head of ${size}`]);
    const nobody = randomUUID();
    for (const under of [size, '987654']) {
      const putOn = (tx: Sql) => tx`
        INSERT INTO audit_access (organisation_id, subject_id, size)
        SELECT organisation_id, ${nobody}, ${under}::bigint FROM audit_access LIMIT 1`;
      assert.deepEqual(await rewritten(putOn), [
        `inserted access to ${nobody} under head of ${under}`,
      ]);
    }
    const read = randomUUID();
    const putIn = (tx: Sql) => tx`
      INSERT INTO audit_read (organisation_id, id, at_ms, until_ms, count, subjects, entries)
      SELECT organisation_id, ${read}, at_ms, until_ms, count, subjects, entries FROM audit_read LIMIT 1`;
    assert.deepEqual(await rewritten(putIn), [`inserted ${read}`]);
  });

  test('names the heads between which everything was made anew without its key', async () => {
    const found = await rewritten(async (tx) => {
      await tx`DELETE FROM audit_place WHERE place = 0`;
      await tx`UPDATE audit_place SET place = place - 1`;
    });
    assert.ok(
      found.some((text) => text.startsWith('head head of')),
      found.join(),
    );
  });

  test('outlives the erasure of whom it names', async () => {
    {
      await using here = await start();
      const holds = await here.server.get<{ holds: { id: string }[] }>(
        `/api/subjects/${subjectId}/holds`,
      );
      for (const { id } of holds.holds)
        await here.server.post(`/api/subjects/${subjectId}/holds/${id}/release`, {});
      await here.server.post(`/api/subjects/${subjectId}/erasure`, {
        recordNumber: 'A-1',
        stopMonitoring: true,
      });
    }
    const { code, said } = await run(auditVerify, {});
    assert.equal(code, 0, JSON.stringify(said));
  });

  test('shows that the database was put back, until that is said by whoever has the key', async () => {
    const heads = join(dataDir, 'kept.jsonl');
    await copyFile(headsFile, heads);
    // What a backup of an earlier moment holds.
    await superuser.unsafe('SET session_replication_role = replica');
    await superuser`DELETE FROM audit_leaf WHERE id IN (
      SELECT leaf_id FROM audit_place WHERE place >= (SELECT min(size) FROM audit_head))`;
    await superuser`DELETE FROM audit_read WHERE id IN (
      SELECT leaf_id FROM audit_place WHERE place >= (SELECT min(size) FROM audit_head))`;
    await superuser`DELETE FROM audit_access WHERE size > (SELECT min(size) FROM audit_head)`;
    await superuser`DELETE FROM audit_place WHERE place >= (SELECT min(size) FROM audit_head)`;
    await superuser`DELETE FROM audit_head WHERE size > (SELECT min(size) FROM audit_head)`;
    await superuser.unsafe('SET session_replication_role = origin');
    const rolledBack = await run(auditVerify, {});
    assert.equal(rolledBack.code, 1);
    assert.ok(faultsOf(rolledBack).every((text) => text.startsWith('rolled back')));
    {
      await using here = await start();
      await here.server.post(`/api/devices/${deviceId}/disable`, {});
      const status = await eventually('a word of it', async () => {
        const { parts } = await here.server.get<{ parts: { name: string; attention: boolean }[] }>(
          '/api/status',
        );
        return parts.find(({ name }) => name === 'audit');
      });
      assert.ok(status.attention);
    }
    assert.ok((await superuser`SELECT FROM audit_waiting`).length > 0, 'what was done waits');
    const { said } = await run((ports) => auditRestored(ports), {});
    assert.equal(said[0]?.['restored']?.['organisations'], 1);
    {
      await using here = await start();
      assert.deepEqual(here.problems, []);
    }
    const after = await run(auditVerify, {});
    assert.equal(after.code, 0, JSON.stringify(after.said));
    const [restoration] = (after.said.at(-1)?.['audit']?.['restorations'] ?? []) as {
      size: number;
      after: number;
    }[];
    assert.ok(restoration && restoration.size < restoration.after);
    assert.equal(
      (await superuser`SELECT FROM audit_leaf WHERE act = 'database-restored'`).length,
      1,
    );
    // Who keeps the file of before elsewhere sees it all the same.
    assert.equal((await run(auditVerify, { heads })).code, 1);
    assert.equal(
      (await run((ports) => auditRestored(ports), {})).said[0]?.['restored']?.['organisations'],
      0,
    );
  });

  test('shows a file of heads that was altered', async () => {
    const text = await readFile(headsFile, 'utf8');
    await writeFile(headsFile, text.replace('\\nafter ', '\\nafter 9'));
    const { code, said } = await run(auditVerify, {});
    assert.equal(code, 1);
    assert.ok(faultsOf({ said }).includes('file line 1 of the file of heads'));
  });
});
