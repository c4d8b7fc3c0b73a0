import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS, type FaultCode } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Subject } from '@ausculta/vitals/subject';
import { searchBundle } from './bundle.ts';
import { toOperationOutcome } from './operation-outcome.ts';
import { toPatient } from './patient.ts';

const SUBJECT: Subject = {
  id: '0b8f2c1e-4a4e-4d53-9a3e-0d6a0c6f7c11' as SubjectId,
  kind: 'patient',
  category: 'adult',
  paced: 'no',
  identity: {
    familyName: 'Sample',
    givenName: 'Ada',
    birthDate: '1950-07',
    sex: 'female',
    recordNumber: '100017',
  },
};

test('a patient has a name, a record number, a sex and a date of birth', () => {
  assert.deepEqual(toPatient(SUBJECT), {
    resourceType: 'Patient',
    id: SUBJECT.id,
    active: true,
    identifier: [
      {
        type: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }],
        },
        system: 'urn:ausculta:record-number',
        value: '100017',
      },
    ],
    name: [{ family: 'Sample', given: ['Ada'] }],
    gender: 'female',
    birthDate: '1950-07',
  });
});

test('an invented patient is test data', () => {
  const invented = { ...SUBJECT, identity: { ...SUBJECT.identity, invented: true } };
  assert.deepEqual(
    toPatient(invented).meta?.security?.map(({ code }) => code),
    ['HTEST'],
  );
});

test('what is not known is left out: FHIR allows no empty text', () => {
  const { birthDate: _, ...known } = SUBJECT.identity;
  const identity = { ...known, familyName: '', givenName: '', recordNumber: '' };
  const patient = toPatient({ ...SUBJECT, identity: { ...identity, sex: 'unknown' } });
  assert.deepEqual(Object.keys(patient).sort(), ['active', 'gender', 'id', 'resourceType']);
});

const BASE = 'https://ausculta.example/fhir/R4';

test('a search answers with a bundle whose entries can be fetched by their address', () => {
  const patient = toPatient(SUBJECT);
  const bundle = searchBundle({
    baseUrl: BASE,
    selfUrl: `${BASE}/x`,
    resources: [patient],
    total: 1,
  });
  assert.deepEqual(bundle, {
    resourceType: 'Bundle',
    type: 'searchset',
    total: 1,
    link: [{ relation: 'self', url: `${BASE}/x` }],
    entry: [
      {
        fullUrl: `${BASE}/Patient/${SUBJECT.id}`,
        resource: patient,
        search: { mode: 'match' },
      },
    ],
  });
});

test('an empty bundle has no entries at all, and a full one its next page', () => {
  const empty = searchBundle({ baseUrl: BASE, selfUrl: `${BASE}/x`, resources: [] });
  assert.deepEqual(Object.keys(empty).sort(), ['link', 'resourceType', 'type']);
  const nextUrl = `${BASE}/x?page=2`;
  const full = searchBundle({ baseUrl: BASE, selfUrl: `${BASE}/x`, resources: [], nextUrl });
  assert.deepEqual(full.link?.[1], { relation: 'next', url: nextUrl });
});

test('every fault has an outcome that says what and why', () => {
  for (const code of Object.keys(FAULTS) as FaultCode[]) {
    const [issue] = toOperationOutcome({ code }).issue;
    assert.equal(issue?.severity, 'error');
    assert.equal(issue?.details?.coding?.[0]?.code, code);
    assert.equal(issue?.details?.text, FAULTS[code].why);
    assert.equal(issue?.diagnostics, undefined);
  }
  const [issue] = toOperationOutcome({ code: 'QUERY_INVALID', detail: 'no date' }).issue;
  assert.equal(issue?.diagnostics, 'no date');
});
