import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { r4, wholeExamplesIn } from '../../../tests/support/fhir.ts';
import { dataTest } from '../../../tools/test-data.ts';
import { validate } from './validation.ts';
import { validateInParts } from './validation-parts.ts';

const told = (issues: readonly object[]): string[] =>
  issues.map((issue) => JSON.stringify(issue)).sort();

const inParts = (resource: Resource): string[] => told([...validateInParts(r4(), resource)].flat());

const WRONG = [
  { resourceType: 'Condition' },
  {
    resourceType: 'Flag',
    status: 'done',
    code: { text: 'x' },
    subject: { reference: 'Patient/1' },
  },
  { resourceType: 'Patient', contact: [{ gender: 'x' }], contained: [{ resourceType: 'Flag' }] },
  { resourceType: 'Patient', gender: 'female' },
];

const bundleOf = (count: number, more: object): Bundle =>
  ({
    ...{ resourceType: 'Bundle', type: 'collection' },
    entry: Array.from({ length: count }, (_, i) => ({
      fullUrl: `urn:uuid:${i}`,
      resource: WRONG[i % WRONG.length],
    })),
    ...more,
  }) as Bundle;

test('a long Bundle is told in parts, and all together as at once', () => {
  const one = bundleOf(40, {});
  assert.deepEqual(inParts(one), told(validate(r4(), one)));
  assert.equal([...validateInParts(r4(), one)].length, 40);
});

test('what is asked of the Bundle itself is asked of the whole', () => {
  const plain = inParts(bundleOf(30, {})).join();
  let others = 0;
  for (const more of [
    { type: 'document' },
    { type: 'searchset', total: 1 },
    { type: 'transaction' },
    { entry: [...(bundleOf(30, {}).entry ?? []), { fullUrl: 'urn:uuid:1', resource: WRONG[3] }] },
    { entry: [...(bundleOf(30, {}).entry ?? []), { fullUrl: 'urn:uuid:99' }] },
  ]) {
    const one = bundleOf(30, more);
    assert.deepEqual(inParts(one), told(validate(r4(), one)), JSON.stringify(more).slice(0, 60));
    if (inParts(one).join() !== plain) others += 1;
  }
  assert.ok(others >= 3, String(others));
});

test('a short one, and any other resource, is one part', () => {
  for (const one of [bundleOf(20, {}), { resourceType: 'Patient' } as const]) {
    const parts = [...validateInParts(r4(), one)];
    assert.equal(parts.length, 1);
    assert.deepEqual(parts[0], validate(r4(), one));
  }
});

test('a type that R4 does not know is told where it stands', () => {
  const entry = [...(bundleOf(30, {}).entry ?? []), { resource: { resourceType: 'Nothing' } }];
  const issues = [...validateInParts(r4(), { ...bundleOf(30, {}), entry } as Bundle)].flat();
  assert.ok(issues.some(({ expression }) => expression?.[0] === 'Bundle.entry[30].resource'));
});

dataTest(
  { dataset: 'fhir', name: 'whole records are told in parts as at once', cases: 2 },
  (directory) => {
    for (const { file, resource } of wholeExamplesIn(`${directory}/synthea-r4`))
      assert.deepEqual(inParts(resource), told(validate(r4(), resource)), file);
  },
);
