import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSubjectId } from '@ausculta/vitals/identity';
import { followBed, type Handing, statementOf, type WornDevice } from './bed-follower.ts';

const id = (n: number) => {
  const parsed = parseSubjectId(`00000000-0000-4000-8000-00000000000${n}`);
  assert.ok(parsed !== undefined);
  return parsed;
};
const [ANNA, BEN] = [id(1), id(2)];
const bed = { unit: 'ICU', room: '', bed: '7', facility: '' };

/** Ben came at 100, and we were told at 120. */
const ben = { occupant: { id: BEN, place: { bed, sinceMs: 100, saidMs: 120 } } };
/** Who wears it left at 100, and we were told at 120. */
const left = { left: { bed, atMs: 100, saidMs: 120 } };
const worn = (who: typeof ANNA, fromMs: number) => ({ worn: { id: who, fromMs } });
const to = (subjectId: Handing['subjectId'], fromMs: number): Handing => ({ subjectId, fromMs });

const CASES: [string, Partial<WornDevice>, Handing | undefined][] = [
  ['nobody wears it and nobody lies there', {}, undefined],
  ['whoever has come has it from when they came', ben, to(BEN, 100)],
  ['but never in another person’s time', { ...ben, freeSinceMs: 110 }, to(BEN, 110)],
  ['who has it keeps it', { ...ben, ...worn(BEN, 5) }, undefined],
  ['who had it before gives way', { ...ben, ...worn(ANNA, 119) }, to(BEN, 100)],
  ['whom somebody gave it to since keeps it', { ...ben, ...worn(ANNA, 120) }, undefined],
  ['who left has it until they left', { ...left, ...worn(ANNA, 50) }, to(undefined, 100)],
  ['who was never there has it not at all', { ...left, ...worn(ANNA, 110) }, to(undefined, 110)],
  ['who left and was given it since keeps it', { ...left, ...worn(ANNA, 120) }, undefined],
  ['who left gives way to who has come', { ...left, ...ben, ...worn(ANNA, 50) }, to(BEN, 100)],
  ['who lies elsewhere by no admission keeps it', worn(ANNA, 50), undefined],
];

for (const [name, view, handing] of CASES) {
  test(name, () => {
    const whole = {
      worn: undefined,
      freeSinceMs: 0,
      occupant: undefined,
      left: undefined,
      ...view,
    };
    assert.deepEqual(followBed(whole), handing);
  });
}

test('a statement is told from those before it: by whom, what, and when it was said', () => {
  const said = (view: Partial<WornDevice>) =>
    statementOf({ worn: undefined, occupant: undefined, left: undefined, ...view });
  assert.equal(said(worn(ANNA, 50)), undefined);
  assert.equal(said(left), undefined);
  const all = [
    ben,
    { occupant: { ...ben.occupant, id: ANNA } },
    { occupant: { id: BEN, place: { bed, sinceMs: 100, saidMs: 121 } } },
    { ...left, ...worn(ANNA, 50) },
    { ...left, ...worn(BEN, 50) },
  ].map(said);
  assert.equal(new Set(all).size, all.length);
  assert.equal(said({ ...ben, ...left, ...worn(ANNA, 50) }), said(ben));
});
