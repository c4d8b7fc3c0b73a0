import assert from 'node:assert/strict';
import { test } from 'node:test';
import { r4 } from '../../../tests/support/fhir.ts';
import { CARE_DATES, PATIENT_COMPARTMENT } from './patient-compartment.ts';

test('each parameter is one of the type, of the kind that is asked of it', () => {
  const { searchParameters } = r4();
  const kindOf = (type: string, code: string) => searchParameters.get(type)?.get(code)?.type;
  const wrong = Object.entries(PATIENT_COMPARTMENT).flatMap(([type, codes]) =>
    codes.filter((code) => kindOf(type, code) !== 'reference').map((code) => `${type}:${code}`),
  );
  assert.deepEqual(wrong, []);
  for (const [type, code] of Object.entries(CARE_DATES)) {
    assert.equal(kindOf(type, code), 'date', `${type}:${code}`);
    assert.ok(type in PATIENT_COMPARTMENT, type);
  }
});

test('whatever can refer to a patient as its subject or patient belongs to the record', () => {
  const { resourceTypes, searchParameters } = r4();
  const missing = [...resourceTypes].filter((type) => {
    const own = searchParameters.get(type);
    const refers = ['patient', 'subject'].some((code) => {
      const { target = [], type: kind } = own?.get(code) ?? {};
      return kind === 'reference' && target.includes('Patient');
    });
    return refers && !(type in PATIENT_COMPARTMENT);
  });
  assert.deepEqual(missing, []);
});
