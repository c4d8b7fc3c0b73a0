/** Observations that are posted and are readings of a device, on the real server. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { deviceTag } from '@ausculta/fhir/reading-id';
import type { Bundle, Observation } from '@medplum/fhirtypes';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { hookReceiver } from './support/hook-receiver.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';
import { settingsFor, subscribed, written } from './support/subscription-sample.ts';

let here: ServerHere;
let recorder: FhirRecorder;
let device: TestDevice;
let lastMs = Date.now() - 50_000;

const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';

before(async () => {
  here = await startServerHere();
  recorder = await recordFhir(here.server.url);
  device = await here.server.addPatient();
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

/** Of a heart, each a little later than the one before. */
function heartRate(value: number, more: object = {}, of = device): Observation {
  lastMs += 1_000;
  return {
    ...{ resourceType: 'Observation', status: 'final' },
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: 'vital-signs',
          },
        ],
      },
    ],
    code: { coding: [{ system: LOINC, code: '8867-4' }] },
    subject: { reference: `Patient/${of.subjectId}` },
    effectiveDateTime: new Date(lastMs).toISOString(),
    valueQuantity: { value, unit: '/min', system: UCUM, code: '/min' },
    device: { identifier: { system: 'urn:ausculta:device', value: of.id } },
    ...more,
  } as Observation;
}

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Observation> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${recorder.url}/fhir/R4/Observation`, {
    ...{ method: 'POST', body: text },
    headers: {
      authorization: `Bearer ${here.server.token}`,
      'content-type': 'application/fhir+json',
      ...headers,
    },
  });
  assert.equal(response.status, 201, await response.clone().text());
  const told = (await response.json()) as Observation;
  const location = response.headers.get('location');
  assert.ok(location?.includes(`/Observation/${told.id}/_history/`), location ?? '');
  return told;
}

const isReading = ({ id = '' }: Observation): boolean => id.startsWith(`${deviceTag(device.id)}.`);

const found = async (query: string): Promise<Observation[]> => {
  const path = `/fhir/R4/Observation?patient=${device.subjectId}&${query}`;
  const { entry = [] } = await here.server.get<Bundle<Observation>>(path);
  return entry.flatMap(({ resource }) => resource ?? []);
};

describe('a posted Observation', () => {
  test('of what a device of its patient measures is a reading: found at once, and by its id', async () => {
    const sent = heartRate(72);
    const code = { coding: [{ system: LOINC, code: '8867-4', display: 'Heart rate' }] };
    const told = await post({ ...sent, code });
    assert.ok(isReading(told));
    assert.deepEqual(told.valueQuantity, sent.valueQuantity);
    assert.equal(told.effectiveDateTime, sent.effectiveDateTime);
    const [newest] = await found('code=8867-4&_sort=-date&_count=1');
    assert.deepEqual(newest, told);
    assert.deepEqual(await here.server.get(`/fhir/R4/Observation/${told.id}`), told);
    const readings = await here.server.readings(device.subjectId, 'heart-rate');
    assert.equal(readings.length, 1);
    const [row] = await here.database.line`
      SELECT count(*)::int AS count FROM fhir_document WHERE type = 'Observation'`;
    assert.equal(row?.count, 0);
  });

  test('is one reading however often it is sent; another value of the moment is a document', async () => {
    const sent = heartRate(73);
    const first = await post(sent);
    assert.deepEqual(await post(sent), first);
    assert.deepEqual((await Promise.all([sent, sent].map((one) => post(one))))[1], first);
    const other = { ...sent, valueQuantity: { ...sent.valueQuantity, value: 74 } };
    assert.ok(!isReading(await post(other)));
    assert.deepEqual(await here.server.get(`/fhir/R4/Observation/${first.id}`), first);
  });

  test('of a cuff is its pressures, in one', async () => {
    const pressure = (code: string, value: number) => ({
      code: { coding: [{ system: LOINC, code }] },
      valueQuantity: { value, unit: 'mm[Hg]', system: UCUM, code: 'mm[Hg]' },
    });
    const { valueQuantity: _, ...panel } = heartRate(0);
    const told = await post({
      ...panel,
      code: { coding: [{ system: LOINC, code: '85354-9' }] },
      component: [pressure('8462-4', 80), pressure('8480-6', 120)],
    });
    assert.ok(isReading(told));
    assert.deepEqual(
      told.component?.map(({ valueQuantity }) => valueQuantity?.value),
      [120, 80],
    );
  });

  test('is watched like whatever the device sends: an alarm that lasts, and ends', async () => {
    const other = await here.server.addPatient();
    const at = (value: number, agoMs: number) => ({
      ...heartRate(0, {}, other),
      code: { coding: [{ system: LOINC, code: '8867-4' }] },
      effectiveDateTime: new Date(Date.now() - agoMs).toISOString(),
      valueQuantity: { value, unit: '/min', system: UCUM, code: '/min' },
    });
    // Beyond its limit for as long as the limit waits.
    await post(at(20, 9_000));
    await post(at(20, 2_000));
    const alarm = await eventually(
      'the alarm',
      async () => (await here.server.alarms(other.subjectId))[0],
    );
    assert.equal(alarm.metric, 'heart-rate');
    assert.equal(alarm.condition, 'present');
    await post(at(72, 100));
    await eventually('its end', async () => {
      const [one] = await here.server.alarms(other.subjectId);
      return one?.condition === 'present' ? undefined : true;
    });
  });

  test('says nothing of its device’s own clock, which may be wrong', async () => {
    const slow = await here.server.addPatient();
    const lateMs = 10 * 60_000;
    const own = { time: Date.now() - lateMs, sent: Date.now() - lateMs, values: { spo2: 97 } };
    assert.equal((await here.server.send(slow, JSON.stringify(own))).status, 202);
    const clock = () => here.database.line`
      SELECT epoch, offset_ms FROM clock_offset WHERE device_id = ${slow.id}`;
    const before = await clock();
    assert.equal(before.length, 1);
    const at = { effectiveDateTime: new Date(Date.now() - 500).toISOString() };
    const told = await post(heartRate(71, at, slow));
    assert.ok(told.id?.startsWith(`${deviceTag(slow.id)}.`));
    assert.equal(told.effectiveDateTime, at.effectiveDateTime);
    assert.deepEqual([...(await clock())], [...before]);
    const [reading] = await here.server.readings(slow.subjectId, 'heart-rate');
    assert.equal(reading?.value, 71);
  });

  test('stays a document where something of it would be lost, or it is of no device of the patient', async () => {
    const gateway = await here.server.addPatient();
    const { device: _, ...nobodys } = heartRate(70);
    const quantity = heartRate(70).valueQuantity;
    const cases: Readonly<Record<string, unknown>> = {
      'no device': nobodys,
      'a device nobody knows': heartRate(70, { device: { reference: 'Device/unknown' } }),
      'a device of another patient': heartRate(70, {
        device: { identifier: { system: 'urn:ausculta:device', value: gateway.id } },
      }),
      'a note': heartRate(70, { note: [{ text: 'after the stairs' }] }),
      'an identifier': heartRate(70, { identifier: [{ system: 'urn:x', value: '1' }] }),
      'another word for the unit': heartRate(70, { valueQuantity: { ...quantity, unit: 'bpm' } }),
      'words for the code': heartRate(70, {
        code: { coding: [{ system: LOINC, code: '8867-4' }], text: 'Pulse at rest' },
      }),
      'a performer': heartRate(70, { performer: [{ display: 'Ward 3' }] }),
      'its own id': heartRate(70, { id: 'mine' }),
      'another zone': heartRate(70, {
        effectiveDateTime: new Date(lastMs - 3_600_000).toISOString().replace('Z', '-01:00'),
      }),
      'a preliminary value': heartRate(70, { status: 'preliminary' }),
      'what was measured yesterday': heartRate(70, {
        effectiveDateTime: new Date(Date.now() - 24.1 * 3_600_000).toISOString(),
      }),
      'the future': heartRate(70, {
        effectiveDateTime: new Date(Date.now() + 60_000).toISOString(),
      }),
      'what cannot be': heartRate(900),
      'a precision that a number forgets': JSON.stringify(heartRate(70)).replace(':70,', ':70.0,'),
    };
    for (const [what, sent] of Object.entries(cases)) assert.ok(!isReading(await post(sent)), what);
    assert.equal((await here.server.readings(gateway.subjectId, 'heart-rate')).length, 0);
  });

  test('is a document where it was to be made only if there was none, or comes from a clinician', async () => {
    const once = await post(heartRate(70), { 'if-none-exist': 'code=0000-0' });
    assert.ok(!isReading(once));
    const sql = here.database.line;
    const [own] = await sql<{ id: string }[]>`SELECT id FROM organisation`;
    const token = randomUUID();
    const token_hash = createHash('sha256').update(token).digest();
    await sql`
      INSERT INTO api_token (organisation_id, token_hash, label, roles)
      VALUES (${own?.id ?? null}, ${token_hash}, 'test', ARRAY['physician', 'nurse'])`;
    assert.ok(!isReading(await post(heartRate(70), { authorization: `Bearer ${token}` })));
  });

  test('is a reading in a batch too; a transaction is written as a whole, of documents', async () => {
    for (const type of ['batch', 'transaction'] as const) {
      const resources = [heartRate(70), { resourceType: 'Task', status: 'draft', intent: 'order' }];
      const entry = resources.map((resource) => ({
        ...{ resource, request: { method: 'POST', url: resource.resourceType } },
      }));
      const response = await fetch(`${recorder.url}/fhir/R4`, {
        ...{ method: 'POST', body: JSON.stringify({ resourceType: 'Bundle', type, entry }) },
        headers: {
          authorization: `Bearer ${here.server.token}`,
          'content-type': 'application/fhir+json',
        },
      });
      const { entry: done = [] } = (await response.json()) as Bundle;
      assert.deepEqual(
        done.map((one) => one.response?.status),
        ['201 Created', '201 Created'],
      );
      assert.equal(isReading(done[0]?.resource as Observation), type === 'batch');
    }
  });

  test('that is wrong is refused as ever, and leaves nothing', async () => {
    const response = await here.server.fetch('/fhir/R4/Observation', {
      ...{ method: 'POST', body: JSON.stringify(heartRate(70, { status: 'finished' })) },
      headers: { 'content-type': 'application/fhir+json' },
    });
    assert.equal(response.status, 422);
  });
});

test('where somebody is told of each Observation that is written, it is written', async () => {
  await using receiver = await hookReceiver();
  await using other = await startServerHere(settingsFor(receiver));
  const { server } = other;
  const worn = await server.addPatient();
  const first = await written(server, heartRate(70, {}, worn));
  assert.ok(first.id.includes('.'));
  const filters = ['Observation?code=8867-4'];
  await subscribed(server, { topic: 'written', filters, endpoint: receiver.url });
  const second = await written(server, heartRate(71, {}, worn));
  assert.ok(!second.id.includes('.'));
});

test('every answer was what R4 says', () => assertAllRight(recorder, 20));
