import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Subject } from '@ausculta/vitals/subject';
import type { Merged, Stay } from './census.ts';
import { limitsOf } from './merged-limits.ts';
import { asBefore, asMerged, type MergeRecord } from './merged-pair.ts';
import type { Visit } from './movement.ts';

const organisationId = 'o' as OrganisationId;
const bed = { unit: 'ICU', room: '', bed: '7', facility: '' };
const place = { bed, sinceMs: 5, saidMs: 5 };
const visit: Visit = {
  isIn: true,
  visitNumber: undefined,
  place,
  newestMs: 5,
  left: undefined,
  steps: [],
};

function record(
  name: string,
  subject: Partial<Pick<Subject, 'category' | 'paced'>> = {},
  stay: Partial<Stay> = {},
): MergeRecord {
  const id = name as SubjectId;
  const identity = { familyName: name, givenName: '', sex: 'unknown', recordNumber: name } as const;
  return {
    subject: {
      ...{ id, organisationId, partition: 0, kind: 'patient', identity },
      ...{ category: 'adult', paced: 'unknown', ...subject },
    },
    stay: { subjectId: id, organisationId, isUnknown: false, place: undefined, ...stay },
  };
}

function join(old: MergeRecord, kept: MergeRecord) {
  const merged: Merged = {
    into: kept.subject.id,
    atMs: 10,
    spans: [],
    before: { place: old.stay.place, visit: old.stay.visit, familyName: 'Old' },
    keptBefore: {
      ...{ place: kept.stay.place, visit: kept.stay.visit },
      ...limitsOf(kept),
    },
  };
  const after = asMerged(old, kept, merged);
  assert.ok(after.kept !== undefined);
  return { old: after.old, kept: after.kept, merged };
}

const CATEGORIES = [
  { kept: 'unknown', old: 'adult', becomes: 'adult' },
  { kept: 'child', old: 'adult', becomes: 'child' },
  { kept: 'adult', old: 'unknown', becomes: 'adult' },
] as const;
for (const { kept, old, becomes } of CATEGORIES) {
  test(`${kept} joined with ${old} is ${becomes}: nobody loses their limits`, () => {
    const joined = join(record('Old', { category: old }), record('Kept', { category: kept }));
    assert.equal(joined.kept.subject.category, becomes);
  });
}

const PACED = [
  { kept: 'yes', old: 'yes', becomes: 'yes' },
  { kept: 'no', old: 'unknown', becomes: 'no' },
  { kept: 'unknown', old: 'yes', becomes: 'yes' },
  { kept: 'unknown', old: 'no', becomes: 'unknown' },
  { kept: 'no', old: 'yes', becomes: 'unknown' },
  { kept: 'yes', old: 'no', becomes: 'unknown' },
] as const;
for (const { kept, old, becomes } of PACED) {
  test(`paced ${kept} joined with ${old} is ${becomes}`, () => {
    assert.equal(
      join(record('Old', { paced: old }), record('Kept', { paced: kept })).kept.subject.paced,
      becomes,
    );
  });
}

test('who lies in a bed goes on lying there; taken apart, all is as it was', () => {
  const [old, kept] = [record('Old', {}, { place, visit }), record('Kept', { paced: 'yes' })];
  const joined = join(old, kept);
  assert.equal(joined.old.stay.place, undefined);
  assert.equal(joined.kept.stay.place, place);
  assert.equal(joined.kept.subject.identity.bed, '7');
  const apart = asBefore(joined.old, joined.kept, joined.merged);
  assert.deepEqual(apart.kept, {
    ...kept,
    subject: { ...kept.subject, identity: kept.subject.identity },
  });
  const { pending, ...stay } = apart.old.stay;
  assert.deepEqual([pending?.from, pending?.to, pending?.spans], ['Kept', 'Old', []]);
  assert.deepEqual(stay, old.stay);
  assert.deepEqual(apart.old.subject.identity.familyName, 'Old');
});

test('who has been moved meanwhile stays where they are, under the record that moved', () => {
  const { old, kept, merged } = join(record('Old', {}, { place, visit }), record('Kept'));
  const moved = { ...kept, stay: { ...kept.stay, visit: { ...visit, newestMs: 20 } } };
  const apart = asBefore(old, moved, merged);
  assert.deepEqual(apart.kept?.stay, moved.stay);
  assert.deepEqual([apart.old.stay.place, apart.old.stay.visit], [undefined, undefined]);
});

test('once the other is erased, only the name comes back', () => {
  const { old, merged } = join(record('Old'), record('Kept'));
  const { kept, old: apart } = asBefore(old, undefined, merged);
  assert.equal(kept, undefined);
  assert.deepEqual([apart.stay.pending, apart.stay.merged], [undefined, undefined]);
});

test('a bed that somebody has typed is not lost by a merge, nor by taking it apart', () => {
  const kept = record('Kept');
  const typed = { ...kept.subject, identity: { ...kept.subject.identity, bed: '5' } };
  const joined = join(record('Old'), { ...kept, subject: typed });
  assert.equal(joined.kept.subject.identity.bed, '5');
  const apart = asBefore(joined.old, joined.kept, joined.merged);
  assert.equal(apart.kept?.subject.identity.bed, '5');
});

const byBed = (
  category: Subject['category'],
  birthDate?: string,
  ofBed = category,
): MergeRecord => {
  const { subject, stay } = record('By bed', { category }, { categoryOfBed: ofBed });
  const identity = { ...subject.identity, ...(birthDate !== undefined && { birthDate }) };
  return { subject: { ...subject, identity }, stay };
};

test('a child joined with somebody of whom only the bed is known is a child', () => {
  const child = record('Kept', { category: 'unknown' });
  const kept = {
    ...child,
    subject: { ...child.subject, identity: { ...child.subject.identity, birthDate: '1960' } },
  };
  assert.equal(join(byBed('adult'), kept).kept.subject.category, 'child', 'in 1970');
});

test('what a person has said of one record comes before the bed of the other', () => {
  const { kept } = join(record('Old', { category: 'child' }), byBed('adult'));
  assert.deepEqual([kept.subject.category, kept.stay.categoryOfBed], ['child', undefined]);
});

test('taken apart, a child whose birth date came meanwhile is no adult again', () => {
  const { old, kept, merged } = join(record('Old', { category: 'unknown' }), byBed('adult'));
  const child = byBed('child', '1960', 'adult');
  const apart = asBefore(old, { ...child, stay: kept.stay }, merged);
  assert.equal(apart.kept?.subject.category, 'child');
  assert.equal(apart.kept?.stay.categoryOfBed, 'adult');
});
