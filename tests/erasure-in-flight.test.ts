/** A subject is erased while its device goes on sending: nothing of it is written afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Erasure, LegalHold } from '@ausculta/contract/erasure';
import type { Sql } from '../apps/server/src/database/pool.ts';
import { freshDatabase } from './support/database.ts';
import { eventually, startServerHere } from './support/server.ts';

/** Every table that has rows of the subject, found by its columns and not by a list that grows old. */
async function tablesWith(sql: Sql, subjectId: string): Promise<string[]> {
  const columns = await sql<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.columns
    WHERE column_name = 'subject_id' AND table_schema = current_schema() ORDER BY table_name`;
  assert.ok(columns.length >= 10);
  const found: string[] = [];
  for (const { name } of columns) {
    const rows = await sql`SELECT FROM ${sql(name)} WHERE subject_id = ${subjectId} LIMIT 1`;
    if (rows.length > 0) found.push(name);
  }
  const own = await sql`SELECT FROM subject WHERE id = ${subjectId}`;
  return own.length > 0 ? ['subject', ...found] : found;
}

test('erased while its device sends: no table holds a row of it, now and after the last flush', async () => {
  await using database = await freshDatabase();
  const { connection } = database;
  let erasedId = '';
  let keptId = '';
  {
    await using here = await startServerHere({ config: { database: connection } });
    const { server, problems } = here;
    const erased = await server.addPatient('Erased');
    const kept = await server.addPatient('Kept');
    [erasedId, keptId] = [erased.subjectId, kept.subjectId];
    const { recordNumber } = (
      await server.get<{ identity: { recordNumber: string } }>(`/api/subjects/${erasedId}`)
    ).identity;
    const clients = await Promise.all([server.connect(erased), server.connect(kept)]);
    let isSending = true;
    const sending = clients.map(async (client, which) => {
      const topic = `devices/${[erased, kept][which]?.id}`;
      for (let i = 0; isSending; i += 1) {
        const time = Date.now();
        const values = { spo2: i % 2 === 0 ? 70 : 97, 'heart-rate': 80 };
        await client.publishAsync(`${topic}/readings`, JSON.stringify({ time, values }), {
          qos: 1,
        });
        if (i % 5 === 0) {
          const event = JSON.stringify({ time, kind: 'button' });
          await client.publishAsync(`${topic}/events`, event, { qos: 1 });
          await client.publishAsync(`${topic}/readings`, 'nonsense', { qos: 1 });
        }
      }
    });
    await eventually('alarms of both', async () =>
      (await server.alarms(erasedId)).length > 0 && (await server.alarms(keptId)).length > 0
        ? true
        : undefined,
    );
    const holds = `/api/subjects/${erasedId}/holds`;
    const hold = await server.post<LegalHold>(holds, { reason: 'Quagswaggerin v. Ward' });
    await server.post(`${holds}/${hold.id}/release`, {});
    const erasure = await server.post<Erasure>(`/api/subjects/${erasedId}/erasure`, {
      recordNumber,
      stopMonitoring: true,
    });
    assert.deepEqual(erasure.devicesUnassigned, [erased.id]);
    await eventually('the rows to be gone', async () => {
      const again = await server.get<Erasure>(`/api/subjects/${erasedId}/erasure`);
      return again.rowsRemoved ? true : undefined;
    });
    assert.deepEqual(await server.alarms(erasedId), []);
    const countBefore = (await server.readings(keptId, 'spo2')).length;
    await eventually('the other patient to go on', async () =>
      (await server.readings(keptId, 'spo2')).length > countBefore + 20 ? true : undefined,
    );
    isSending = false;
    await Promise.all(sending);
    await Promise.all(clients.map((client) => client.endAsync()));
    assert.deepEqual(problems, []);
  }
  // Who had looked, by ids, can be answered for afterwards, as in the audit itself.
  assert.deepEqual(await tablesWith(database.line, erasedId), ['audit_access', 'erasure']);
  const audited = await database.line<{ act: string }[]>`
    SELECT act FROM audit_leaf WHERE target = ${`subject/${erasedId}`} ORDER BY at_ms`;
  const acts = audited.map(({ act }) => act);
  assert.deepEqual(acts, ['legal-hold-placed', 'legal-hold-released', 'subject-erased']);
  assert.ok((await tablesWith(database.line, keptId)).includes('chunk'), 'the search sees rows');
});
