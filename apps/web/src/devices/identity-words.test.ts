import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateView } from '@ausculta/contract/device-identity';
import { certificateState, eventWords } from './identity-words.ts';

const DAY_MS = 86_400_000;
const FROM = Date.parse('2026-10-01T00:00:00Z');
const iso = (atMs: number): string => new Date(atMs).toISOString();
const moment = (atMs: number): string => iso(atMs).slice(0, 10);
const certificate: CertificateView = {
  serial: '1',
  fingerprint: 'ab',
  madeBy: 'claim',
  from: iso(FROM),
  until: iso(FROM + 90 * DAY_MS),
  revoked: null,
};
const stateAt = (day: number) =>
  certificateState(certificate, { nowMs: FROM + day * DAY_MS, moment });

const CASES = [
  { day: 0, kind: 'good', words: /renews it from 2026-11-30/ },
  { day: 59.9, kind: 'good', words: /renews/ },
  { day: 60, kind: 'to-renew', words: /Good for 30 days more, and not renewed yet/ },
  { day: 88, kind: 'to-renew', words: /2 days/ },
  { day: 89, kind: 'to-renew', words: /1 day more/ },
  { day: 89.5, kind: 'to-renew', words: /less than a day/ },
  { day: 90, kind: 'expired', words: /over/ },
] as const;
for (const { day, kind, words } of CASES) {
  test(`a certificate of 90 days is on day ${day} ${kind}`, () => {
    const state = stateAt(day);
    assert.equal(state.kind, kind);
    assert.match(state.words, words);
  });
}

test('one that was revoked says why and since when, whatever its time', () => {
  const revoked = { at: iso(FROM + DAY_MS), because: 'compromised' } as const;
  const state = certificateState(
    { ...certificate, revoked },
    { nowMs: FROM + 99 * DAY_MS, moment },
  );
  assert.deepEqual(state, {
    kind: 'revoked',
    words: 'Revoked, because somebody else may have its key, 2026-10-02',
  });
});

test('who was refused under its name is said with the reason, a new one by its code', () => {
  const say = (because: string | null) => eventWords({ act: 'device-refused', because });
  assert.match(say('wrong-claim-code'), /refused under its name: a wrong claim code$/);
  assert.match(say('something-new'), /: something-new$/);
  assert.match(say(null), /its name$/);
  assert.equal(eventWords({ act: 'device-certified', because: null }), 'It got a certificate');
});
