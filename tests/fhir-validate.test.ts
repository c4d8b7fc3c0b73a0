/** `$validate` on the real server, as clients of others call it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bundle, OperationOutcome, Patient, Resource } from '@medplum/fhirtypes';
import { clientStatus, type KitClient, kitClient } from './support/fhir-clients.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { type ServerHere, startServerHere } from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;
let client: KitClient;

const LOINC = 'http://loinc.org';

const made = async <T extends Resource>(body: T): Promise<string> =>
  (await client.create({ resourceType: body.resourceType, body })).id ?? '';

const codesIn = (outcome: Resource): unknown[] =>
  (outcome as OperationOutcome).issue.map(({ severity, code, expression }) =>
    [severity, code, ...(expression ?? [])].join(' '),
  );

before(async () => {
  here = await startServerHere();
  recorder = await recordFhir(here.server.url);
  client = await kitClient(`${recorder.url}/fhir/R4`, here.server.token);
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

const SUMMARISED: Patient = {
  resourceType: 'Patient',
  name: [{ family: 'Summarised' }],
  birthDate: '1950-02-03',
};

describe('$validate', () => {
  const validate = (resourceType: string, input: object, profile?: string, id?: string) => {
    const named = profile === undefined ? '' : `?profile=${encodeURIComponent(profile)}`;
    const place = id === undefined ? { resourceType } : { resourceType, id };
    return client.operation({ ...place, name: `$validate${named}`, input });
  };
  const of = (name: string) => `http://hl7.org/fhir/StructureDefinition/${name}`;
  const rate = (code: string): Resource => ({
    ...{ resourceType: 'Observation', status: 'final', effectiveDateTime: '2020-01-01' },
    code: { coding: [{ system: LOINC, code: '8867-4' }] },
    subject: { reference: 'Patient/example' },
    valueQuantity: { value: 60, unit: code, system: 'http://unitsofmeasure.org', code },
  });

  test('names each element that is wrong, and says when nothing is', async () => {
    const well = await validate('Organization', { resourceType: 'Organization', name: 'x' });
    assert.deepEqual(codesIn(well), ['information informational']);
    const bad = await validate('Flag', { resourceType: 'Flag', status: 'done' });
    assert.ok(codesIn(bad).includes('error structure Flag.code'));
  });

  test('holds a vital sign to its profile where that is named, and warns where it is not', async () => {
    const hertz = rate('Hz');
    const [unit, category] = ['Observation.value', 'Observation.category'];
    const all = (severity: string) =>
      [unit, category].map((at) => `${severity} invariant ${at}`).sort();
    assert.deepEqual(codesIn(await validate('Observation', hertz)).sort(), all('warning'));
    for (const name of ['heartrate', 'vitalsigns']) {
      const issues = codesIn(await validate('Observation', hertz, of(name)));
      assert.deepEqual(issues.sort(), all('error'), name);
    }
    const meta = { profile: [of('heartrate')] };
    const named = codesIn(await validate('Observation', { ...hertz, meta }));
    assert.deepEqual(named.sort(), all('error'));
    const resource = rate('/min');
    const parameter = [
      { name: 'resource', resource },
      { name: 'profile', valueUri: of('heartrate') },
    ];
    const form = await validate('Observation', { resourceType: 'Parameters', parameter });
    assert.deepEqual(codesIn(form), [`error invariant ${category}`]);
    assert.deepEqual(codesIn(await validate('Observation', resource, of('Observation'))), [
      `warning invariant ${category}`,
    ]);
    const plain = { ...resource, code: { text: 'mood' } };
    assert.ok(
      codesIn(await validate('Observation', plain, of('vitalsigns'))).includes(
        'error invariant Observation.code',
      ),
    );
  });

  test('holds a resource to the profile of a guide, named in the question or in it', async () => {
    const usCore = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-heart-rate';
    const hertz = rate('Hz');
    // The slice of vital signs is missing as well.
    const category = 'required Observation.category';
    const wrong = ['code-invalid Observation.valueQuantity.code', category, category];
    const errors = (outcome: Resource) =>
      codesIn(outcome)
        .filter((issue) => String(issue).startsWith('error '))
        .sort();
    const expected = wrong.map((issue) => `error ${issue}`);
    for (const url of [usCore, `${usCore}|5.0.1`]) {
      assert.deepEqual(errors(await validate('Observation', hertz, url)), expected, url);
      const meta = { profile: [url] };
      assert.deepEqual(errors(await validate('Observation', { ...hertz, meta })), expected, url);
    }
    const parameter = [
      { name: 'resource', resource: hertz },
      { name: 'profile', valueUri: usCore },
    ];
    const form = await validate('Observation', { resourceType: 'Parameters', parameter });
    assert.deepEqual(errors(form), expected);
    const other = await validate(
      'Organization',
      { resourceType: 'Organization', name: 'x' },
      usCore,
    );
    assert.deepEqual(errors(other), ['error invalid Organization']);
  });

  test('says which profile, and which code, it could not check', async () => {
    const profile = ['http://example.org/mine', 'http://hl7.org/fhir/uv/phd/StructureDefinition/X'];
    const named = { resourceType: 'Organization', name: 'x', meta: { profile } };
    assert.deepEqual(codesIn(await validate('Organization', named)), [
      ...profile.map(() => 'information not-supported Organization.meta.profile'),
    ]);
    const metric = {
      ...{ resourceType: 'DeviceMetric', category: 'measurement' },
      type: { coding: [{ system: 'urn:iso:std:iso:11073:10101', code: '150020' }] },
      source: { reference: 'Device/1' },
    };
    const phd = 'http://hl7.org/fhir/uv/phd/StructureDefinition/PhdDeviceMetric';
    assert.deepEqual(codesIn(await validate('DeviceMetric', metric, phd)), [
      'information informational DeviceMetric.source',
    ]);
    const { type: _, ...broken } = metric;
    assert.deepEqual(codesIn(await validate('DeviceMetric', broken, phd)), [
      ...['error structure DeviceMetric.type', 'information informational'],
    ]);
  });

  test('our own summary is one of the International Patient Summary', async () => {
    const id = await made(SUMMARISED);
    const summary = await client.operation({
      ...{ resourceType: 'Patient', id, name: '$summary', method: 'GET' },
    });
    const errors = codesIn(await validate('Bundle', summary)).filter((issue) =>
      /^(error|fatal)/.test(String(issue)),
    );
    assert.deepEqual(errors, []);
    const patientless = (summary as Bundle).entry?.filter(
      ({ resource }) => resource?.resourceType !== 'Patient',
    );
    assert.ok(
      codesIn(await validate('Bundle', { ...summary, entry: patientless })).includes(
        'error required Bundle.entry',
      ),
    );
  });

  test('looks at what is stored, and refuses what it cannot judge', async () => {
    const id = await made({ resourceType: 'Organization', name: 'stored' });
    const stored = await client.operation({
      ...{ resourceType: 'Organization', id, name: '$validate', method: 'GET' },
    });
    assert.deepEqual(codesIn(stored), ['information informational']);
    const refused = (answer: Promise<Resource>, status: number) =>
      assert.rejects(answer, (error) => clientStatus(error) === status);
    const name = { resourceType: 'Organization', name: 'x' };
    await refused(validate('Organization', name, 'http://example.org/mine'), 400);
    const later = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|9.0.0';
    await refused(validate('Organization', name, later), 400);
    await refused(validate('Flag', name), 400);
    await refused(validate('Organization', { resourceType: 'Parameters' }), 400);
    await refused(validate('Organization', name, undefined, 'never'), 404);
    await refused(validate('Nothing', name), 404);
  });
});

test('every answer was what R4 says', () => assertAllRight(recorder, 25));
