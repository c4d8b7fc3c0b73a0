import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation, Resource } from '@medplum/fhirtypes';
import { examplesIn, r4 } from '../../../tests/support/fhir.ts';
import { dataTest } from '../../../tools/test-data.ts';
import { isError, validate } from './validation.ts';

function errorsOf(resource: unknown): string[] {
  const issues = validate(r4(), resource as Resource);
  return issues.filter(isError).map(({ expression }) => expression?.[0] ?? '');
}

const HEART_RATE: Observation = {
  resourceType: 'Observation',
  status: 'final',
  category: [
    {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/observation-category',
          code: 'vital-signs',
        },
      ],
    },
  ],
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: 'Patient/1' },
  effectiveDateTime: '2026-03-01T08:00:00Z',
  valueQuantity: { value: 72, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
};

test('a heart rate is well', () => {
  assert.deepEqual(errorsOf(HEART_RATE), []);
});

const { status: _status, ...WITHOUT_STATUS } = HEART_RATE;

const WRONG = [
  { what: 'no status', resource: WITHOUT_STATUS, element: 'Observation.status' },
  {
    what: 'a status that R4 lacks',
    resource: { ...HEART_RATE, status: 'done' },
    element: 'Observation.status',
  },
  {
    what: 'an element that R4 lacks',
    resource: { ...HEART_RATE, pulse: 1 },
    element: 'Observation.pulse',
  },
  {
    what: 'a day that does not exist',
    resource: { ...HEART_RATE, effectiveDateTime: '2026-02-30' },
    element: 'Observation.effective',
  },
  {
    what: 'a value in words where a number stands',
    resource: { ...HEART_RATE, valueQuantity: { value: '72' } },
    element: 'Observation.value.value',
  },
  {
    what: 'a value and a reason for its absence',
    resource: { ...HEART_RATE, dataAbsentReason: { text: 'x' } },
    element: 'Observation',
  },
  {
    what: 'a contained resource of no known type',
    resource: { ...HEART_RATE, contained: [{ resourceType: 'Pulse' }] },
    element: '',
  },
  { what: 'an unknown type', resource: { resourceType: 'Pulse' }, element: 'resourceType' },
  { what: 'no type at all', resource: {}, element: 'resourceType' },
];

for (const { what, resource, element } of WRONG) {
  test(`refused, and the element named: ${what}`, () => {
    const errors = errorsOf(resource);
    assert.ok(errors.length > 0 && errors.includes(element), errors.join());
  });
}

test('what is nested without end is refused at once', () => {
  let nested: object = { linkId: '0' };
  for (let depth = 0; depth < 50_000; depth++) nested = { linkId: '1', item: [nested] };
  const response = { resourceType: 'QuestionnaireResponse', status: 'completed', item: [nested] };
  assert.deepEqual(errorsOf(response), ['QuestionnaireResponse']);
});

dataTest({ dataset: 'fhir', name: 'the example resources are valid R4' }, (directory) => {
  const wrong = examplesIn(directory).flatMap(({ file, resource }) =>
    errorsOf(resource).length === 0 ? [] : [`${file}: ${resource.resourceType}`],
  );
  // Its items lack the linkId that R4 requires.
  assert.deepEqual(wrong, ['r4-examples/bundle-questionnaire.json: Questionnaire']);
});
