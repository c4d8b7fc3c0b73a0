import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alsoWords, grantSentences, lastsWords, orderTeam } from './access-words.ts';

const moment = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

test('who treats stands first, then who it is, then who speaks for them', () => {
  const member = (name: string, kind: 'self' | 'proxy' | 'care-team' | 'programme') => ({
    name,
    kind,
  });
  const team = [
    member('Clara', 'proxy'),
    member('Wilma', 'self'),
    member('Zoe', 'care-team'),
    member('Ada', 'care-team'),
    member('Heart at home', 'programme'),
  ];
  assert.deepEqual(
    orderTeam(team).map(({ name }) => name),
    ['Ada', 'Zoe', 'Heart at home', 'Wilma', 'Clara'],
  );
});

test('since when is always said, until when where there is an end', () => {
  const from = '2026-03-01T00:00:00Z';
  assert.equal(lastsWords({ from, until: null }, moment), 'since 2026-03-01');
  const until = '2026-04-01T00:00:00Z';
  assert.equal(lastsWords({ from, until }, moment), 'since 2026-03-01, until 2026-04-01');
});

test('a grant says what is seen, done and for what, and whether it goes further', () => {
  const grant = {
    ...{ dataClasses: ['vitals', 'new-class'], actions: ['read', 'search'], purposes: ['TREAT'] },
    ...{ encounterId: null, onward: 'none' },
  };
  assert.deepEqual(grantSentences(grant), [
    'Sees measured numbers; new-class.',
    'May look at it, find it; for treatment.',
    'May not be passed on.',
  ]);
  const stay = grantSentences({ ...grant, encounterId: 'stay-1', onward: 'same-purpose' });
  assert.deepEqual(stay.slice(2), ['Of one stay alone.', 'May be passed on for the same.']);
});

test('of an account that is the patient’s and treats them, each line says the other', () => {
  const of = (accountId: string, kind: 'self' | 'proxy' | 'care-team') => ({ accountId, kind });
  const team = [of('ada', 'self'), of('ada', 'care-team'), of('ada', 'proxy'), of('ben', 'proxy')];
  const [self, treats, , ben] = team.map((member) => alsoWords(member, team));
  assert.equal(self, 'The same account is also: Care team, Speaks for the patient');
  assert.equal(
    treats,
    'The same account is also: The patient’s own account, Speaks for the patient',
  );
  assert.equal(ben, undefined);
});
