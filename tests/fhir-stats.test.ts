/** `Observation/$stats` on the real server, as a client of others calls it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Parameters, Resource } from '@medplum/fhirtypes';
import { clientStatus, type KitClient, kitClient } from './support/fhir-clients.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { eventually, iso, type ServerHere, startServerHere } from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;
let client: KitClient;
let ward: { readonly measured: string; readonly other: string; readonly startMs: number };

const LOINC = 'http://loinc.org';
const STATISTICS = 'http://terminology.hl7.org/CodeSystem/observation-statistics';

before(async () => {
  here = await startServerHere();
  const { server } = here;
  recorder = await recordFhir(server.url);
  client = await kitClient(`${recorder.url}/fhir/R4`, server.token);
  const device = await server.addPatient('Measured');
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 40_000;
  const readings = Array.from({ length: 6 }, (_, i) => ({
    time: startMs + i * 2_000,
    values: { 'heart-rate': 80 + i },
  }));
  await server.send(device, JSON.stringify(readings));
  await eventually('the readings', async () =>
    (await server.readings(device.subjectId, 'heart-rate')).length === 6 ? true : undefined,
  );
  const { id: other } = await server.addSubject('Another');
  ward = { measured: device.subjectId, other, startMs };
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

function rateOf(subjectId: string, at: string, value: number): Resource {
  return {
    ...{ resourceType: 'Observation', status: 'final', effectiveDateTime: at },
    subject: { reference: `Patient/${subjectId}` },
    code: { coding: [{ system: LOINC, code: '8867-4' }] },
    valueQuantity: { value, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
  };
}

describe('$stats', () => {
  const stats = async (parameter: object[]) => {
    const input = { resourceType: 'Parameters', parameter };
    const answer = await client.operation({
      ...{ name: '$stats', resourceType: 'Observation', input },
    });
    return (answer as Parameters).parameter ?? [];
  };
  const asking = (...names: string[]) => [
    { name: 'coding', valueCoding: { system: LOINC, code: '8867-4' } },
    ...names.map((valueCode) => ({ name: 'statistic', valueCode })),
  ];
  const of = (subjectId: string) => ({ name: 'subject', valueUri: `Patient/${subjectId}` });
  const figuresIn = ([first]: Awaited<ReturnType<typeof stats>>) => {
    const { resource } = first ?? {};
    assert.ok(resource?.resourceType === 'Observation');
    return resource.component?.map(({ code, valueQuantity }) => {
      assert.equal(code.coding?.[0]?.system, STATISTICS);
      return [code.coding?.[0]?.code, valueQuantity?.value, valueQuantity?.code];
    });
  };

  test('tells figures of readings and documents alike, in a time that is asked for', async () => {
    const day = '2019-06-01';
    const { measured: subjectId } = ward;
    for (const [time, value] of [
      ['10:00:00Z', 70],
      ['10:10:00Z', 80],
      ['10:20:00Z', 900],
      ['11:00:00Z', 99],
    ] as const) {
      const body = rateOf(subjectId, `${day}T${time}`, value);
      await client.create({ resourceType: 'Observation', body });
    }
    const doubtful = { ...rateOf(subjectId, `${day}T10:30:00Z`, 200), status: 'unknown' };
    await client.create({ resourceType: 'Observation', body: doubtful as Resource });
    const period = { start: `${day}T10:00:00Z`, end: `${day}T10:59:59Z` };
    const names = ['average', 'minimum', 'maximum', 'count', 'total-count', 'std-dev', 'median'];
    const asked = [of(subjectId), { name: 'period', valuePeriod: period }, ...asking(...names)];
    assert.deepEqual(figuresIn(await stats(asked)), [
      ['average', 75, '/min'],
      ['minimum', 70, '/min'],
      ['maximum', 80, '/min'],
      ['count', 2, '1'],
      ['total-count', 3, '1'],
      ['std-dev', 7.071, '/min'],
      ['median', 75, '/min'],
    ]);
    const device = { start: new Date(ward.startMs).toISOString(), end: iso(ward.startMs + 11_000) };
    const ofDevice = [of(subjectId), { name: 'period', valuePeriod: device }];
    const quartiles = asking('average', 'count', '4-lower', '4-upper', '80-percent', 'sum');
    assert.deepEqual(figuresIn(await stats([...ofDevice, ...quartiles])), [
      ['average', 82.5, '/min'],
      ['count', 6, '1'],
      ['4-lower', 81.25, '/min'],
      ['4-upper', 83.75, '/min'],
      ['80-percent', 84, '/min'],
      ['sum', 495, '/min'],
    ]);
  });

  test('says of a time without any value that there is none', async () => {
    const hour = { name: 'duration', valueDecimal: 0.5 };
    const asked = [of(ward.other), hour, ...asking('average', 'count')];
    assert.deepEqual(figuresIn(await stats(asked)), [
      ['average', undefined, undefined],
      ['count', 0, '1'],
    ]);
  });

  test('is refused where it is not understood', async () => {
    const hour = { name: 'duration', valueDecimal: 1 };
    const refused = (status: number, ...asked: object[]) =>
      assert.rejects(stats(asked), (error) => clientStatus(error) === status);
    await refused(400, hour, ...asking('average'));
    await refused(400, of(ward.other), ...asking('average'));
    await refused(400, of(ward.other), hour, ...asking());
    await refused(400, of(ward.other), hour, ...asking('kurtosis'));
    await refused(400, of(ward.other), hour, { name: 'statistic', valueCode: 'count' });
    await refused(404, of(randomUUID()), hour, ...asking('average'));
    const panel = { name: 'coding', valueCoding: { system: LOINC, code: '85354-9' } };
    await refused(422, of(ward.other), hour, panel, { name: 'statistic', valueCode: 'count' });
  });
});

test('every answer was what R4 says', () => assertAllRight(recorder, 10));
