import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextStep, retryDelayMs, type Standing, type Step } from './next-step.ts';

const QUIET: Standing = {
  status: 'active',
  ...{ lastEvent: 5, delivered: 5, failingSinceMs: undefined, failedMs: undefined },
  ...{ retryAtMs: Number.NEGATIVE_INFINITY, lastSentMs: 0 },
};
const channel = { kind: 'rest-hook', endpoint: 'https://hooks.example/', headers: [] } as const;
const PLAN = { channel, heartbeatMs: 60_000, untilMs: undefined };
const GIVE_UP_MS = 1_000_000;

interface Case {
  readonly what: string;
  readonly standing: Partial<Standing>;
  readonly nowMs: number;
  readonly step: Step | undefined;
}

const CASES: readonly Case[] = [
  { what: 'nothing new', standing: {}, nowMs: 59_999, step: undefined },
  { what: 'nothing for a whole period', standing: {}, nowMs: 60_000, step: 'heartbeat' },
  { what: 'something new', standing: { lastEvent: 6 }, nowMs: 1, step: 'events' },
  { what: 'a new request', standing: { status: 'requested' }, nowMs: 1, step: 'handshake' },
  { what: 'one that is off', standing: { status: 'off', lastEvent: 6 }, nowMs: 1, step: undefined },
  { what: 'one in error', standing: { status: 'error', lastEvent: 6 }, nowMs: 1, step: undefined },
  { what: 'a wait', standing: { lastEvent: 6, retryAtMs: 9 }, nowMs: 8, step: undefined },
  { what: 'the end of a wait', standing: { lastEvent: 6, retryAtMs: 9 }, nowMs: 9, step: 'events' },
  {
    what: 'a failure just short of giving up',
    standing: { lastEvent: 6, failingSinceMs: 1, failedMs: GIVE_UP_MS },
    ...{ nowMs: GIVE_UP_MS, step: 'events' },
  },
  {
    what: 'a failure for too long',
    standing: {
      lastEvent: 6,
      failingSinceMs: 1,
      failedMs: 1 + GIVE_UP_MS,
      retryAtMs: 2 * GIVE_UP_MS,
    },
    ...{ nowMs: 1 + GIVE_UP_MS, step: 'give-up' },
  },
  {
    what: 'a failure of long ago, not tried since this start',
    standing: { lastEvent: 6, failingSinceMs: 1 },
    ...{ nowMs: 2 * GIVE_UP_MS, step: 'events' },
  },
];

for (const { what, standing, nowMs, step } of CASES) {
  test(`${what}: ${step ?? 'nothing'} is next`, () => {
    const next = nextStep({ ...QUIET, ...standing }, PLAN, {
      nowMs,
      giveUpMs: GIVE_UP_MS,
      hasEnded: false,
    });
    assert.equal(next, step);
  });
}

const MAIL = { kind: 'email', address: 'team@ward.example', domain: 'ward.example' } as const;

const MAILS: readonly Case[] = [
  {
    what: 'an event within a minute of the last mail',
    standing: { lastEvent: 6 },
    nowMs: 59_999,
    step: undefined,
  },
  {
    what: 'an event a minute after the last mail',
    standing: { lastEvent: 6 },
    nowMs: 60_000,
    step: 'events',
  },
  { what: 'nothing new since the last mail', standing: {}, nowMs: 600_000, step: undefined },
  { what: 'a new request by mail', standing: { status: 'requested' }, nowMs: 1, step: 'handshake' },
  {
    what: 'a request that no relay has taken for too long',
    standing: { status: 'requested', failingSinceMs: 1, failedMs: 1 + GIVE_UP_MS },
    ...{ nowMs: 2 * GIVE_UP_MS, step: 'give-up' },
  },
];

for (const { what, standing, nowMs, step } of MAILS) {
  test(`by mail, ${what}: ${step ?? 'nothing'} is next`, () => {
    const plan = { channel: MAIL, heartbeatMs: undefined, untilMs: undefined };
    const next = nextStep({ ...QUIET, ...standing }, plan, {
      nowMs,
      giveUpMs: GIVE_UP_MS,
      hasEnded: false,
    });
    assert.equal(next, step);
  });
}

test('whoever may see nothing any more is told that it has ended, before anything else', () => {
  const ended = { nowMs: 100, giveUpMs: GIVE_UP_MS, hasEnded: true };
  assert.equal(nextStep({ ...QUIET, lastEvent: 6 }, PLAN, ended), 'last-word');
  assert.equal(nextStep({ ...QUIET, status: 'requested' }, PLAN, ended), 'last-word');
  assert.equal(nextStep({ ...QUIET, retryAtMs: 101 }, PLAN, ended), undefined, 'not yet again');
  assert.equal(nextStep({ ...QUIET, status: 'error' }, PLAN, ended), undefined, 'told already');
});

test('a subscription ends at its end, and not before', () => {
  const plan = { ...PLAN, untilMs: 100 };
  const at = (nowMs: number) =>
    nextStep(QUIET, plan, { nowMs, giveUpMs: GIVE_UP_MS, hasEnded: false });
  assert.equal(at(99), undefined);
  assert.equal(at(100), 'end');
});

test('tries come further and further apart, never more than five minutes', () => {
  assert.deepEqual(
    [0, 1, 2].map((failures) => retryDelayMs(failures, 1)),
    [500, 1000, 2000],
  );
  assert.equal(retryDelayMs(0, 0), 250);
  assert.equal(retryDelayMs(1_000, 1), 300_000);
});
