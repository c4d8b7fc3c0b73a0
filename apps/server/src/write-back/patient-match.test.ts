import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identifier, Patient } from '@medplum/fhirtypes';
import { matchOf, numberFor } from './patient-match.ts';

const SYSTEM = 'urn:oid:1.2.3';
const BY_IDENTIFIER = { patientSystem: SYSTEM, patientNumber: 'identifier' } as const;

const NUMBERS: readonly [string, Identifier[], string][] = [
  ['one of the system', [{ system: SYSTEM, value: '4711' }], '4711'],
  ['none', [], 'no-identifier-here'],
  ['one of another system', [{ system: 'urn:oid:9', value: '4711' }], 'no-identifier-here'],
  ['one without a value', [{ system: SYSTEM, value: ' ' }], 'no-identifier-here'],
  ['one of the past', [{ system: SYSTEM, value: '1', use: 'old' }], 'no-identifier-here'],
  [
    'one that has ended',
    [{ system: SYSTEM, value: '1', period: { end: '2020' } }],
    'no-identifier-here',
  ],
  [
    'one, and one of the past',
    [
      { system: SYSTEM, value: '4711' },
      { system: SYSTEM, value: '1', use: 'old' },
    ],
    '4711',
  ],
  [
    'the same twice',
    [
      { system: SYSTEM, value: '4711' },
      { system: SYSTEM, value: '4711' },
    ],
    '4711',
  ],
  [
    'two',
    [
      { system: SYSTEM, value: '4711' },
      { system: SYSTEM, value: '4712' },
    ],
    'several-identifiers-here',
  ],
];

for (const [what, identifiers, wanted] of NUMBERS) {
  test(`of our patient's identifiers there is ${what}: ${wanted}`, () => {
    const found = numberFor(BY_IDENTIFIER, { recordNumber: 'A-1', identifiers });
    assert.equal(found.ok ? found.value.value : found.reason, wanted);
  });
}

test('a record number is taken where the operator says that it is theirs too', () => {
  const by = { patientSystem: SYSTEM, patientNumber: 'record-number' } as const;
  const found = numberFor(by, { recordNumber: 'A-1', identifiers: [] });
  assert.deepEqual(found, { ok: true, value: { system: SYSTEM, value: 'A-1' } });
});

const ANNA: Patient = { resourceType: 'Patient', id: '7', birthDate: '1950-03-01' };

const MATCHES: readonly [string, Patient[], string | undefined, string][] = [
  ['one bears it', [ANNA], '1950-03-01', 'Patient/7'],
  ['nobody bears it', [], '1950-03-01', 'nobody-there'],
  ['two bear it', [ANNA, { ...ANNA, id: '8' }], '1950-03-01', 'several-there'],
  ['they were born on another day', [ANNA], '1950-03-02', 'other-birth-date-there'],
  ['their year alone is known here', [ANNA], '1950', 'Patient/7'],
  ['another year is known here', [ANNA], '1951', 'other-birth-date-there'],
  ['nobody knows here when they were born', [ANNA], undefined, 'Patient/7'],
  ['their record is closed', [{ ...ANNA, active: false }], '1950-03-01', 'not-active-there'],
  [
    'their record was merged into another',
    [{ ...ANNA, link: [{ type: 'replaced-by', other: { reference: 'Patient/8' } }] }],
    '1950-03-01',
    'not-active-there',
  ],
];

for (const [what, bearers, birthDate, wanted] of MATCHES) {
  test(`there, ${what}: ${wanted}`, () => {
    const match = matchOf(bearers, { birthDate });
    assert.equal(match.ok ? match.value : match.reason, wanted);
  });
}
