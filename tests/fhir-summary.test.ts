/** The International Patient Summary of a patient of whom some is written and some is measured. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Bundle, Composition, Resource } from '@medplum/fhirtypes';
import { fhirClient, json } from './support/fhir-http.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;
let worn: TestDevice;
const { send, made } = fhirClient(() => here.server);

before(async () => {
  here = await startServerHere();
  recorder = await recordFhir(here.server.url);
  worn = await here.server.addPatient('Summarised');
  const time = Date.now() - 60_000;
  const message = [
    { time, values: { 'heart-rate': 80 } },
    { time: time + 1_000, values: { 'heart-rate': 82, spo2: 97 } },
  ];
  await here.server.send(worn, JSON.stringify(message));
  await eventually('the readings', async () =>
    (await here.server.readings(worn.subjectId, 'heart-rate')).length === 2 ? true : undefined,
  );
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

async function summary(id: string): Promise<{ bundle: Bundle; sections: Map<string, string[]> }> {
  const headers = { authorization: `Bearer ${here.server.token}` };
  const response = await fetch(`${recorder.url}/fhir/R4/Patient/${id}/$summary`, { headers });
  assert.equal(response.status, 200, await response.clone().text());
  const bundle = (await response.json()) as Bundle;
  const composition = bundle.entry?.[0]?.resource as Composition;
  const byName = new Map(bundle.entry?.map((one) => [one.fullUrl ?? '', one.resource]));
  const resourceOf = (reference = ''): Resource | undefined =>
    byName.get(reference) ?? byName.get(`${recorder.url}/fhir/R4/${reference}`);
  const sections = (composition.section ?? []).map(({ title = '', entry = [] }) => {
    const types = entry.map(({ reference }) => {
      const resource = resourceOf(reference);
      assert.ok(resource !== undefined, `${reference} is in the document`);
      return `${resource.resourceType}/${resource.id}`;
    });
    return [title, types] as const;
  });
  return { bundle, sections: new Map(sections) };
}

test('what is written, what is measured, and what they refer to are one document', async () => {
  const subject = { reference: `Patient/${worn.subjectId}` };
  const drug = await made({ resourceType: 'Medication', code: { text: 'Warfarin' } });
  const taken = await made({
    ...{ resourceType: 'MedicationStatement', status: 'active', subject },
    medicationReference: { reference: `Medication/${drug.id}` },
  });
  const problem = await made({
    ...{ resourceType: 'Condition', code: { text: 'Atrial fibrillation' }, subject },
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' },
      ],
    },
  });
  const laboratory = 'http://terminology.hl7.org/CodeSystem/observation-category';
  const result = (value: number, effectiveDateTime: string, status = 'final') => ({
    ...{ resourceType: 'Observation', status, subject, effectiveDateTime },
    category: [{ coding: [{ system: laboratory, code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '6301-6', display: 'INR' }] },
    valueQuantity: { value, unit: '1' },
  });
  await made(result(2.1, '2026-01-01'));
  const newest = await made(result(2.6, '2026-02-01'));
  await made(result(26, '2026-02-02', 'entered-in-error'));
  await made(result(2.7, '2026-02-03', 'cancelled'));
  await made({ ...{ resourceType: 'Flag', status: 'inactive', code: { text: 'x' }, subject } });

  const { bundle, sections } = await summary(worn.subjectId);
  assert.deepEqual(sections.get('Active problems'), [`Condition/${problem.id}`]);
  assert.deepEqual(sections.get('Medication'), [`MedicationStatement/${taken.id}`]);
  assert.deepEqual(sections.get('Results'), [`Observation/${newest.id}`]);
  assert.equal(sections.get('Vital signs, the newest of each')?.length, 2);
  assert.ok(!sections.has('This summary is not complete'));
  assert.ok(!sections.has('Alerts'));
  const all = (bundle.entry ?? []).map(({ resource }) => resource);
  assert.ok(
    all.some((one) => one?.id === drug.id),
    'what a statement refers to',
  );
  assert.equal(all[1]?.resourceType, 'Patient');
  const rates = all.flatMap((one) =>
    one?.resourceType === 'Observation' ? (one.valueQuantity?.value ?? []) : [],
  );
  assert.deepEqual(rates.sort(), [2.6, 82, 97]);
  const unknown = sections.get('Allergies and intolerances') ?? [];
  assert.match(unknown[0] ?? '', /^AllergyIntolerance\//);
  assertAllRight(recorder, 1);
});

test('what is not indexed yet, or stands under another record of the person, is said to be missing', async () => {
  const title = 'This summary is not complete';
  const lines = ({ bundle }: Awaited<ReturnType<typeof summary>>): string => {
    const composition = bundle.entry?.[0]?.resource as Composition;
    return composition.section?.find((one) => one.title === title)?.text?.div ?? '';
  };
  const [kept, old] = await Promise.all([
    here.server.addSubject('Kept'),
    here.server.addSubject('Old'),
  ]);
  const problem = { resourceType: 'Condition', code: { text: 'x' } } as const;
  const { id } = await made({ ...problem, subject: { reference: `Patient/${kept.id}` } });
  await here.server.post(`/api/subjects/${old.id}/merge`, { into: kept.id });
  assert.equal(lines(await summary(kept.id)), '');
  assert.match(lines(await summary(old.id)), new RegExp(`holds more.*${kept.id}`));
  await made({ ...problem, subject: { reference: `Patient/${old.id}` } });
  assert.match(lines(await summary(kept.id)), new RegExp(`holds more.*${old.id}`));
  assert.doesNotMatch(lines(await summary(kept.id)), /could not be read/);

  await here.database.line`UPDATE fhir_document SET indexed = 0 WHERE id = ${id}`;
  assert.match(lines(await summary(kept.id)), /could not be read/);
  const everything = await json(await send('GET', `/Patient/${kept.id}/$everything`));
  assert.match(JSON.stringify(everything), /"mode":"outcome"/);
  assert.equal(lines(await summary(worn.subjectId)), '');
});

test('of who is not here, or by another profile, there is none', async () => {
  const statusOf = async (path: string) => (await send('GET', path)).status;
  assert.equal(await statusOf('/Patient/00000000-0000-4000-8000-000000000000/$summary'), 404);
  const own = `/Patient/${worn.subjectId}/$summary`;
  assert.equal(await statusOf(`${own}?profile=http://other`), 400);
  assert.equal(await statusOf(`${own}?colour=red`), 400);
  const ips = 'http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips';
  const parameters = {
    resourceType: 'Parameters',
    parameter: [{ name: 'profile', valueUri: ips }],
  };
  const posted = await send('POST', own, parameters);
  assert.equal(posted.status, 200);
  assert.equal((await json(posted))['type'], 'document');
});
