/** From one installation to another: every question has the same answer there, and once is enough. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import type { AlarmView } from '@ausculta/contract/alarms';
import { MOVED_TABLES, NOT_MOVED } from '../apps/server/src/commands/moved-tables.ts';
import { SEALED_KINDS } from '../apps/server/src/commands/sealed-tables.ts';
import { freshDatabase, type TestDatabase } from './support/database.ts';
import { runCommand, urlOf } from './support/program.ts';
import {
  eventually,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const STARTED_MS = Date.now();

interface Installation {
  readonly database: TestDatabase;
  readonly dataDir: string;
}

async function move({ database, dataDir }: Installation, ...args: string[]) {
  const { code, output } = await runCommand([...args, '--json'], {
    AUSCULTA_DATA_DIR: dataDir,
    DATABASE_URL: urlOf(database.connection),
  });
  const last = output.stdout.trim().split('\n').at(-1) ?? '';
  const said = (last === '' ? {} : JSON.parse(last)) as Record<string, Record<string, number>>;
  return { code, said, stderr: output.stderr.replaceAll(/^….*\n/gm, '') };
}

const start = ({ database, dataDir }: Installation) =>
  startServerHere({ config: { database: database.connection, dataDir } });

/** A monitor's minutes: numbers, an alarm, a wave, an event, a message that nobody could read, a hold. */
async function live(server: ServerUnderTest, device: TestDevice, seed: number): Promise<void> {
  const startMs = Date.now();
  const readings = Array.from({ length: 40 }, (_, i) => ({
    values: {
      spo2: i > 30 ? 71 : 95 + ((i * seed) % 4),
      'heart-rate': 60 + ((i * seed) % 40),
      'body-temperature': 36.6,
    },
  }));
  for (const reading of readings) {
    assert.equal(
      (await server.send(device, JSON.stringify({ time: Date.now(), ...reading }))).status,
      202,
    );
  }
  const samples = Int32Array.from({ length: 500 }, (_, i) =>
    Math.round(200 * Math.sin((i * seed) / 9)),
  );
  const run = {
    metric: 'ecg-ii',
    rate: { numerator: 250, denominator: 1 },
    samples,
    gain: 200,
    zero: 0,
    flags: 0,
    startMs,
  };
  const block = encodeRuns([run], NO_COMPRESSION);
  assert.ok(block.ok);
  await server.send(device, new Uint8Array(block.value), 'waveforms');
  await server.send(device, JSON.stringify({ time: startMs, kind: 'button' }), 'events');
  await server.send(device, '{"values": {"');
  await server.post(`/api/subjects/${device.subjectId}/holds`, { reason: `inquest ${seed}` });
  const subject = { reference: `Patient/${device.subjectId}` };
  const code = { text: `Diagnosis ${seed}` };
  await server.post('/fhir/R4/Condition', { resourceType: 'Condition', subject, code });
}

/** What is found of a patient's documents, by words that only the index knows. */
async function documents(server: ServerUnderTest, { subjectId }: TestDevice): Promise<string[]> {
  const path = `/fhir/R4/Condition?patient=${subjectId}&code:text=diagnosis`;
  const { entry = [] } = await server.get<{ entry?: { resource: { id?: string } }[] }>(path);
  // Just imported, an answer says that its documents are still being indexed.
  return entry.flatMap(({ resource }) =>
    resource.id === undefined ? [] : JSON.stringify(resource),
  );
}

const known = (condition: AlarmView['condition']) =>
  condition === 'unknown' ? 'present' : condition;

/** Every question that can be asked of a subject, and its answer. */
async function answers(server: ServerUnderTest, { subjectId }: TestDevice) {
  const path = `/api/subjects/${subjectId}`;
  const span = `from=${STARTED_MS - 60_000}&to=${STARTED_MS + 3_600_000}`;
  const metrics = 'spo2,heart-rate,body-temperature';
  const fhir = await server.get<{ entry: { resource: { id?: string } }[] }>(
    `/fhir/R4/Observation?patient=${subjectId}&_count=100`,
  );
  const waveSpan = `from=${STARTED_MS - 5_000}&to=${STARTED_MS + 114_000}`;
  const wave = await server.fetch(`${path}/waveforms?metrics=ecg-ii&${waveSpan}`);
  return {
    subject: await server.get(path),
    readings: await server.readings(subjectId, metrics),
    trend: (
      (await server.get(`${path}/trend?metrics=${metrics}&${span}&points=50`)) as { lanes: unknown }
    ).lanes,
    wave: Buffer.from(await wave.arrayBuffer()).toString('hex'),
    events: await server.get(`${path}/events`),
    // Whether data have stopped is judged by the clock, which goes on between two answers.
    alarms: (await server.alarms(subjectId))
      .filter(({ ruleKey }) => !ruleKey.startsWith('technical/no-data'))
      .map((alarm) => ({ ...alarm, condition: known(alarm.condition) })),
    holds: await server.get(`${path}/holds`),
    // Just imported, an answer says that its documents are still being indexed.
    observations: fhir.entry.flatMap(({ resource }) => resource.id ?? []),
  };
}

test('export, import into an empty installation: the same answers, twice the same, and life goes on', async () => {
  await using database = await freshDatabase();
  await using otherDatabase = await freshDatabase();
  const from = { database, dataDir: await temporaryDirectory() };
  const to = { database: otherDatabase, dataDir: await temporaryDirectory() };
  const patients: TestDevice[] = [];
  let before: unknown[] = [];
  let documentsBefore: string[] = [];
  {
    await using here = await start(from);
    for (const seed of [3, 7]) {
      const patient = await here.server.addPatient(`Moved ${seed}`);
      patients.push(patient);
      await live(here.server, patient, seed);
    }
    before = await Promise.all(patients.map((patient) => answers(here.server, patient)));
    documentsBefore = await documents(here.server, patients[0] as TestDevice);
    assert.equal(documentsBefore.length, 1);
  }
  {
    await using there = await start(to);
    // Its ids of series are taken: those of the export have to give way.
    const own = await there.server.addPatient('There before');
    await there.server.send(own, JSON.stringify({ time: Date.now(), values: { spo2: 97 } }));
  }
  const secret = join(from.dataDir, 'passphrase');
  await writeFile(secret, 'correct horse battery\n');
  const path = join(from.dataDir, 'moved.ausculta');
  const unmeant = await move(from, 'export', path);
  assert.equal(unmeant.code, 1);
  assert.match(unmeant.stderr, /^ausculta: .*--passphrase-file FILE, or say --clear.*\n$/);
  const exported = await move(from, 'export', path, `--passphrase-file=${secret}`);
  assert.equal(exported.code, 0, exported.stderr);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.ok(!(await readFile(path)).includes('Moved'), 'nothing in clear');
  const left = await database.line`SELECT FROM audit_leaf WHERE act = 'organisation-exported'`;
  assert.equal(left.length, 1, 'who was refused has taken nothing out');

  const first = await move(to, 'import', path, `--passphrase-file=${secret}`);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.said['imported']?.['records'], exported.said['exported']?.['records']);
  const second = await move(to, 'import', path, `--passphrase-file=${secret}`);
  assert.equal(second.said['imported']?.['added'], 0, second.stderr);
  assert.equal((await move(to, 'verify')).code, 0);

  await using there = await start(to);
  const after = await Promise.all(patients.map((patient) => answers(there.server, patient)));
  assert.deepEqual(after, before);
  const [patient] = patients;
  assert.ok(patient !== undefined);
  const found = await eventually('the index', async () => {
    const now = await documents(there.server, patient);
    return now.length > 0 ? now : undefined;
  });
  assert.deepEqual(found, documentsBefore);
  assert.deepEqual(there.problems, []);
  await there.server.send(patient, JSON.stringify({ time: Date.now(), values: { spo2: 88 } }));
  const now = await there.server.readings(patient.subjectId, 'spo2');
  assert.equal(now.at(-1)?.value, 88, 'its device goes on with its own token');
  const audited = await otherDatabase.line`SELECT FROM audit_leaf WHERE act = 'legal-hold-placed'`;
  assert.equal(audited.length, 2);
});

test('every table of an organisation moves, or is named as one that stays', async () => {
  await using database = await freshDatabase();
  const tables = await database.line<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.columns
    WHERE table_schema = current_schema() AND column_name = 'organisation_id'`;
  const known = [...MOVED_TABLES.map(({ table }) => table), ...NOT_MOVED];
  assert.deepEqual(tables.map(({ name }) => name).sort(), known.toSorted());
  for (const { table } of SEALED_KINDS) assert.ok(known.includes(table));
});
