import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PatientCategory } from '@ausculta/vitals/subject';
import { categoryAt, categoryFrom } from './category.ts';

const NOW = Date.UTC(2026, 5, 15);
const CATEGORIES = [
  { born: undefined, ofBed: 'adult', is: 'adult' },
  { born: '2010-06-15', ofBed: 'adult', is: 'adult', why: 'sixteen today' },
  { born: '2010-06-16', ofBed: 'adult', is: 'child', why: 'sixteen tomorrow' },
  { born: '2010', ofBed: 'adult', is: 'adult', why: 'sixteen this year' },
  { born: '2011', ofBed: 'maternity', is: 'child', why: 'fifteen at most' },
  { born: '2026-05-18', ofBed: 'unknown', is: 'child', why: '28 days old' },
  { born: '2026-05-19', ofBed: 'adult', is: 'neonate', why: '27 days old' },
  { born: '2026-05', ofBed: 'neonate', is: 'neonate', why: 'in a ward for neonates' },
  { born: '1950', ofBed: 'unknown', is: 'unknown', why: 'nobody has said whose bed it is' },
  { born: '1950', ofBed: 'maternity', is: 'maternity' },
] as const;

const person = (birthDate?: string) => (birthDate === undefined ? {} : { birthDate });

for (const { born, ofBed, is, ...rest } of CATEGORIES) {
  const why = 'why' in rest ? `: ${rest.why}` : '';
  test(`born ${born ?? 'nobody knows when'}, in a bed of category ${ofBed}, is ${is}${why}`, () => {
    assert.equal(categoryFrom(person(born), { ofBed, nowMs: NOW }), is);
  });
}

interface Asked {
  readonly why: string;
  readonly was: PatientCategory;
  /** Of the beds by which it goes; undefined: a person has said it. */
  readonly by?: PatientCategory;
  readonly born?: string;
  readonly ofBed?: PatientCategory;
  readonly is: PatientCategory;
}

const ASKED_ANEW: readonly Asked[] = [
  { why: 'a birth date that comes later', was: 'adult', by: 'adult', born: '2020', is: 'child' },
  { why: 'a birth date that was wrong', was: 'child', by: 'adult', born: '1950', is: 'adult' },
  { why: 'another ward', was: 'adult', by: 'adult', ofBed: 'neonate', is: 'neonate' },
  { why: 'a ward of which nobody has said it', was: 'adult', by: 'adult', is: 'adult' },
  { why: 'a child, whom no ward has called one', was: 'unknown', born: '2020', is: 'child' },
  { why: 'what a person has said', was: 'adult', born: '2020', ofBed: 'child', is: 'adult' },
];

for (const { why, was, by, born, ofBed = 'unknown', is } of ASKED_ANEW) {
  test(`${why}: ${was} is ${is}`, () => {
    const stay = by === undefined ? undefined : { categoryOfBed: by };
    const subject = { category: was, identity: person(born) };
    const told = categoryAt(subject, stay, { ofBed, nowMs: NOW });
    assert.equal(told.category, is);
    assert.equal(categoryAt({ ...subject, ...told }, told, { ofBed, nowMs: NOW }).category, is);
  });
}
