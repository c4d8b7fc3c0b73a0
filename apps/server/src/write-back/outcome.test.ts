import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AskedFor, delayMs, issuesIn, outcomeOf } from './outcome.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);

const answer = (status: number, retryAfter?: string, askedFor: AskedFor = 'day') =>
  outcomeOf({ kind: 'answer', status, retryAfter, text: '' }, askedFor, NOW_MS);

const KINDS = [
  { statuses: [200, 201, 204], kind: 'taken' },
  { statuses: [301, 307, 401, 403, 404, 405, 408, 425, 429, 502, 503, 504], kind: 'away' },
  { statuses: [409, 500, 501, 507], kind: 'failed' },
  { statuses: [400, 402, 406, 410, 412, 413, 415, 422], kind: 'refused' },
] as const;

for (const { statuses, kind } of KINDS) {
  for (const status of statuses) {
    test(`an answer of ${status} is ${kind}`, () => {
      assert.equal(answer(status).kind, kind);
    });
  }
}

test('only what may be of one patient or day is told so', () => {
  const mayBe = (askedFor: AskedFor) =>
    [401, 403, 404, 405, 503].filter((status) => {
      const outcome = answer(status, undefined, askedFor);
      return outcome.kind === 'away' && outcome.mayBeOfOne;
    });
  assert.deepEqual(mayBe('day'), [403, 404]);
  assert.deepEqual(mayBe('search'), [403], 'an address that is not there is so for everybody');
  assert.deepEqual(mayBe('token'), []);
});

test('no answer at all is one that is away', () => {
  assert.equal(
    outcomeOf({ kind: 'none', why: 'broken-off', reason: 'cut' }, 'search', NOW_MS).kind,
    'away',
  );
});

const WISHES = [
  { retryAfter: '120', ms: 120_000 },
  { retryAfter: '0', ms: 0 },
  { retryAfter: 'Sun, 22 Nov 2026 12:01:00 GMT', ms: 60_000 },
  { retryAfter: 'Sun, 22 Nov 2026 11:00:00 GMT', ms: 0 },
  { retryAfter: '999999999', ms: 24 * 3_600_000 },
  { retryAfter: 'soon', ms: undefined },
  { retryAfter: undefined, ms: undefined },
] as const;

for (const { retryAfter, ms } of WISHES) {
  test(`to be asked again after ${retryAfter} is to wait ${ms} ms at least`, () => {
    const outcome = answer(503, retryAfter);
    assert.ok(outcome.kind === 'away');
    assert.equal(outcome.retryAfterMs, ms);
  });
}

test('one waits twice as long each time, up to a quarter of an hour, and never shorter than asked', () => {
  const whole = (failures: number) => delayMs(failures, { chance: 1 });
  assert.deepEqual([0, 1, 2, 3].map(whole), [1_000, 2_000, 4_000, 8_000]);
  assert.equal(whole(10), 15 * 60_000);
  assert.equal(whole(10_000), 15 * 60_000);
  assert.equal(delayMs(0, { chance: 0 }), 500, 'half of it by chance');
  assert.equal(delayMs(0, { chance: 0, atLeastMs: 60_000 }), 60_500);
});

test('of a refusal its codes are told, never its words', () => {
  const issue = [
    { code: 'invalid', diagnostics: 'Ottilie Quellwasser' },
    { code: 'Ottilie Quellwasser' },
    { code: 'required' },
    { code: 'invalid' },
  ];
  assert.equal(issuesIn(JSON.stringify({ issue })), ' (invalid, required)');
  assert.equal(issuesIn('<html>'), '');
  assert.equal(issuesIn('null'), '');
  assert.equal(issuesIn('{"issue": [null, 7]}'), '');
});
