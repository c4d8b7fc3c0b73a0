/** A data directory from before subjects had keys opens whole, and what is written anew has new keys. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Erasure } from '@ausculta/contract/erasure';
import type { Sql } from '../apps/server/src/database/pool.ts';
import { identityContext } from '../apps/server/src/devices/identity-seal.ts';
import { chunkContext } from '../apps/server/src/telemetry/chunk-row.ts';
import { eventContext } from '../apps/server/src/telemetry/events.ts';
import { detectorContext } from '../apps/server/src/telemetry/flush.ts';
import { openVault } from '../apps/server/src/vault/open-vault.ts';
import { createSeal, deriveKey, type Seal } from '../apps/server/src/vault/seal.ts';
import { openSqliteKeyStore } from '../apps/server/src/vault/sqlite-key-store.ts';
import { freshDatabase } from './support/database.ts';
import { type ServerUnderTest, startServerHere, temporaryDirectory } from './support/server.ts';

interface Row {
  readonly ctid: string;
  readonly subject_id: string;
  readonly sealed: Uint8Array;
  readonly context: string;
}

/** Seals every row as it would have been sealed before: all under one key of the master key. */
async function sealAsBefore(sql: Sql, legacy: Seal, sealOf: (id: string) => Seal | undefined) {
  const tables = {
    subject: await sql<Row[]>`
      SELECT ctid, id AS subject_id, identity_sealed AS sealed, organisation_id AS context FROM subject`,
    chunk: await sql<Row[]>`
      SELECT ctid, subject_id, sealed, concat_ws('/', series_id, generation, first_ms) AS context FROM chunk`,
    event: await sql<Row[]>`SELECT ctid, subject_id, sealed, id AS context FROM event`,
    alarm: await sql<
      Row[]
    >`SELECT ctid, subject_id, detail_sealed AS sealed, id AS context FROM alarm`,
    detector_state: await sql<
      Row[]
    >`SELECT ctid, subject_id, sealed, '' AS context FROM detector_state`,
  };
  const contextOf: Record<keyof typeof tables, (row: Row) => string> = {
    subject: (row) => identityContext(row.context, row.subject_id),
    chunk: ({ context }) => {
      const [series = 0, generation = 0, firstMs = 0] = context.split('/').map(Number);
      return chunkContext(series, generation, firstMs);
    },
    event: (row) => eventContext(row.subject_id, row.context),
    alarm: (row) => `alarm/${row.subject_id}/${row.context}`,
    detector_state: (row) => detectorContext(row.subject_id),
  };
  const column = { subject: 'identity_sealed', alarm: 'detail_sealed' } as Record<string, string>;
  for (const [table, rows] of Object.entries(tables)) {
    assert.ok(rows.length > 0, `there are rows of ${table}`);
    for (const row of rows) {
      const context = contextOf[table as keyof typeof tables](row);
      const opened = sealOf(row.subject_id)?.open(row.sealed, context);
      assert.ok(opened?.ok, `${table} opens under the key of its subject`);
      const sealed = legacy.seal(opened.value, context);
      await sql`
        UPDATE ${sql(table)} SET ${sql(column[table] ?? 'sealed')} = ${sealed} WHERE ctid = ${row.ctid}`;
    }
  }
}

async function record(server: ServerUnderTest, subjectId: string) {
  const events = await server.get<object>(`/api/subjects/${subjectId}/events`);
  const subject = await server.get<{ identity: object }>(`/api/subjects/${subjectId}`);
  return {
    identity: subject.identity,
    readings: await server.readings(subjectId, 'spo2,heart-rate'),
    alarms: (await server.alarms(subjectId)).map(({ id, openingValue }) => [id, openingValue]),
    events,
  };
}

test('a data directory from before opens whole; a subject of it can be erased', async () => {
  await using database = await freshDatabase();
  const dataDir = await temporaryDirectory();
  const config = { database: database.connection, dataDir };
  let subjectId = '';
  let before: Awaited<ReturnType<typeof record>>;
  {
    await using here = await startServerHere({ config });
    const device = await here.server.addPatient('Quagswagger');
    ({ subjectId } = device);
    const time = Date.now();
    await here.server.send(
      device,
      JSON.stringify({ time, values: { spo2: 71, 'heart-rate': 80 } }),
    );
    await here.server.send(device, JSON.stringify({ time, kind: 'button' }), 'events');
    before = await record(here.server, subjectId);
    assert.equal(before.readings.length, 2);
    assert.ok(before.alarms.length > 0);
  }
  const masterKey = new Uint8Array(readFileSync(join(dataDir, 'master.key')));
  const legacy = createSeal(deriveKey(masterKey, 'data'), randomBytes);
  {
    using vault = await openVault({
      dataDirectory: { path: dataDir, [Symbol.dispose]: () => undefined },
      masterKey: { kind: 'file' },
      keyStoreDir: undefined,
      keyReplicaDir: undefined,
      onProblem: () => undefined,
      randomBytes,
      database: { hasSealedData: true, logTables: [], sample: undefined, erasures: [] },
    });
    await sealAsBefore(database.line, legacy, vault.sealOf);
  }
  // The orderly stop has flushed: no row of the log is behind the checkpoint.
  rmSync(join(dataDir, 'keys'), { recursive: true });

  for (const start of ['first', 'second']) {
    await using here = await startServerHere({ config });
    assert.deepEqual(await record(here.server, subjectId), before, start);
    // The key of the audit's heads went with the others.
    const own = here.problems.filter(({ error }) => !/what its heads say/.test(String(error)));
    assert.deepEqual(own, []);
  }
  const [name] = await database.line<{ sealed: Uint8Array }[]>`
    SELECT identity_sealed AS sealed FROM subject`;
  assert.equal(legacy.isOwn(name?.sealed ?? new Uint8Array()), false, 'the name has a new key');

  await using here = await startServerHere({ config });
  const { recordNumber } = before.identity as { recordNumber: string };
  const erasure = await here.server.post<Erasure>(`/api/subjects/${subjectId}/erasure`, {
    recordNumber,
    stopMonitoring: true,
  });
  assert.ok(erasure.rowsRemoved, 'what the old key opens is gone before the receipt');
  assert.equal(erasure.receipt.finalOn, null, 'old backups of the database are not ours to end');
  using store = openSqliteKeyStore(join(dataDir, 'keys/keys.sqlite'));
  assert.deepEqual(store.owners('subject/'), []);
});
