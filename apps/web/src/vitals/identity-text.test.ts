import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageSexText, ageYears, locationText, nameText, placedName } from './identity-text.ts';

const NOW_MS = new Date(2026, 10, 21).getTime();

const AGES = [
  { birthDate: '1950-02-14', years: 76 },
  { birthDate: '1950-11-21', years: 76 },
  { birthDate: '1950-11-22', years: 75 },
  { birthDate: '1950-12', years: 75 },
  { birthDate: '1950', years: 76 },
  { birthDate: undefined, years: undefined },
  { birthDate: 'long ago', years: undefined },
] as const;

for (const { birthDate, years } of AGES) {
  test(`born ${birthDate ?? 'nobody knows when'} is ${years ?? 'of unknown age'}`, () => {
    assert.equal(ageYears(birthDate, NOW_MS), years);
  });
}

const UNKNOWN_PERSON = {
  familyName: 'Unknown',
  givenName: '',
  sex: 'unknown',
  recordNumber: 'X-1',
} as const;

test('what is not known of a person is left out, never guessed', () => {
  assert.equal(nameText(UNKNOWN_PERSON), 'Unknown');
  assert.equal(ageSexText(UNKNOWN_PERSON, NOW_MS), '');
  assert.equal(locationText(UNKNOWN_PERSON), 'No location');
  assert.equal(locationText({ ...UNKNOWN_PERSON, ward: '4 West', bed: '05' }), '4 West, bed 05');
});

test('a bed is named once, also where its patient is unknown', () => {
  const at = (familyName: string, givenName: string) =>
    placedName({ ...UNKNOWN_PERSON, familyName, givenName, bed: '7' });
  assert.equal(at('Rivera', 'Ana'), 'Bed 7, Rivera, Ana');
  assert.equal(at('Bed 7', 'unknown'), 'Bed 7, unknown');
  assert.equal(at('Bed 71', 'unknown'), 'Bed 7, Bed 71, unknown');
});
