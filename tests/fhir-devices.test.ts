/** Devices of the registry by FHIR, on the real server, as a client of others asks for them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DeviceList } from '@ausculta/contract/devices';
import { deviceTag } from '@ausculta/fhir/reading-id';
import type {
  Bundle,
  Device,
  DeviceMetric,
  Observation,
  Reference,
  Resource,
} from '@medplum/fhirtypes';
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

/** Of a kind; returns its readings as FHIR tells them. */
async function measuring(id: string, about: object, values: object): Promise<Observation[]> {
  const { server } = here;
  const subject = await server.addSubject();
  const asked = { id, model: 'HEM-9200T', subjectId: subject.id, about };
  const { token } = await server.post<{ token: string }>('/api/devices', asked);
  const device = { id, token, subjectId: subject.id };
  const body = JSON.stringify({ time: Date.now(), values });
  assert.equal((await server.send(device, body)).status, 202);
  return await eventually('its readings', async () => {
    const all = found(await search({ patient: subject.id }, 'Observation')) as Observation[];
    return all.length > 0 ? all : undefined;
  });
}

const read = async ({ reference = '' }: Reference): Promise<Resource> => {
  const [resourceType = '', id = ''] = reference.split('/');
  return (await client.read({ resourceType, id })) as Resource;
};

test('a personal device is told by its guide, with the gateway that passes on what it measures', async () => {
  const about = { kind: 'personal', manufacturer: 'Omron', systemId: 'fe:ed:ab:ee:de:ad:77:c3' };
  const values = { 'nibp-systolic': 120, 'nibp-diastolic': 80 };
  const [reading] = await measuring('cuff-1', about, values);
  assert.ok(reading?.device && reading.extension?.[0]?.valueReference);
  const device = (await read(reading.device)) as Device;
  assert.equal(device.type?.coding?.[0]?.code, '65573');
  assert.equal(device.identifier?.[1]?.value, 'FE-ED-AB-EE-DE-AD-77-C3');
  const gateway = (await read(reading.extension[0].valueReference)) as Device;
  assert.equal(gateway.type?.coding?.[0]?.code, '531981');
  const { id = '' } = gateway;
  assert.equal(await status(client.delete({ resourceType: 'Device', id })), 405);
  const byId = (await client.read({
    resourceType: 'Observation',
    id: reading.id ?? '',
  })) as Resource;
  assert.deepEqual(byId, reading);
});

/** The Observations of a patient, as they are exported. */
async function exported({ server }: ServerHere, patient: string): Promise<Observation[]> {
  const path = `/fhir/R4/Patient/$export?_type=Observation&patient=${patient}`;
  const begun = await server.fetch(path, { headers: { prefer: 'respond-async' } });
  const { pathname } = new URL(begun.headers.get('content-location') ?? '');
  const { output } = await eventually('the export', async () => {
    const response = await server.fetch(pathname);
    return response.status === 202
      ? undefined
      : ((await response.json()) as { output: { url: string }[] });
  });
  const texts = await Promise.all(
    output.map(async ({ url }) => (await server.fetch(new URL(url).pathname)).text()),
  );
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  return lines.map((line) => JSON.parse(line) as Observation);
}

describe('a personal device whose clock is wrong', () => {
  /** Behind by an hour, and it says so with what it sends. */
  const BEHIND_MS = 3_600_000;
  let device: TestDevice;
  let measuredMs: number;

  const measured = async (): Promise<Observation[]> =>
    found(await search({ patient: device.subjectId }, 'Observation')) as Observation[];
  const clockOf = ({ extension = [] }: Observation): Reference | undefined =>
    extension.find(({ url }) => url.endsWith('/CoincidentTimeStampReference'))?.valueReference;
  const send = async (value: number, behindMs: number): Promise<void> => {
    measuredMs = Date.now();
    const sent = measuredMs - behindMs;
    const readings = [{ time: sent, values: { spo2: value } }];
    const response = await here.server.send(device, JSON.stringify({ sent, readings }));
    assert.equal(response.status, 202);
  };

  before(async () => {
    const { server } = here;
    const subject = await server.addSubject();
    const asked = { id: 'oximeter-1', subjectId: subject.id, about: { kind: 'personal' } };
    const { token } = await server.post<{ token: string }>('/api/devices', asked);
    device = { id: 'oximeter-1', token, subjectId: subject.id };
  });

  test('says what both clocks showed beside the reading, whose time is the right one', async () => {
    await send(97, BEHIND_MS);
    const [reading] = await eventually('the reading', async () => {
      const all = await measured();
      return all.length === 1 ? all : undefined;
    });
    assert.ok(reading);
    const readAtMs = Date.parse(reading.effectiveDateTime ?? '');
    assert.ok(Math.abs(readAtMs - measuredMs) < 60_000, reading.effectiveDateTime);
    const clock = (await read(clockOf(reading) ?? {})) as Observation;
    const gatewayMs = Date.parse(clock.effectiveDateTime ?? '');
    const shownMs = Date.parse(clock.valueDateTime ?? '');
    assert.ok(Math.abs(gatewayMs - shownMs - BEHIND_MS) < 60_000, clock.valueDateTime);
    assert.equal(clock.subject?.reference, `Device/${deviceTag(device.id)}`);
    assert.equal(clock.subject?.reference, reading.device?.reference);
    assert.deepEqual(clock.device, reading.extension?.[0]?.valueReference);
    assert.deepEqual(await read(clockOf(reading) ?? {}), clock, 'always the same');
    const { id = '' } = clock;
    assert.equal(await status(client.delete({ resourceType: 'Observation', id })), 405);
    const version = clock.meta?.versionId ?? '';
    assert.deepEqual(await client.vread({ resourceType: 'Observation', id, version }), clock);
  });

  test('is found with its readings by whoever asks for all that they name, and in the record', async () => {
    const [reading] = await measured();
    const clock = clockOf(reading ?? { resourceType: 'Observation', status: 'final', code: {} });
    const [, id = ''] = clock?.reference?.split('/') ?? [];
    const asked = { patient: device.subjectId, code: '59408-5' };
    for (const [include, isIn] of [
      ['*', true],
      ['Observation:*', true],
      ['Observation:device', false],
    ] as const) {
      const bundle = await search({ ...asked, _include: include }, 'Observation');
      assert.equal(ids(bundle, 'include').includes(id), isIn, include);
    }
    const record = await here.server.get<Bundle>(
      `/fhir/R4/Patient/${device.subjectId}/$everything`,
    );
    assert.deepEqual(ids(record, 'include'), [id]);
    const lines = await exported(here, `Patient/${device.subjectId}`);
    const own = lines.filter((line) => line.subject?.reference?.startsWith('Device/'));
    assert.deepEqual(
      own.map((line) => line.id),
      [id],
    );
  });

  test('has another such moment when it is set right, and none for what is right', async () => {
    const [before] = await measured();
    await send(98, 0);
    const [after, earlier] = await eventually('the second reading', async () => {
      const all = await measured();
      return all.length === 2 ? all : undefined;
    });
    assert.ok(before && after && earlier);
    assert.equal(clockOf(after), undefined);
    assert.deepEqual(clockOf(earlier), clockOf(before));
  });

  test('knows no moment that it never had, nor of a device that is no personal one', async () => {
    const tag = deviceTag(device.id);
    for (const id of [`${tag}.clock.1.zzz`, `${deviceTag(worn.id)}.clock.1.zzz`])
      assert.equal(await status(client.read({ resourceType: 'Observation', id })), 404, id);
  });
});

test('a monitor at the point of care names what measures, which is found by its device', async () => {
  const values = { 'heart-rate': 70, spo2: 97 };
  const readings = await measuring('bed-monitor-1', { kind: 'point-of-care' }, values);
  const source = `Device/${deviceTag('bed-monitor-1')}`;
  const metrics = await search({ source }, 'DeviceMetric');
  assert.deepEqual(
    ids(metrics).toSorted(),
    readings.map(({ device }) => device?.reference?.split('/')[1]).toSorted(),
  );
  const [heartRate = ''] = ids(metrics);
  for (const asked of [{ _id: heartRate }, { identifier: `${SYSTEM}|bed-monitor-1/heart-rate` }])
    assert.deepEqual(ids(await search({ ...asked }, 'DeviceMetric')), [heartRate]);
  assert.deepEqual(ids(await search({ identifier: 'bed-monitor-1' }, 'DeviceMetric')), []);
  const told = (await read({ reference: `DeviceMetric/${heartRate}` })) as DeviceMetric;
  assert.equal(told.source?.reference, source);
  const page = await search({ source, _count: '1' }, 'DeviceMetric');
  const next = await client.nextPage({ bundle: page });
  assert.deepEqual([...ids(page), ...ids(next ?? page)], ids(metrics));
  const strange = { resourceType: 'DeviceMetric', id: heartRate, category: 'setting' };
  const body = { ...strange, type: { text: 'x' } } as Resource & { id: string };
  const update = client.update({ resourceType: 'DeviceMetric', id: heartRate, body });
  assert.equal(await status(update), 405);
  assert.equal(found(await search({ category: 'setting' }, 'DeviceMetric'), 'outcome').length, 1);
});

test('a search of readings brings what they name, the devices of the registry too', async () => {
  const [reading] = await measuring('bed-monitor-2', { kind: 'point-of-care' }, { spo2: 98 });
  const patient = reading?.subject?.reference ?? '';
  const asked = { patient, code: '59408-5', _include: 'Observation:device' };
  const metric = `${deviceTag('bed-monitor-2')}.spo2`;
  assert.deepEqual(ids(await search(asked, 'Observation'), 'include'), [metric]);
  const further = { ...asked, '_include:iterate': 'DeviceMetric:source' };
  const included = ids(await search(further, 'Observation'), 'include');
  assert.deepEqual(included.toSorted(), [deviceTag('bed-monitor-2'), metric].toSorted());
  const of = { patient: worn.subjectId, code: '8867-4', _include: '*' };
  const all = ids(await search(of, 'Observation'), 'include').toSorted();
  assert.deepEqual(all, [deviceTag(worn.id), worn.subjectId].toSorted());
});

test('what a device is can be said later, by an administrator alone, and is in the audit trail', async () => {
  const { server, database } = here;
  const about = { kind: 'personal', serialNumber: '20150200002A' };
  const say = async (body: object, id = worn.id) => {
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await server.fetch(`/api/devices/${id}/about`, options)).status;
  };
  assert.equal(await say(about), 200);
  const [reading] = found(await search({ patient: worn.subjectId }, 'Observation'));
  assert.ok((reading as Observation).extension !== undefined);
  const [row] = await database.line`
    SELECT act FROM audit_leaf WHERE target = ${`device/${worn.id}`} ORDER BY at_ms DESC LIMIT 1`;
  assert.equal(row?.act, 'device-described');
  assert.equal(await say({}), 200);
  const { devices } = await server.get<DeviceList>('/api/devices');
  assert.deepEqual(devices.find(({ id }) => id === worn.id)?.about, {});
  for (const wrong of [{ kind: 'toy' }, { systemId: 'FEED' }, { serialNumber: '' }, { maker: 'x' }])
    assert.equal(await say(wrong), 400, JSON.stringify(wrong));
  assert.equal(await say(about, 'nobody-knows'), 404);
});

test('every answer was what R4 says', () => assertAllRight(recorder, 20));
