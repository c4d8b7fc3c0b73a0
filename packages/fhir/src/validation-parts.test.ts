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
  assert.equal([...validateInParts(r4(), one)].length, 41);
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
    { entry: [...(bundleOf(30, {}).entry ?? []), null] },
    { entry: [...(bundleOf(30, {}).entry ?? []), { resource: null }] },
  ]) {
    const one = bundleOf(30, more);
    assert.deepEqual(inParts(one), told(validate(r4(), one)), JSON.stringify(more).slice(0, 60));
    if (inParts(one).join() !== plain) others += 1;
  }
  assert.ok(others >= 3, String(others));
});

/** Of sixty sound entries, with others at some places. */
const changed = (others: Readonly<Record<number, unknown>>, more: object = {}): Bundle => {
  const entry: unknown[] = Array.from({ length: 60 }, (_, i) => ({
    fullUrl: `urn:uuid:${i}`,
    resource: WRONG[3],
  }));
  for (const [at, one] of Object.entries(others)) entry[Number(at)] = one;
  return { ...bundleOf(0, more), entry } as Bundle;
};

const same = (at: number) => ({ fullUrl: `urn:uuid:${at}`, resource: WRONG[3] });
const version = (at: number, versionId: string) => ({
  ...same(at),
  resource: { ...WRONG[3], meta: { versionId } },
});

for (const [what, one, at] of [
  ['two of one name far apart', changed({ 50: same(3) }), 'Bundle'],
  ['two of one name side by side', changed({ 50: same(49) }), 'Bundle'],
  ['one of the name of the first', changed({ 50: same(0) }), 'Bundle'],
  ['two of one name in a history', changed({ 50: same(3) }, { type: 'history' }), 'Bundle'],
  ['two versions of one', changed({ 3: version(3, 'a'), 50: version(3, 'b') }), undefined],
  ['one version twice', changed({ 3: version(3, 'a'), 50: version(3, 'a') }), 'Bundle'],
  ['an entry of nothing', changed({ 45: { fullUrl: 'urn:uuid:x' } }), 'Bundle.entry[45]'],
  ['a method that is none', changed({ 45: { request: { method: 'FETCH', url: 'x' } } }), '[45]'],
  ['an element that is none', changed({ 0: { ...same(0), colour: 'x' } }), 'Bundle.entry[0]'],
  ['a total of no search', changed({}, { total: 60 }), 'Bundle'],
  ['a link that is none', changed({}, { link: [{ relation: 'self' }] }), 'Bundle.link'],
  ['a score beyond all in one', changed({ 41: { ...same(41), search: { score: 2 } } }), 'Bundle'],
] as const) {
  test(`${what}: the same as at once, where it is`, () => {
    const issues = inParts(one);
    assert.deepEqual(issues, told(validate(r4(), one)));
    if (at !== undefined) assert.ok(issues.join().includes(at), issues.join());
    else
      assert.deepEqual(
        issues.filter((issue) => issue.includes('bdl-7')),
        [],
      );
  });
}

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
