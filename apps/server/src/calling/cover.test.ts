import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DutyTurn } from '@ausculta/rules/calling/callees';
import { emptyPlaces, isStillCovered } from './cover.ts';

const on = (accountId: string, more: Partial<DutyTurn> = {}): DutyTurn => ({
  ...{ accountId, duty: 'nurse', unit: null, fromMs: 0, untilMs: null, ...more },
});
const covering = { isReached: (turn: DutyTurn) => turn.accountId !== 'deaf', asLong: true };

test('a ward is covered by whoever is on there or everywhere, the house by nobody of a ward', () => {
  const ofWard = on('one', { unit: 'W5' });
  for (const [other, isCovered] of [
    [on('two', { unit: ' w5 ' }), true],
    [on('two'), true],
    [on('two', { unit: 'W6' }), false],
    [on('two', { duty: 'physician' }), false],
  ] as const)
    assert.equal(isStillCovered(ofWard, [other], covering), isCovered);
  assert.equal(isStillCovered(on('one'), [ofWard], covering), false);
  assert.equal(isStillCovered(on('one'), [on('two')], covering), true);
  assert.equal(isStillCovered(on('one'), [], covering), false);
});

test('by somebody who is reached, unless nobody was, and for as long where that is asked', () => {
  assert.equal(isStillCovered(on('one'), [on('deaf')], covering), false);
  assert.equal(isStillCovered(on('deaf'), [on('deaf')], covering), true);
  const [short, long] = [on('two', { untilMs: 99 }), on('two', { untilMs: 100 })];
  const ended = on('one', { untilMs: 100 });
  assert.equal(isStillCovered(ended, [short], covering), false);
  assert.equal(isStillCovered(ended, [short], { ...covering, asLong: false }), true);
  assert.equal(isStillCovered(ended, [long], covering), true);
  assert.equal(isStillCovered(on('one'), [long], covering), false);
});

test('empty is each place of its own', () => {
  const places = ['W5', 'W6', null].map((unit) => ({ duty: 'nurse', unit }));
  assert.deepEqual(emptyPlaces(places, []), places);
  assert.deepEqual(emptyPlaces(places, [on('one', { unit: 'w5' })]), places.slice(1));
  assert.deepEqual(emptyPlaces(places, [on('one')]), []);
});
