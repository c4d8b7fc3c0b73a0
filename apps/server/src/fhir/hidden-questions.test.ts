import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { createSeal } from '../vault/seal.ts';
import { HiddenQuestions, isHidden } from './hidden-questions.ts';

const [OURS, THEIRS] = [randomUUID() as OrganisationId, randomUUID() as OrganisationId];
const place = { organisationId: OURS, type: 'Patient' };
const asked = { parameters: [['family', 'Sample']] as const, cursor: 'eyJ0b2xkIjoyfQ' };
/** Of many codes that cannot be squeezed. */
const long = { ...asked, parameters: [['code', randomBytes(4_000).toString('hex')]] as const };

function questions() {
  const clock = { nowMs: 0 };
  const seals = new Map(
    [OURS, THEIRS].map((id) => [id as string, createSeal(randomBytes(32), randomBytes)]),
  );
  const organisationSeal = (id: string) => seals.get(id) as ReturnType<typeof createSeal>;
  const ports = {
    vault: { organisationSeal },
    nowMs: () => clock.nowMs,
    newId: () => randomUUID(),
  };
  return { hidden: new HiddenQuestions(ports), clock };
}

for (const [kind, question] of [
  ['short', asked],
  ['long', long],
] as const) {
  test(`a ${kind} question goes on by a link that fits and tells nothing of it`, () => {
    const { hidden } = questions();
    const text = hidden.hide(place, question);
    assert.ok(isHidden(text) && text.length <= 4_000);
    assert.ok(!decodeURIComponent(text).includes('Sample'));
    assert.deepEqual(hidden.find(place, text), question);
  });

  test(`a ${kind} question is found by its own organisation and type alone`, () => {
    const { hidden } = questions();
    const text = hidden.hide(place, question);
    assert.equal(hidden.find({ ...place, organisationId: THEIRS }, text), undefined);
    assert.equal(hidden.find({ ...place, type: 'Observation' }, text), undefined);
    assert.equal(hidden.find({ ...place, type: undefined }, text), undefined);
    for (const other of ['q.', 'q.AAAA', 'k.', `k.${randomUUID()}.x`, `${text.slice(0, 30)}A`])
      assert.equal(hidden.find(place, other), undefined, other);
  });
}

test('a long question is kept for a quarter of an hour after its last page', () => {
  const { hidden, clock } = questions();
  const first = hidden.hide(place, long);
  clock.nowMs += 14 * 60_000;
  const found = hidden.find(place, first);
  assert.ok(found !== undefined);
  const second = hidden.hide(place, { ...found, cursor: 'next' });
  assert.equal(second.split('.')[1], first.split('.')[1], 'it is kept once');
  clock.nowMs += 14 * 60_000;
  assert.equal(hidden.find(place, second)?.cursor, 'next');
  clock.nowMs += 60_000;
  assert.equal(hidden.find(place, second), undefined);
});

test('of many long questions the last are kept', () => {
  const { hidden } = questions();
  const parameters = () => [['code', randomBytes(2 ** 19).toString('hex')]] as const;
  const texts = Array.from({ length: 20 }, () =>
    hidden.hide(place, { parameters: parameters(), cursor: 'x' }),
  );
  const known = texts.map((text) => hidden.find(place, text) !== undefined);
  assert.deepEqual(known, [...Array(5).fill(false), ...Array(15).fill(true)]);
});
