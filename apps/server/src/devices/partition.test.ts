import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { PARTITIONS } from '../line/entry.ts';
import { partitionOf } from './partition.ts';

const ORGANISATION = '00000000-0000-4000-8000-000000000001' as OrganisationId;
const OTHER_ORGANISATION = '00000000-0000-4000-8000-000000000002' as OrganisationId;

const subjectOf = (number: number): SubjectId =>
  `00000000-0000-4000-9000-${String(number).padStart(12, '0')}` as SubjectId;

// Rows lie by these numbers: a change here is a database that cannot find its readings.
const CASES = [
  { organisation: ORGANISATION, subject: 1, partition: 148 },
  { organisation: ORGANISATION, subject: 2, partition: 9 },
  { organisation: OTHER_ORGANISATION, subject: 1, partition: 234 },
] as const;

for (const { organisation, subject, partition } of CASES) {
  test(`subject ${subject} of organisation …${organisation.slice(-1)} lies in partition ${partition}`, () => {
    assert.equal(partitionOf(organisation, subjectOf(subject)), partition);
  });
}

test('subjects of a hospital spread over all partitions, none crowded', () => {
  const counts = new Map<number, number>();
  for (let number = 0; number < PARTITIONS * 40; number += 1) {
    const partition = partitionOf(ORGANISATION, subjectOf(number));
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
  }
  assert.equal(counts.size, PARTITIONS);
  assert.ok(Math.max(...counts.values()) < 2 * 40);
});
