import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation, ObservationComponent } from '@medplum/fhirtypes';
import { examplesIn, r4 } from '../../../tests/support/fhir.ts';
import { dataTest } from '../../../tools/test-data.ts';
import { isError, validateWithVitalSigns } from './validation.ts';
import { PRESSURES, profileUrl, VITAL_SIGNS, vitalSignOf } from './vital-signs.ts';

const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

function sign(loinc: string, unit: string, more: Partial<Observation> = {}): Observation {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: CATEGORY, code: 'vital-signs' }] }],
    code: { coding: [{ system: LOINC, code: loinc }] },
    subject: { reference: 'Patient/1' },
    effectiveDateTime: '2026-03-01T08:00:00Z',
    valueQuantity: { value: 36, unit, system: UCUM, code: unit },
    ...more,
  };
}

function part(loinc: string, unit = 'mm[Hg]'): ObservationComponent {
  const valueQuantity = { value: 80, unit, system: UCUM, code: unit };
  return { code: { coding: [{ system: LOINC, code: loinc }] }, valueQuantity };
}

function pressure(...component: ObservationComponent[]): Observation {
  const { valueQuantity: _, ...frame } = sign('85354-9', '');
  return { ...frame, component };
}

function errorsOf(observation: Observation): string[] {
  const issues = validateWithVitalSigns(r4(), observation);
  return issues.filter(isError).map(({ expression }) => expression?.[0] ?? '');
}

test('the table is that of the official definitions', () => {
  for (const row of VITAL_SIGNS) {
    const elements = r4().profiles.get(profileUrl(row))?.snapshot?.element ?? [];
    const fixed = (path: RegExp) =>
      elements.filter(({ id }) => path.test(id ?? '')).flatMap((one) => one.fixedCode ?? []);
    assert.deepEqual(fixed(/^Observation\.code\.coding:\w+\.code$/), [row.loinc], row.name);
    const value = elements.find(({ id }) => id?.endsWith('value[x]:valueQuantity.code'));
    const listed = r4().codes.get(value?.binding?.valueSet ?? '') ?? [];
    const units = value?.fixedCode === undefined ? [...listed] : [value.fixedCode];
    assert.deepEqual([...row.units].sort(), units.sort(), row.name);
    if (row.name !== 'bp') continue;
    const { systolic, diastolic, unit } = PRESSURES;
    assert.deepEqual(fixed(/component:.*code\.coding:\w+\.code$/), [systolic, diastolic]);
    assert.deepEqual(fixed(/component:.*value\[x\]\.code$/), [unit, unit]);
  }
});

for (const { name, loinc, units } of VITAL_SIGNS) {
  if (units.length === 0) continue;
  test(`${name} is taken in ${units.join(', ')} and in nothing else`, () => {
    for (const unit of units) assert.deepEqual(errorsOf(sign(loinc, unit)), []);
    assert.deepEqual(errorsOf(sign(loinc, 'Hz')), ['Observation.value']);
  });
}

const { valueQuantity: _value, ...UNANSWERED } = sign('8867-4', '/min');
const { subject: _subject, ...OF_NOBODY } = sign('8867-4', '/min');
const ABSENT = { coding: [{ system: 'x', code: 'unknown' }] };
const HEART_RATE_PROFILE = ['http://hl7.org/fhir/StructureDefinition/heartrate'];

const CASES = [
  {
    what: 'no value, and why',
    taken: { ...UNANSWERED, dataAbsentReason: ABSENT },
    refused: UNANSWERED,
  },
  { what: 'whose it is', taken: sign('8867-4', '/min'), refused: OF_NOBODY },
  {
    what: 'the day',
    taken: sign('8867-4', '/min', { effectiveDateTime: '2026-03-01' }),
    refused: sign('8867-4', '/min', { effectiveDateTime: '2026-03' }),
  },
  {
    what: 'the category',
    taken: sign('8867-4', '/min'),
    refused: sign('8867-4', '/min', { category: [{ text: 'vital-signs' }] }),
  },
  {
    what: 'the unit in words too',
    taken: sign('8867-4', '/min'),
    refused: sign('8867-4', '/min', { valueQuantity: { value: 1, system: UCUM, code: '/min' } }),
  },
  {
    what: 'the code of the profile that it names',
    taken: sign('8867-4', '/min', { meta: { profile: HEART_RATE_PROFILE } }),
    refused: sign('9279-1', '/min', { meta: { profile: HEART_RATE_PROFILE } }),
  },
  {
    what: 'both pressures',
    taken: pressure(part('8480-6'), part('8462-4'), part('8478-0')),
    refused: pressure(part('8480-6'), part('8478-0')),
  },
  {
    what: 'each pressure once',
    taken: pressure(part('8480-6'), part('8462-4')),
    refused: pressure(part('8480-6'), part('8462-4'), part('8462-4')),
  },
  {
    what: 'pressures in mm[Hg]',
    taken: pressure(part('8480-6'), part('8462-4')),
    refused: pressure(part('8480-6'), part('8462-4', 'kPa')),
  },
  {
    what: 'parts that say something',
    taken: pressure(part('8480-6'), { code: part('8462-4').code, dataAbsentReason: ABSENT }),
    refused: pressure(part('8480-6'), { code: part('8462-4').code }),
  },
  {
    what: 'members of a panel',
    taken: {
      ...UNANSWERED,
      code: { coding: [{ system: LOINC, code: '85353-1' }] },
      hasMember: [{ reference: 'Observation/1' }],
    },
    refused: sign('85353-1', '/min'),
  },
];

for (const { what, taken, refused } of CASES) {
  test(`a vital sign is asked for ${what}`, () => {
    assert.deepEqual(errorsOf(taken), []);
    assert.notDeepEqual(errorsOf(refused), []);
  });
}

test('what is no vital sign is asked for nothing more than base R4 does', () => {
  assert.equal(vitalSignOf(sign('2339-0', 'mg/dL')), undefined);
  const { subject: _, ...glucose } = sign('2339-0', 'mg/dL');
  assert.deepEqual(errorsOf(glucose), []);
});

dataTest({ dataset: 'fhir', name: 'the vital signs of the examples' }, (directory) => {
  const refused = examplesIn(directory).flatMap(({ file, resource }) =>
    resource.resourceType === 'Observation' && vitalSignOf(resource) !== undefined
      ? errorsOf(resource).map((element) => `${file} ${resource.id} ${element}`)
      : [],
  );
  assert.deepEqual(refused, []);
});
