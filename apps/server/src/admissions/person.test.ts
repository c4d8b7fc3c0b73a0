import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdtPerson } from '@ausculta/codecs/hl7-adt';
import { categoryFrom, identityAt, identityFrom, placedIdentity, recordNumbers } from './person.ts';

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

const NOW = Date.UTC(2026, 5, 15);
const CATEGORIES = [
  { born: undefined, ofBed: 'adult', is: 'adult' },
  { born: '2010-06-15', ofBed: 'adult', is: 'adult', why: 'sixteen today' },
  { born: '2010-06-16', ofBed: 'adult', is: 'child', why: 'sixteen tomorrow' },
  { born: '2010', ofBed: 'adult', is: 'adult', why: 'sixteen this year' },
  { born: '2011', ofBed: 'maternity', is: 'child', why: 'fifteen at most' },
  { born: '2026-05-18', ofBed: 'unknown', is: 'child', why: '28 days old' },
  { born: '2026-05-19', ofBed: 'adult', is: 'neonate', why: '27 days old' },
  { born: '2026-05', ofBed: 'neonate', is: 'neonate', why: 'in a ward for neonates' },
  { born: '1950', ofBed: 'unknown', is: 'unknown', why: 'nobody has said whose bed it is' },
  { born: '1950', ofBed: 'maternity', is: 'maternity' },
] as const;

for (const { born, ofBed, is, ...rest } of CATEGORIES) {
  const why = 'why' in rest ? `: ${rest.why}` : '';
  test(`born ${born ?? 'nobody knows when'}, in a bed of category ${ofBed}, is ${is}${why}`, () => {
    const identity = identityFrom(
      person(born === undefined ? {} : { birthDate: born }),
      undefined,
      '1',
    );
    assert.equal(categoryFrom('unknown', identity, { ofBed, nowMs: NOW }), is);
    assert.equal(
      categoryFrom('child', identity, { ofBed, nowMs: NOW }),
      'child',
      'what is known stays',
    );
  });
}

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
