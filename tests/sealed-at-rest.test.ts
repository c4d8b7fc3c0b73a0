/**
 * Nothing that names a person, and nothing that a device said of one, lies in clear in any file: not
 * in tables, not in the write-ahead log, not in what the program wrote to its output. A name that was
 * planted is looked for in every byte of the data directory, while the server runs and afterwards.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServerProcess } from './support/program.ts';
import { eventually, type ServerUnderTest, temporaryDirectory } from './support/server.ts';

const NAMES = {
  familyName: 'Quagswagger',
  givenName: 'Zephyrinchen',
  recordNumber: 'MRN-7391-KX',
  ward: 'Wattenmeerstation',
  birthDate: '1931-07-29',
};

/** Clear by design: devices are named in topics. Were it not found, the search would be blind. */
const DEVICE_ID = 'control-device-5501';

const PARKED_TEXT = 'parked-canary-4482';

const HOLD_REASON = 'inquest-canary-7718';

/** What is said of a patient, and of those about them, by FHIR. */
const SAID = {
  city: 'Quittenhausen',
  nextOfKin: 'Balthasarius',
  nurse: 'Kunigundela',
  note: 'diagnosis-canary-6617',
  identifier: 'insurance-canary-3302',
};

/** A value whose text and whose eight bytes appear nowhere by chance. */
const VALUE = 97.530_864_2;

function needles(): { what: string; bytes: Buffer }[] {
  const texts = [
    ...Object.values(NAMES),
    ...Object.values(SAID),
    PARKED_TEXT,
    HOLD_REASON,
    String(VALUE),
  ];
  const found = texts.flatMap((text) => [
    { what: text, bytes: Buffer.from(text, 'utf8') },
    { what: `${text} (UTF-16)`, bytes: Buffer.from(text, 'utf16le') },
    { what: `${text} (hex)`, bytes: Buffer.from(Buffer.from(text).toString('hex')) },
    { what: `${text} (base64)`, bytes: base64Core(text) },
  ]);
  const double = Buffer.alloc(8);
  double.writeDoubleLE(VALUE);
  found.push({ what: `${VALUE} (double)`, bytes: double });
  return found;
}

/** The letters of a base64 text that do not depend on what follows. */
function base64Core(text: string): Buffer {
  return Buffer.from(
    Buffer.from(text)
      .toString('base64')
      .slice(0, Math.floor(text.length / 3) * 4),
  );
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Documents, a second version of one, and searches for what they hold. */
async function document(server: ServerUnderTest, id: string): Promise<void> {
  const post = (resource: { resourceType: string }) =>
    server.post<{ id: string }>(`/fhir/R4/${resource.resourceType}`, resource);
  const patient = { reference: `Patient/${id}` };
  const read = await server.get<object>(`/fhir/R4/Patient/${id}`);
  const identifier = [{ system: 'urn:insurance', value: SAID.identifier }];
  const body = JSON.stringify({ ...read, identifier, address: [{ city: SAID.city }] });
  const headers = { 'content-type': 'application/fhir+json' };
  await server.fetch(`/fhir/R4/Patient/${id}`, { method: 'PUT', headers, body });
  const kin = { patient, name: [{ family: SAID.nextOfKin }], birthDate: NAMES.birthDate };
  await post({ resourceType: 'RelatedPerson', ...kin } as { resourceType: string });
  const nurse = { resourceType: 'Practitioner', name: [{ family: SAID.nurse }] };
  await post(nurse);
  const condition = { resourceType: 'Condition', subject: patient, code: { text: SAID.note } };
  await post(condition);
  for (const question of [
    `Patient?identifier=${SAID.identifier}&address-city=${SAID.city}`,
    `RelatedPerson?name=${SAID.nextOfKin}&birthdate=${NAMES.birthDate}`,
    `Practitioner?family:exact=${SAID.nurse}`,
    `Condition?code:text=${SAID.note}`,
  ]) {
    const { entry = [] } = await server.get<{ entry?: unknown[] }>(`/fhir/R4/${question}`);
    assert.equal(entry.length, 1, 'what nobody can read is found all the same');
  }
}

async function findIn(directory: string) {
  const wanted = needles();
  const found: string[] = [];
  let sawControl = 0;
  let bytes = 0;
  for (const path of await filesOf(directory)) {
    // PostgreSQL takes files away while it runs.
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    bytes += content.length;
    if (content.includes(DEVICE_ID)) sawControl += 1;
    for (const { what, bytes: needle } of wanted)
      if (content.includes(needle)) found.push(`${what} in ${path.slice(directory.length)}`);
  }
  return { found, sawControl, bytes };
}

test('a planted name is in no file, while the server runs and after it has stopped', async (t) => {
  const dataDir = await temporaryDirectory();
  await using running = await startServerProcess(dataDir);
  const { server } = running;
  const { id: subjectId } = await server.post<{ id: string }>('/api/subjects', {
    category: 'adult',
    identity: { ...NAMES, invented: true },
  });
  const device = await server.addDevice(subjectId, DEVICE_ID);
  const time = Date.now();
  await server.send(device, JSON.stringify({ time, values: { spo2: VALUE } }));
  await server.send(device, JSON.stringify({ time: time + 1, values: { spo2: 71 } }));
  await server.send(device, `{"values": {"${PARKED_TEXT} ${NAMES.familyName}`);
  await server.send(device, JSON.stringify({ time, kind: 'button' }), 'events');
  await server.post(`/api/subjects/${subjectId}/holds`, { reason: HOLD_REASON });
  await eventually('the alarm', async () =>
    (await server.alarms(subjectId)).length > 0 ? true : undefined,
  );
  await server.fetch(`/api/subjects/${subjectId}/readings?metric=spo2`);
  await document(server, subjectId);

  const live = await findIn(dataDir);
  assert.deepEqual(live.found, []);
  assert.ok(live.sawControl > 0, 'the search sees what is there in clear');

  // An orderly stop writes chunks and a checkpoint: tables and log both hold everything.
  await running.stop();
  const stopped = await findIn(dataDir);
  assert.deepEqual(stopped.found, []);
  assert.ok(stopped.sawControl >= 2, 'in a table and in the write-ahead log');
  t.diagnostic(`${Math.round(stopped.bytes / 2 ** 20)} MiB searched`);

  const output = running.program.output.stdout + running.program.output.stderr;
  for (const text of [
    ...Object.values(NAMES),
    ...Object.values(SAID),
    ...[PARKED_TEXT, HOLD_REASON, String(VALUE), subjectId],
  ])
    assert.ok(!output.includes(text), `the program's output holds ${text}`);
});
