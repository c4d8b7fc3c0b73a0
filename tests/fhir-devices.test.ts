/** Devices of the registry by FHIR, on the real server, as a client of others asks for them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deviceTag } from '@ausculta/fhir/reading-id';
import type { Bundle, Device, Observation, Resource } from '@medplum/fhirtypes';
import { clientStatus, type KitClient, kitClient } from './support/fhir-clients.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;
let client: KitClient;
let worn: TestDevice;

const SYSTEM = 'urn:ausculta:device';

before(async () => {
  here = await startServerHere();
  const { server } = here;
  recorder = await recordFhir(server.url);
  client = await kitClient(`${recorder.url}/fhir/R4`, server.token);
  worn = await server.addPatient('Worn');
  await server.addGateway('gateway-1');
  await server.send(worn, JSON.stringify({ time: Date.now(), values: { 'heart-rate': 80 } }));
  await eventually('the reading', async () =>
    (await server.readings(worn.subjectId, 'heart-rate')).length === 1 ? true : undefined,
  );
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

const search = (searchParams: object, resourceType = 'Device') =>
  client.search({ resourceType, searchParams });

const found = ({ entry = [] }: Bundle, mode = 'match') =>
  entry.flatMap(({ resource, search: how }) => (how?.mode === mode ? (resource ?? []) : []));

const ids = (bundle: Bundle, mode = 'match') => found(bundle, mode).map(({ id }) => id);

const status = (asking: Promise<unknown>) =>
  asking.then(
    () => 200,
    (error: unknown) => clientStatus(error),
  );

test('what a reading says that measured it can be read', async () => {
  const [reading] = found(await search({ patient: worn.subjectId }, 'Observation'));
  const { device } = reading as Observation;
  assert.deepEqual(device?.identifier, { system: SYSTEM, value: worn.id });
  const [resourceType = '', id = ''] = device?.reference?.split('/') ?? [];
  const read = (await client.read({ resourceType, id })) as Device;
  assert.equal(read.identifier?.[0]?.value, worn.id);
  assert.equal(read.status, 'active');
  assert.deepEqual(read.patient, { reference: `Patient/${worn.subjectId}` });
  const version = read.meta?.versionId ?? '';
  assert.deepEqual(await client.vread({ resourceType, id, version }), read);
  assert.equal(await status(client.vread({ resourceType, id, version: '0.0' })), 404);
});

test('it is found by its name, its id and who wears it, beside what was written', async () => {
  const id = deviceTag(worn.id);
  const body: Resource = {
    resourceType: 'Device',
    identifier: [{ system: SYSTEM, value: worn.id }],
    patient: { reference: `Patient/${worn.subjectId}` },
    status: 'inactive',
  };
  const document = (await client.create({ resourceType: 'Device', body })).id;
  for (const asked of [
    { identifier: `${SYSTEM}|${worn.id}` },
    { identifier: worn.id },
    { patient: worn.subjectId },
    { patient: `Patient/${worn.subjectId}`, 'status:missing': 'false' },
  ])
    assert.deepEqual(ids(await search(asked)), [id, document], JSON.stringify(asked));
  assert.deepEqual(ids(await search({ _id: id })), [id]);
  assert.deepEqual(ids(await search({ patient: worn.subjectId, status: 'active' })), [id]);
  assert.deepEqual(ids(await search({ patient: worn.subjectId, status: 'inactive' })), [document]);
  assert.deepEqual(ids(await search({ identifier: 'urn:other|gateway-1' })), []);
  assert.deepEqual(ids(await search({ identifier: 'gateway-1' })), [deviceTag('gateway-1')]);
  const counted = await search({ patient: worn.subjectId, _total: 'accurate' });
  assert.equal(counted.total, 2);
  assert.equal((await search({ patient: worn.subjectId, _summary: 'count' })).total, 2);
  const who = await search({ identifier: 'gateway-1', _include: 'Device:patient' });
  assert.deepEqual(ids(who, 'include'), []);
  const wearer = await search({ _id: id, _include: 'Device:patient' });
  assert.deepEqual(ids(wearer, 'include'), [worn.subjectId]);
});

test('pages of both kinds have each of them once', async () => {
  const first = await search({ patient: worn.subjectId, _count: '1' });
  assert.deepEqual(ids(first), [deviceTag(worn.id)]);
  const second = await client.nextPage({ bundle: first });
  assert.ok(second);
  assert.equal(ids(second).length, 1);
  assert.notDeepEqual(ids(second), ids(first));
  assert.equal(client.nextPage({ bundle: second }), undefined);
});

test('where nothing says which, those of the registry are left out, and that is said', async () => {
  const active = await search({ status: 'active' });
  assert.deepEqual(ids(active), []);
  assert.equal(found(active, 'outcome').length, 1);
});

test('no document takes its place, and nobody changes or deletes it by FHIR', async () => {
  const id = deviceTag('gateway-1');
  const body: Resource & { id: string } = { resourceType: 'Device', id, status: 'inactive' };
  assert.equal(await status(client.update({ resourceType: 'Device', id, body })), 405);
  assert.equal(await status(client.delete({ resourceType: 'Device', id })), 405);
  const free = { ...body, id: 'scale-of-others' };
  assert.equal(
    await status(client.update({ resourceType: 'Device', id: free.id, body: free })),
    200,
  );
  const read = (await client.read({ resourceType: 'Device', id })) as Device;
  assert.deepEqual([read.status, read.patient], ['active', undefined]);
});

test('every answer was what R4 says', () => assertAllRight(recorder, 20));
