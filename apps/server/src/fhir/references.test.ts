import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '@medplum/fhirtypes';
import type { Act } from './acts.ts';
import { resolveReferences } from './references.ts';

const HERE = 'https://ward.example/fhir/R4';

const flag = (reference: string, fullUrl?: string): Act => ({
  ...{ kind: 'create', type: 'Flag', hasPrecise: false },
  resource: { resourceType: 'Flag', subject: { reference } } as Resource,
  ...(fullUrl !== undefined && { fullUrl }),
});

const patient = (fullUrl: string): Act => ({
  ...{ kind: 'create', type: 'Patient', hasPrecise: false, fullUrl },
  resource: { resourceType: 'Patient' },
});

/** What the reference of the first act becomes; each act is made under the letter of its place. */
async function resolved(...acts: Act[]): Promise<unknown> {
  const names = acts.map(({ type }, at) => ({ type, id: 'abc'[at] ?? '' }));
  const findOne = () => Promise.resolve({ ok: true, value: undefined } as const);
  const answer = await resolveReferences(acts, names, {
    questions: new Set(),
    findOne,
    baseUrl: HERE,
  });
  assert.ok(answer.ok);
  const [first] = acts as [Extract<Act, { kind: 'create' }>];
  return (first.resource as { subject?: { reference?: string } }).subject?.reference;
}

test('a reference by the address of this server becomes one of this server', async () => {
  assert.equal(await resolved(flag(`${HERE}/Patient/7`)), 'Patient/7');
  assert.equal(
    await resolved(flag('https://other.example/Patient/7')),
    'https://other.example/Patient/7',
  );
  assert.equal(await resolved(flag('Patient/7')), 'Patient/7');
});

test('another entry is meant by its full address', async () => {
  const theirs = 'http://x.example/fhir/Patient/1';
  assert.equal(await resolved(flag(theirs), patient(theirs)), 'Patient/b');
  assert.equal(await resolved(flag('urn:uuid:1'), patient('urn:uuid:1')), 'Patient/b');
  const ours = `${HERE}/Patient/1`;
  assert.equal(await resolved(flag(ours), patient(ours)), 'Patient/b', 'before what is here');
});

test('a relative reference means the entry of the server that its own entry is of', async () => {
  const own = 'http://x.example/fhir/Flag/7';
  const [x, y] = ['http://x.example/fhir/Patient/1', 'http://y.example/fhir/Patient/1'];
  assert.equal(await resolved(flag('Patient/1', own), patient(y), patient(x)), 'Patient/c');
  assert.equal(await resolved(flag('Patient/1', own), patient(y)), 'Patient/1', 'of another one');
  assert.equal(await resolved(flag('Patient/1', 'urn:uuid:7'), patient(x)), 'Patient/1');
  assert.equal(await resolved(flag('Patient/1'), patient(x)), 'Patient/1', 'of nobody says which');
});
