import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Patient } from '@medplum/fhirtypes';
import { matchOf } from './patient-match.ts';

const number = (value: string, system = 'urn:hospital') => [{ system, value }];

const ANN: Patient = {
  resourceType: 'Patient',
  identifier: number('4711'),
  name: [{ family: 'Müller', given: ['Ann', 'Sophie'] }],
  birthDate: '1980-03-05',
  gender: 'female',
};

const gradeOf = (asked: Partial<Patient>, known: Patient = ANN): string | undefined =>
  matchOf({ resourceType: 'Patient', ...asked }, known)?.grade;

const named = (family: string, ...given: string[]) => ({ name: [{ family, given }] });

test('a number that nothing contradicts is certain', () => {
  assert.equal(gradeOf({ identifier: number('4711') }), 'certain');
  assert.equal(gradeOf({ ...ANN }), 'certain');
  assert.equal(gradeOf({ identifier: number('4711'), ...named('muller') }), 'certain');
});

test('a number that the person contradicts is not', () => {
  const identifier = number('4711');
  assert.equal(gradeOf({ identifier, ...named('Miller', 'Ann') }), 'probable');
  assert.equal(gradeOf({ identifier, birthDate: '1981-03-05', gender: 'male' }), 'possible');
});

test('a number of another system, or of none, is none', () => {
  assert.equal(gradeOf({ identifier: number('4711', 'urn:other') }), undefined);
  assert.equal(gradeOf({ identifier: [{ value: '4711' }] }), undefined);
  assert.equal(gradeOf({ identifier: number('') }, { ...ANN, identifier: number('') }), undefined);
});

test('without a number nobody is certain', () => {
  const { identifier: _number, ...person } = ANN;
  assert.equal(gradeOf(person), 'probable');
  assert.equal(gradeOf({ ...named('MÜLLER'), birthDate: '1980-03-05' }), 'possible');
  assert.equal(gradeOf({ ...named('Müller', 'Ann'), birthDate: '1980' }), 'probable');
  assert.equal(gradeOf(named('Müller', 'Ann')), 'possible');
});

test('what differs is another person', () => {
  const birthDate = '1980-03-05';
  assert.equal(gradeOf({ ...named('Müller', 'Ann'), birthDate: '1980-03-06' }), undefined);
  assert.equal(gradeOf({ ...named('Meyer', 'Ann'), birthDate }), undefined);
  assert.equal(gradeOf({ ...named('Müller', 'Ann'), birthDate, gender: 'male' }), undefined);
  assert.equal(gradeOf({ birthDate, gender: 'female' }), undefined);
  assert.equal(gradeOf(named('Müller')), undefined);
  // A twin.
  assert.equal(gradeOf({ ...named('Müller', 'Bea'), birthDate }), 'possible');
});

test('it says no more for being asked the other way round', () => {
  const { identifier: _number, ...person } = ANN;
  assert.deepEqual(matchOf(person, ANN), matchOf(ANN, person));
});
