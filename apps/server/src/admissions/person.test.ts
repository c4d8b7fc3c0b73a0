import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdtPerson } from '@ausculta/codecs/hl7-adt';
import { identityAt, identityFrom, placedIdentity, recordNumbers } from './person.ts';

const numbered = (...ids: [id: string, type: string][]) =>
  ids.map(([id, type]) => ({ id, type, authority: '' }));

test('a medical record number comes before an internal one; what is neither is no number', () => {
  assert.deepEqual(recordNumbers(numbered(['1', 'SS'], ['2', 'MR'], ['3', 'mr'], ['4', 'PI'])), [
    '2',
    '3',
  ]);
  assert.deepEqual(recordNumbers(numbered(['1', 'SS'], ['4', 'PI'], ['5', ''])), ['4']);
  assert.deepEqual(recordNumbers(numbered(['1', 'SS'], ['5', ''])), ['5']);
  assert.deepEqual(recordNumbers(numbered(['1', 'SS'])), []);
});

const person = (patient: Partial<AdtPerson['patient']>): AdtPerson => ({
  patient: { identifiers: [], familyName: '', givenName: '', sex: 'unknown', ...patient },
});

test('what a message leaves out stays as it was known', () => {
  const known = {
    familyName: 'Aalto',
    givenName: 'Anna',
    birthDate: '1961',
    sex: 'female',
    recordNumber: '1',
  } as const;
  assert.deepEqual(identityFrom(person({}), known, '1'), known);
  const changed = identityFrom(person({ familyName: 'Berg', sex: 'other' }), known, '1');
  assert.deepEqual(changed, { ...known, familyName: 'Berg', givenName: '', sex: 'other' });
  assert.equal(identityFrom(person({}), undefined, '2').familyName, 'Name not known');
  assert.equal(
    identityFrom(person({ familyName: 'x'.repeat(101) }), undefined, '2').familyName.length,
    100,
  );
});

test('who has left lies nowhere', () => {
  const bed = { unit: 'ICU', room: '', bed: '7', facility: '' };
  const identity = identityFrom(person({}), undefined, '1');
  const placed = placedIdentity(identity, { bed, sinceMs: 0, saidMs: 0 });
  assert.deepEqual([placed.ward, placed.bed], ['ICU', '7']);
  assert.deepEqual(placedIdentity(placed, undefined), identity);
});

test('a bed that somebody has typed stands until a message has admitted them', () => {
  const typed = {
    familyName: 'A',
    givenName: '',
    sex: 'unknown',
    recordNumber: '1',
    bed: '5',
  } as const;
  const bed = { unit: 'ICU', room: '', bed: '7', facility: '' };
  const place = { bed, sinceMs: 1, saidMs: 1 };
  const visit = {
    isIn: false,
    visitNumber: undefined,
    place,
    newestMs: 1,
    left: undefined,
    steps: [],
  };
  assert.equal(identityAt(typed, { place: undefined }).bed, '5');
  assert.equal(identityAt(typed, { place, visit }).bed, '7');
  assert.equal(identityAt(typed, { place: undefined, visit }).bed, undefined);
});
