import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Patient } from '@medplum/fhirtypes';
import { r4 } from '../../../tests/support/fhir.ts';
import { withLinks } from './patient-links.ts';
import { validate } from './validation.ts';

const ALONE = { into: undefined, from: [] };
const theirs = { other: { reference: 'Patient/t' }, type: 'seealso' as const };
const patient: Patient = { resourceType: 'Patient', active: true, link: [theirs] };

test('one who is alone is told as they are, the very same', () => {
  assert.equal(withLinks(patient, ALONE), patient);
});

test('a record that goes on replaces the others, one that was merged is replaced and not active', () => {
  const kept = withLinks(patient, { into: undefined, from: ['a', 'b'] });
  assert.deepEqual(
    kept.link?.map(({ other, type }) => [other?.reference, type]),
    [
      ['Patient/t', 'seealso'],
      ['Patient/a', 'replaces'],
      ['Patient/b', 'replaces'],
    ],
  );
  assert.equal(kept.active, true);
  const old = withLinks(patient, { into: 'k', from: [] });
  assert.deepEqual([old.active, old.link?.at(-1)?.type], [false, 'replaced-by']);
  for (const one of [kept, old])
    assert.deepEqual(
      validate(r4(), one).filter(({ severity }) => severity === 'error'),
      [],
    );
});

test('what was told and sent back is the same, and goes when the merge is undone', () => {
  const merged = { into: undefined, from: ['a'] };
  const kept = withLinks(patient, merged);
  assert.equal(withLinks(kept, merged), kept);
  assert.deepEqual(withLinks(kept, ALONE), patient);
  const { link: _, ...bare } = patient;
  assert.deepEqual(withLinks(withLinks(bare, merged), ALONE), bare);
});

test('a link that somebody else has said too is told once', () => {
  const said = { other: { reference: 'Patient/a' }, type: 'replaces' as const };
  const told = withLinks({ ...patient, link: [said] }, { into: undefined, from: ['a'] });
  assert.equal(told.link?.length, 1);
});
