import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateView, DeviceIdentityView } from '@ausculta/contract/device-identity';
import { claimState, claimUri, type OpenClaim, refusedSince } from './claim.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const UNTIL = '2026-11-23T10:00:00.000Z';

const claim: OpenClaim = {
  made: { device: 'monitor-01', code: '7K2QF-0M9DX-AAAAA-BBBBB', until: UNTIL, isWorn: false },
  madeAtMs: NOW,
  before: ['old'],
};
const certificate = (serial: string, isRevoked = false): CertificateView => ({
  ...{ serial, fingerprint: 'ab', madeBy: 'claim', from: UNTIL, until: UNTIL },
  revoked: isRevoked ? { at: UNTIL, because: 'superseded' } : null,
});
const identity = (view: Partial<DeviceIdentityView>): DeviceIdentityView => ({
  ...{ device: 'monitor-01', certificates: [], claimUntil: UNTIL, events: [], ...view },
});

const CASES = [
  { says: 'waits while nothing is known', view: undefined, state: 'waiting' },
  {
    says: 'waits while its old certificate alone is there',
    view: { certificates: [certificate('old')] },
    state: 'waiting',
  },
  {
    says: 'has come with a new certificate',
    view: { certificates: [certificate('old', true), certificate('new')], claimUntil: null },
    state: 'enrolled',
  },
  {
    says: 'has not come by one that was taken back',
    view: { certificates: [certificate('new', true)] },
    state: 'waiting',
  },
  {
    says: 'is replaced by a code that lasts longer',
    view: { claimUntil: '2026-11-24T10:00:00.000Z' },
    state: 'replaced',
  },
] as const;
for (const { says, view, state } of CASES) {
  test(`a device that is claimed ${says}`, () => {
    assert.equal(
      claimState(
        claim,
        view &&
          identity({
            ...view,
            certificates: [...('certificates' in view ? view.certificates : [])],
          }),
        NOW,
      ),
      state,
    );
  });
}

test('a code opens until its last millisecond, and not after it', () => {
  assert.equal(claimState(claim, identity({}), Date.parse(UNTIL) - 1), 'waiting');
  assert.equal(claimState(claim, identity({}), Date.parse(UNTIL)), 'over');
});

test('the picture leads to EST, with the code where no browser sends it', () => {
  const uri = new URL(claimUri(claim.made, 'https://ausculta.example:8080'));
  assert.equal(
    uri.href.split('#')[0],
    'https://ausculta.example:8080/.well-known/est/simpleenroll',
  );
  assert.deepEqual(Object.fromEntries(new URLSearchParams(uri.hash.slice(1))), {
    device: 'monitor-01',
    code: claim.made.code,
  });
});

test('whoever was refused since the code was made is told, and nobody before', () => {
  const event = (act: string, atMs: number) => ({
    ...{ act, at: new Date(atMs).toISOString(), because: 'wrong-claim-code', door: 'est' },
  });
  const events = [
    event('device-refused', NOW + 1),
    event('device-refused', NOW - 1),
    event('device-certified', NOW + 2),
  ];
  assert.equal(refusedSince(identity({ events }), NOW).length, 1);
  assert.equal(refusedSince(undefined, NOW).length, 0);
});
