import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation, Patient, Resource } from '@medplum/fhirtypes';
import { examplesIn, r4 } from '../../../tests/support/fhir.ts';
import { dataTest } from '../../../tools/test-data.ts';
import { evaluateByLibrary } from './search-expression.ts';
import { type SearchRow, searchIndexer } from './search-rows.ts';

const rowsOf = searchIndexer(r4());
const slowRowsOf = searchIndexer(r4(), evaluateByLibrary);

function found(resource: Resource, parameter: string): unknown[] {
  return rowsOf(resource)
    .filter((row) => row.parameter === parameter)
    .map(({ value }) => value);
}

const PRESSURE: Observation = {
  resourceType: 'Observation',
  id: 'bp-1',
  status: 'final',
  code: {
    coding: [{ system: 'http://loinc.org', code: '85354-9', display: 'Blood Pressure' }],
    text: 'Blutdruck',
  },
  subject: { reference: 'https://ehr.example/fhir/Patient/7/_history/2' },
  device: { identifier: { system: 'urn:d', value: 'm-1' } },
  effectivePeriod: { start: '2026-03-01T08:00:00Z' },
  component: [
    {
      code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
      valueQuantity: {
        value: 16,
        comparator: '>',
        unit: 'kPa',
        system: 'http://unitsofmeasure.org',
        code: 'kPa',
      },
    },
  ],
};

test('a token is a system and a code; the words beside it are kept for :text', () => {
  assert.deepEqual(found(PRESSURE, 'code'), [
    { kind: 'token', system: 'http://loinc.org', code: '85354-9' },
    { kind: 'words', normal: 'blood pressure' },
    { kind: 'words', normal: 'blutdruck' },
  ]);
  assert.deepEqual(found(PRESSURE, 'status'), [
    { kind: 'token', system: undefined, code: 'final' },
  ]);
});

test('a reference is known by where it points, and by the identifier it names', () => {
  const nowhere = { type: undefined, id: undefined, url: undefined, version: undefined };
  const patient = {
    kind: 'reference',
    ...{ type: 'Patient', id: '7', url: 'https://ehr.example/fhir/Patient/7' },
    ...{ version: undefined, identifier: undefined },
  };
  assert.deepEqual(found(PRESSURE, 'subject'), [patient]);
  assert.deepEqual(found(PRESSURE, 'patient'), [patient]);
  assert.deepEqual(found(PRESSURE, 'device'), [
    { kind: 'reference', ...nowhere, identifier: { system: 'urn:d', code: 'm-1' } },
  ]);
});

test('a period without an end lasts for ever', () => {
  const low = Date.UTC(2026, 2, 1, 8);
  assert.deepEqual(found(PRESSURE, 'date'), [{ kind: 'date', low, high: Infinity }]);
});

test('an amount above a bound has no upper end, in its unit and in the common one', () => {
  const [value] = found(PRESSURE, 'component-value-quantity') as [{ canonical: unknown }];
  assert.deepEqual(value.canonical, { unit: 'mm[Hg]', low: 120.010200867, high: Infinity });
  assert.deepEqual(found(PRESSURE, 'combo-value-quantity'), [value]);
  assert.deepEqual(found(PRESSURE, 'value-quantity'), []);
});

test('a composite holds together what belongs together', () => {
  const [quantity] = found(PRESSURE, 'component-value-quantity');
  const code = { kind: 'token', system: 'http://loinc.org', code: '8480-6' };
  const parts = [{ kind: 'composite', parts: [code, quantity] }];
  assert.deepEqual(found(PRESSURE, 'component-code-value-quantity'), parts);
  assert.deepEqual(found(PRESSURE, 'combo-code-value-quantity'), parts);
  assert.deepEqual(found(PRESSURE, 'code-value-quantity'), []);
});

const PATIENT: Patient = {
  resourceType: 'Patient',
  id: '7',
  meta: { lastUpdated: '2026-03-01T08:00:00.250Z' },
  identifier: [
    { system: 'urn:mrn', value: '100', type: { coding: [{ system: 'urn:t', code: 'MR' }] } },
  ],
  name: [{ family: 'Müller-Lüdenscheidt', given: ['Ada', 'Zoë  Maria'] }],
  telecom: [
    { system: 'phone', value: '555' },
    { system: 'email', value: 'a@b' },
  ],
  deceasedDateTime: '2026',
};

test('names are compared without case and accents', () => {
  const normals = found(PATIENT, 'name').map((value) => (value as { normal: string }).normal);
  assert.deepEqual(normals, ['muller-ludenscheidt', 'ada', 'zoe maria']);
  assert.equal(found(PATIENT, 'given').length, 2);
});

test('what a condition or a computation finds is indexed too', () => {
  assert.deepEqual(found(PATIENT, 'phone'), [{ kind: 'token', system: 'phone', code: '555' }]);
  assert.deepEqual(found(PATIENT, 'deceased'), [
    { kind: 'token', system: undefined, code: 'true' },
  ]);
  assert.deepEqual(found(PATIENT, '_id'), [{ kind: 'token', system: undefined, code: '7' }]);
  const low = Date.UTC(2026, 2, 1, 8, 0, 0, 250);
  assert.deepEqual(found(PATIENT, '_lastUpdated'), [{ kind: 'date', low, high: low + 1 }]);
  const types = [{ system: 'urn:t', code: 'MR' }];
  assert.deepEqual(found(PATIENT, 'identifier'), [
    { kind: 'token', system: 'urn:mrn', code: '100', types },
  ]);
});

function inOrder(rows: readonly SearchRow[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

test('compiled expressions find what the library finds, in what is made up here', () => {
  for (const resource of [PRESSURE, PATIENT]) {
    const known = ({ parameter }: SearchRow) => parameter !== 'patient';
    assert.deepEqual(
      inOrder(rowsOf(resource).filter(known)),
      inOrder(slowRowsOf(resource).filter(known)),
    );
  }
});

dataTest(
  { dataset: 'fhir', name: 'compiled expressions find what the library finds, in every example' },
  (directory) => {
    for (const { file, resource } of examplesIn(directory)) {
      // The library takes 1e-245 for the same number as 1e-22, and lists one of them.
      if (file.endsWith('observation-decimal.json')) continue;
      assert.deepEqual(inOrder(rowsOf(resource)), inOrder(slowRowsOf(resource)), file);
    }
  },
);

test('every parameter of every type is asked without a fault', () => {
  for (const resourceType of r4().resourceTypes) {
    const rows = rowsOf({ resourceType, id: '1' } as Resource);
    const asked = rows.filter(({ parameter }) => parameter !== 'deceased');
    assert.deepEqual(
      asked.map(({ parameter }) => parameter),
      ['_id'],
      resourceType,
    );
  }
});
