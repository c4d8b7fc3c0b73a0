/** A visit from afar as a professional Claim, by FHIR on the real server; and what is named where it cannot be one. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Claim, OperationOutcome } from '@medplum/fhirtypes';
import { fhirClient, type Json, json } from './support/fhir-http.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { type ServerHere, startServerHere } from './support/server.ts';

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const NPI = 'http://hl7.org/fhir/sid/us-npi';
const coded = (system: string, code: string) => ({ coding: [{ system, code }] });
const refersTo = ({ resourceType, id }: Json) => ({ reference: `${resourceType}/${id}` });

let here: ServerHere;
let recorder: FhirRecorder;
let patientId: string;
let around: Record<'practitioner' | 'organization' | 'home' | 'condition' | 'payor', Json>;
const { send, made } = fhirClient(() => here.server);

before(async () => {
  here = await startServerHere();
  recorder = await recordFhir(here.server.url);
  patientId = (await here.server.addSubject('Visited')).id;
  const subject = { reference: `Patient/${patientId}` };
  const identifier = [{ system: NPI, value: '1234567893' }];
  around = {
    practitioner: await made({ resourceType: 'Practitioner', identifier }),
    organization: await made({ resourceType: 'Organization', name: 'Practice', identifier }),
    home: await made({
      resourceType: 'Location',
      type: [coded(`${TERMINOLOGY}/v3-RoleCode`, 'PTRES')],
    }),
    condition: await made({
      ...{
        resourceType: 'Condition',
        subject,
        code: coded('http://hl7.org/fhir/sid/icd-10-cm', 'I10'),
      },
    }),
    payor: await made({ resourceType: 'Organization', name: 'Payor' }),
  };
  await made({
    ...{ resourceType: 'Coverage', status: 'active', beneficiary: subject },
    payor: [refersTo(around.payor)],
  });
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

function visit(more: object = {}): { resourceType: string } {
  const held = {
    status: 'finished',
    subject: { reference: `Patient/${patientId}` },
    class: { system: `${TERMINOLOGY}/v3-ActCode`, code: 'VR' },
    type: [
      coded('http://www.ama-assn.org/go/cpt', '99214'),
      coded(`${TERMINOLOGY}/v3-ParticipationMode`, 'VIDEOCONF'),
    ],
    participant: [{ individual: refersTo(around.practitioner) }],
    serviceProvider: refersTo(around.organization),
    period: { start: '2026-03-01T10:00:00-05:00', end: '2026-03-01T10:25:00-05:00' },
    location: [{ location: refersTo(around.home) }],
    diagnosis: [{ condition: refersTo(around.condition) }],
  };
  return { resourceType: 'Encounter', ...held, ...more };
}

/** Through the recorder, which validates what is answered by R4. */
async function claim(id: string | undefined, method = 'GET', token = here.server.token) {
  const response = await fetch(`${recorder.url}/fhir/R4/Encounter/${id}/$claim`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, told: (await response.json()) as Claim };
}

async function named(more: object): Promise<string[]> {
  const { id } = await made(visit(more));
  const { status, told } = await claim(id);
  assert.equal(status, 422);
  const { issue } = told as Claim | OperationOutcome as OperationOutcome;
  return issue.flatMap(({ expression = [] }) => expression);
}

test('a visit by video at home is a professional Claim with its place, modifier and minutes', async () => {
  const encounter = await made(visit());
  const { status, told } = await claim(encounter.id);
  assert.equal(status, 200, JSON.stringify(told));
  assert.deepEqual(
    [told.use, told.status, told.type.coding?.[0]?.code, told.identifier?.[0]?.value],
    ['claim', 'draft', 'professional', encounter.id],
  );
  assert.equal(told.patient.reference, `Patient/${patientId}`);
  assert.deepEqual(told.provider, {
    ...refersTo(around.organization),
    identifier: { system: NPI, value: '1234567893' },
  });
  assert.equal(told.careTeam?.[0]?.provider.reference, refersTo(around.practitioner).reference);
  assert.equal(told.insurer?.reference, refersTo(around.payor).reference);
  assert.equal(told.diagnosis?.[0]?.diagnosisCodeableConcept?.coding?.[0]?.code, 'I10');
  assert.equal(told.supportingInfo?.[0]?.valueQuantity?.value, 25);
  const [item] = told.item ?? [];
  assert.equal(item?.productOrService.coding?.[0]?.code, '99214');
  assert.equal(item?.locationCodeableConcept?.coding?.[0]?.code, '10');
  assert.equal(item?.modifier?.[0]?.coding?.[0]?.code, '95');
  assert.deepEqual(item?.encounter, [refersTo(encounter)]);
  // Made, and not kept: by POST the same, and a program may keep it under its number.
  assert.equal((await json(await send('GET', '/Claim?_summary=count')))['total'], 0);
  const posted = await claim(encounter.id, 'POST');
  assert.deepEqual({ ...posted.told, created: '' }, { ...told, created: '' });
  await made({ ...told });
  const byNumber = `/Claim?identifier=urn:ausculta:visit-claim|${encounter.id}`;
  assert.equal((await json(await send('GET', byNumber))).entry?.length, 1);
});

test('a role stands for its practitioner, and each other kind of place and means is told', async () => {
  const role = await made({
    ...{ resourceType: 'PractitionerRole', practitioner: refersTo(around.practitioner) },
  });
  const office = await made({
    ...{ resourceType: 'Location', type: [coded(`${TERMINOLOGY}/v3-RoleCode`, 'PROFF')] },
  });
  const encounter = await made(
    visit({
      class: { system: `${TERMINOLOGY}/v3-ActCode`, code: 'AMB' },
      type: [coded('http://www.ama-assn.org/go/cpt', '99213')],
      participant: [{ individual: refersTo(role) }],
      serviceProvider: undefined,
      location: [{ location: refersTo(office) }],
    }),
  );
  const { told } = await claim(encounter.id);
  assert.equal(told.provider.reference, refersTo(role).reference);
  assert.equal(told.facility?.reference, refersTo(office).reference);
  assert.equal(told.item?.[0]?.locationCodeableConcept?.coding?.[0]?.code, '11');
  assert.equal(told.item?.[0]?.modifier, undefined);
});

test('what a Claim must have and the visit lacks is named, all of it, and nothing is guessed', async () => {
  const bare = {
    ...{ status: 'in-progress', type: undefined, participant: undefined, period: undefined },
    ...{ location: undefined, diagnosis: undefined },
  };
  assert.deepEqual(await named(bare), [
    ...['Encounter.status', 'Encounter.period', 'Encounter.length'],
    ...['Encounter.location', 'Encounter.type', 'Encounter.type'],
    ...['Encounter.participant', 'Encounter.diagnosis', 'Claim.insurance'],
  ]);
  const gone = { reference: `Condition/${randomUUID()}` };
  assert.deepEqual(await named({ diagnosis: [{ condition: gone }] }), ['Encounter.diagnosis']);
  const unnumbered = await made({ resourceType: 'Practitioner' });
  const participant = [{ individual: refersTo(unnumbered) }];
  assert.deepEqual(await named({ participant }), ['Practitioner.identifier']);
  // Of somebody without insurance, and a diagnosis that is not theirs.
  const other = await here.server.addSubject('Other');
  const subject = { reference: `Patient/${other.id}` };
  assert.deepEqual(await named({ subject }), ['Condition.subject', 'Claim.insurance']);
  const many = Array.from({ length: 61 }, () => ({ individual: refersTo(around.practitioner) }));
  assert.deepEqual(await named({ participant: many }), []);
});

test('two records of one person are one patient, and what is not here is not claimed', async () => {
  const old = await here.server.addSubject('Visited before');
  const subject = { reference: `Patient/${old.id}` };
  const encounter = await made(visit({ subject }));
  assert.equal((await claim(encounter.id)).status, 422);
  await here.server.post(`/api/subjects/${old.id}/merge`, { into: patientId });
  assert.equal((await claim(encounter.id)).status, 200);
  assert.equal((await claim(randomUUID())).status, 404);
  assert.equal((await claim(encounter.id, 'GET', 'made-up')).status, 401);
  const asked = await send('GET', `/Encounter/${encounter.id}/$claim?price=1`);
  assert.equal(asked.status, 400);
  await send('DELETE', `/Encounter/${encounter.id}`);
  assert.equal((await claim(encounter.id)).status, 410);
  assertAllRight(recorder, 12);
});
