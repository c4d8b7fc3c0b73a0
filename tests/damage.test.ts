/**
 * Stored bytes that are not what was written: the server starts, gives what is readable, and says
 * what is not, to whoever asks and to whoever runs it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Trend, UnreadableLine, UnreadablePart } from '@ausculta/contract/readings';
import { SEALED_KINDS } from '../apps/server/src/commands/sealed-tables.ts';
import type { Connection } from '../apps/server/src/database/connection.ts';
import type { Sql } from '../apps/server/src/database/pool.ts';
import { freshDatabase } from './support/database.ts';
import { runCommand, urlOf } from './support/program.ts';
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

interface Verified {
  readonly verified: {
    checked: Record<string, number>;
    counts: { subjects: number };
    unreadable: number;
  };
}
interface Found {
  readonly unreadable: { what: string; id: string; subject: string | null; why: string };
}

/** `ausculta verify` as a process of its own. */
async function verify(dataDir: string, database: Connection) {
  const { code, output } = await runCommand(['verify', '--json'], {
    AUSCULTA_DATA_DIR: dataDir,
    DATABASE_URL: urlOf(database),
  });
  const lines = output.stdout.trim().split('\n').filter(Boolean);
  const said = lines.map((line) => JSON.parse(line) as Verified | Found);
  return {
    code,
    stderr: output.stderr,
    found: said.filter((line) => 'unreadable' in line).map(({ unreadable }) => unreadable),
    verified: said.find((line) => 'verified' in line)?.verified,
  };
}

test('verify opens all that is sealed, names each row that does not open, and is told by its exit code', async () => {
  await using database = await freshDatabase();
  const config = { database: database.connection, dataDir: await temporaryDirectory() };
  await using here = await startServerHere({ config });
  const patient = await here.server.addPatient('Damaged');
  await here.server.post(`/api/subjects/${patient.subjectId}/holds`, { reason: 'inquest' });
  await say(here.server, patient, 71);
  await here.server.send(patient, '{"values": {"');
  await here[Symbol.asyncDispose]();

  const before = await verify(config.dataDir, database.connection);
  assert.equal(before.code, 0, before.stderr);
  assert.deepEqual(before.found, []);
  const all = [
    'name',
    'chunk',
    'event',
    'alarm',
    'detector state',
    'legal hold',
    'parked message',
    'audit entry',
    'log row',
  ];
  for (const what of all) assert.ok((before.verified?.checked[what] ?? 0) > 0, what);
  assert.equal(before.verified?.counts.subjects, 1);

  await damage(database.line, patient.subjectId);
  await database.line`UPDATE parked SET message_sealed = substr(message_sealed, 1, 20)`;
  const [log] = await database.line<{ name: string }[]>`
    SELECT relname AS name FROM pg_class WHERE relname LIKE 'log\\_%' AND relkind = 'r'`;
  await database.line`UPDATE ${database.line(log?.name ?? '')} SET sealed = set_byte(sealed, 40, 1 + get_byte(sealed, 40) % 7)`;
  const after = await verify(config.dataDir, database.connection);
  assert.equal(after.code, 1, after.stderr);
  const kinds = new Set(after.found.map(({ what }) => what));
  assert.deepEqual([...kinds].sort(), all.filter((what) => what !== 'audit entry').sort());
  assert.equal(after.found.length, after.verified?.unreadable);
  assert.ok(after.found.every(({ id, why }) => id !== '' && why !== ''));
});

/** What anybody may read, or what says nothing. */
const IN_CLEAR = ['salt', 'hashes', 'entries', 'public_key', 'certificate', 'fingerprint'];

test('every column of sealed bytes is one that verify looks at', async () => {
  await using database = await freshDatabase();
  const columns = await database.line<{ place: string }[]>`
    SELECT table_name || '.' || column_name AS place FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type = 'bytea' AND table_name NOT LIKE 'log\\_%'
      AND column_name NOT LIKE '%\\_hash' AND column_name NOT IN ${database.line(IN_CLEAR)}`;
  const known = SEALED_KINDS.map(({ table, sealed }) => `${table}.${sealed}`);
  assert.deepEqual(columns.map(({ place }) => place).sort(), known.toSorted());
});
