/**
 * Stored bytes that are not what was written: the server starts, gives what is readable, and says
 * what is not, to whoever asks and to whoever runs it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Trend, UnreadableLine, UnreadablePart } from '@ausculta/contract/readings';
import type { Sql } from '../apps/server/src/database/pool.ts';
import { freshDatabase } from './support/database.ts';
import {
  eventually,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const TABLES = [
  ['subject', 'identity_sealed', 'id'],
  ['chunk', 'sealed', 'subject_id'],
  ['event', 'sealed', 'subject_id'],
  ['alarm', 'detail_sealed', 'subject_id'],
  ['detector_state', 'sealed', 'subject_id'],
  ['legal_hold', 'reason_sealed', 'subject_id'],
] as const;

/** Flips one bit in all that is sealed of a subject. */
async function damage(sql: Sql, subjectId: string): Promise<void> {
  for (const [table, column, owner] of TABLES) {
    const { count } = await sql`
      UPDATE ${sql(table)} SET ${sql(column)} = set_bit(${sql(column)}, 300, 1 - get_bit(${sql(column)}, 300))
      WHERE ${sql(owner)} = ${subjectId}`;
    assert.ok(count > 0, `there are rows of ${table}`);
  }
}

async function say(server: ServerUnderTest, device: TestDevice, spo2: number): Promise<void> {
  const time = Date.now();
  const values = JSON.stringify({ time, values: { spo2, 'heart-rate': 80 } });
  assert.equal((await server.send(device, values)).status, 202);
  await server.send(device, JSON.stringify({ time, kind: 'button' }), 'events');
}

async function answersOf(server: ServerUnderTest, { subjectId }: TestDevice) {
  const path = `/api/subjects/${subjectId}`;
  const span = `from=${Date.now() - 600_000}&to=${Date.now() + 60_000}`;
  const lines = (await (await server.fetch(`${path}/readings?metric=spo2`)).text()).trim();
  const trend = Trend.parse(await server.get(`${path}/trend?metrics=spo2,heart-rate&${span}`));
  const { events } = await server.get<{ events: { kind: string; unreadable?: true }[] }>(
    `${path}/events`,
  );
  const bundle = await server.get<{ entry?: { resource: { resourceType: string } }[] }>(
    `/fhir/R4/Observation?patient=${subjectId}&code=59408-5`,
  );
  const { holds } = await server.get<{ holds: { reason: string }[] }>(`${path}/holds`);
  return { lines: lines.split('\n').filter(Boolean), trend, events, bundle, holds };
}

test('damaged rows of one patient: all of another is there, and every answer says what is missing', async () => {
  await using database = await freshDatabase();
  const config = { database: database.connection, dataDir: await temporaryDirectory() };
  const [damaged, whole] = await (async () => {
    await using here = await startServerHere({ config });
    const patients = [
      await here.server.addPatient('Damaged'),
      await here.server.addPatient('Whole'),
    ];
    for (const patient of patients) {
      await here.server.post(`/api/subjects/${patient.subjectId}/holds`, { reason: 'inquest' });
      await say(here.server, patient, 71);
    }
    return patients as [TestDevice, TestDevice];
  })();
  await damage(database.line, damaged.subjectId);

  await using here = await startServerHere({ config });
  const { server, problems } = here;
  const kept = await answersOf(server, whole);
  assert.equal(kept.lines.length, 1);
  assert.deepEqual(kept.trend.unreadable, []);
  assert.deepEqual(
    kept.holds.map(({ reason }) => reason),
    ['inquest'],
  );
  assert.ok((await server.alarms(whole.subjectId)).length > 0);

  const lost = await answersOf(server, damaged);
  const part = UnreadableLine.parse(JSON.parse(lost.lines[0] ?? '')).unreadable;
  assert.equal(part.metric, 'spo2');
  assert.equal(lost.trend.unreadable.length, 2);
  assert.ok(lost.trend.unreadable.every((one) => UnreadablePart.safeParse(one).success));
  assert.deepEqual(
    lost.events.map(({ kind, unreadable }) => [kind, unreadable]),
    [['button', true]],
  );
  assert.equal(lost.bundle.entry?.[0]?.resource.resourceType, 'OperationOutcome');
  assert.match(lost.holds[0]?.reason ?? '', /cannot be read/);
  const { identity } = await server.get<{ identity: { familyName: string } }>(
    `/api/subjects/${damaged.subjectId}`,
  );
  assert.equal(identity.familyName, 'Name cannot be read');
  const told = new Set(problems.map(({ what }) => what.split(' ').slice(0, -1).join(' ')));
  assert.deepEqual([...told].sort(), ['open alarm', 'open chunk', 'open detector state']);

  // Its alarm is not there to be seen, so the detectors begin anew and tell what is still so.
  assert.deepEqual(await server.alarms(damaged.subjectId), []);
  await say(server, damaged, 70);
  await eventually('an alarm of what is still beyond its limit', async () =>
    (await server.alarms(damaged.subjectId)).find(({ ruleKey }) => /spo2/.test(ruleKey)),
  );
});
