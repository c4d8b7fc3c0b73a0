import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSubjectId } from '@ausculta/vitals/identity';
import type { Patient } from '@medplum/fhirtypes';
import { toPatient } from './patient.ts';
import { identityOf, ownNumberOf, withIdentity } from './patient-identity.ts';

const id = parseSubjectId('0190a0b0-0000-7000-8000-000000000001');
assert.ok(id !== undefined);

const KNOWN = {
  familyName: 'Sample',
  givenName: 'Ann Marie',
  birthDate: '1980-03-05',
  sex: 'female',
  recordNumber: 'MRN-1',
  invented: true,
} as const;

const MR = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }],
};

test('a subject told as a Patient and read again is the same person', () => {
  const subject = { id, kind: 'patient', category: 'adult', paced: 'no', identity: KNOWN } as const;
  assert.deepEqual(identityOf(toPatient(subject)), KNOWN);
});

test('the official name counts, then the usual one, then the first that is not of the past', () => {
  const of = (...name: NonNullable<Patient['name']>) =>
    identityOf({ resourceType: 'Patient', name }).familyName;
  const [old, usual, official] = [
    { use: 'old', family: 'Old' },
    { use: 'usual', family: 'Usual' },
    { use: 'official', family: 'Official' },
  ] as const;
  assert.equal(of(old, usual, official), 'Official');
  assert.equal(of(old, usual), 'Usual');
  assert.equal(of(old, { family: 'Plain' }), 'Plain');
  assert.equal(of(old), 'Old');
  assert.equal(of({ text: 'Whole Name' }), 'Whole Name');
  assert.equal(of(), '');
});

test('a medical record number of anybody is taken, ours before it', () => {
  const theirs = { system: 'http://hospital.example', type: MR, value: 'A' };
  const ours = { system: 'urn:ausculta:record-number', value: 'B' };
  const of = (...identifier: NonNullable<Patient['identifier']>) =>
    identityOf({ resourceType: 'Patient', identifier }).recordNumber;
  assert.equal(of({ system: 'urn:other', value: 'C' }, theirs), 'A');
  assert.equal(of(theirs, ours), 'B');
  assert.equal(of({ system: 'urn:other', value: 'C' }), undefined);
});

test('only ours is our number, and one of the past is none while there is another', () => {
  const system = 'urn:ausculta:record-number';
  const of = (...identifier: NonNullable<Patient['identifier']>) =>
    ownNumberOf({ resourceType: 'Patient', identifier });
  assert.equal(of({ system: 'http://hospital.example', type: MR, value: 'A' }), undefined);
  assert.equal(of({ use: 'old', system, value: 'A' }, { system, value: 'B' }), 'B');
  assert.equal(of({ system, value: 'B' }, { use: 'old', system, value: 'A' }), 'B');
  assert.equal(of({ use: 'old', system, value: 'A' }), 'A');
  assert.equal(of({ system }, { system, value: 'B' }), 'B', 'one without a value says nothing');
});

const FULL: Patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'http://hospital.example', type: MR, value: 'MRN-1' }],
  name: [{ use: 'official', family: 'Sample', given: ['Ann', 'Marie'], prefix: ['Dr.'] }],
  gender: 'female',
  birthDate: '1980-03-05',
  address: [{ city: 'Kiel' }],
};

test('a Patient about whom nothing was learned is told as it was sent', () => {
  assert.equal(withIdentity(FULL, KNOWN), FULL);
  const unnumbered: Patient = { resourceType: 'Patient', gender: 'female' };
  const bare = { familyName: '', givenName: '', sex: 'female', recordNumber: 'given' } as const;
  assert.equal(withIdentity(unnumbered, bare), unnumbered);
});

test('what was learned since is said, and nothing else changes', () => {
  const married = { ...KNOWN, familyName: 'Wed', birthDate: '1980-03-06', recordNumber: 'MRN-2' };
  const told = withIdentity(FULL, married);
  assert.deepEqual(told, {
    ...FULL,
    identifier: [
      { system: 'http://hospital.example', type: MR, value: 'MRN-1' },
      { system: 'urn:ausculta:record-number', type: MR, value: 'MRN-2' },
    ],
    name: [{ use: 'official', family: 'Wed', given: ['Ann Marie'] }],
    birthDate: '1980-03-06',
  });
  const { invented: _, ...identity } = married;
  assert.deepEqual(identityOf(told), identity);
  const again = withIdentity(told, { ...married, recordNumber: 'MRN-3' });
  assert.deepEqual(
    again.identifier?.map(({ value }) => value),
    ['MRN-1', 'MRN-3'],
  );
});
