import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answered, type Call, type CallFacts, type CallStep, newCall, stepCall } from './ladder.ts';
import type { Tier } from './policy.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20261123 });

const NOON = Date.UTC(2026, 10, 23, 12);
const SECOND = 1_000;

const seconds = (min: number): fc.Arbitrary<Tier['afterSeconds']> =>
  fc.record({ high: fc.integer({ min, max: 600 }), medium: fc.integer({ min, max: 3_600 }) });

const tier: fc.Arbitrary<Tier> = fc.record({
  name: fc.constant('Tier'),
  who: fc.constant([{ kind: 'gateway' as const, gateway: 'pager' }]),
  channels: fc.constant([]),
  afterSeconds: seconds(0),
  repeatSeconds: seconds(15),
  rounds: fc.integer({ min: 1, max: 5 }),
});

const ladder = fc.array(tier, { minLength: 1, maxLength: 4 });

/** What happens, one after the other, so many seconds apart; a clock may be set back. */
const happening = fc.record({
  afterS: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constantFrom(-3_600, 3_600)),
  what: fc.constantFrom('look', 'answer', 'rise', 'policy', 'hours', 'quiet'),
  unreached: fc.uniqueArray(fc.nat({ max: 3 })),
});

interface Told {
  readonly step: CallStep;
  readonly nowMs: number;
  readonly facts: CallFacts;
}

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function told(tiers: readonly Tier[], happenings: readonly Happening[], keep = same): Told[] {
  let facts: CallFacts = {
    ...{ isOwed: true, priority: 'medium', version: 1, hours: 'cover', tiers },
    ...{ quietUntilMs: undefined, unreached: new Set<number>() },
  };
  let nowMs = NOON;
  let call = newCall(facts, { sinceMs: NOON, nowMs });
  return happenings.map(({ afterS, what, unreached }) => {
    nowMs += afterS * SECOND;
    const quietUntilMs = what === 'quiet' ? nowMs + 600 * SECOND : undefined;
    facts = { ...facts, quietUntilMs, unreached: new Set(unreached) };
    if (what === 'rise') facts = { ...facts, priority: 'high' };
    if (what === 'policy') facts = { ...facts, version: facts.version + 1 };
    if (what === 'hours') facts = { ...facts, hours: 'outside' };
    if (what === 'answer')
      call = answered(call, { round: call.round, nowMs, holdMs: 300 * SECOND }) ?? call;
    const step = stepCall(keep(call), facts, nowMs);
    call = step.call;
    return { step, nowMs, facts };
  });
}

const same = (call: Call): Call => call;

test('an alarm that is owed always has a next look, and it lies ahead, a minute at most', () => {
  fc.assert(
    fc.property(ladder, fc.array(happening), (tiers, happenings) => {
      for (const { step, nowMs } of told(tiers, happenings)) {
        assert.ok(step.dueMs !== undefined && Number.isFinite(step.dueMs));
        assert.ok(step.dueMs > nowMs, 'what is due now was done');
        assert.ok(step.dueMs <= nowMs + 60 * SECOND, 'hours and rosters change meanwhile');
      }
    }),
  );
});

test('no round is called twice, whatever happens to the clock', () => {
  fc.assert(
    fc.property(ladder, fc.array(happening), (tiers, happenings) => {
      const rounds = told(tiers, happenings).flatMap(({ step }) =>
        step.rings.map(({ round }) => round),
      );
      assert.deepEqual(
        rounds,
        [...new Set(rounds)].sort((a, b) => a - b),
      );
    }),
  );
});

test('looked at once more at the same moment, nobody is called again', () => {
  fc.assert(
    fc.property(ladder, fc.array(happening), (tiers, happenings) => {
      for (const { step, nowMs, facts } of told(tiers, happenings)) {
        const again = stepCall(step.call, facts, nowMs);
        const isNew = ({ tier }: { tier: number }) => step.call.tiers[tier] !== undefined;
        assert.deepEqual(again.rings.filter(isNew), []);
      }
    }),
  );
});

test('a restart between any two looks gives the same', () => {
  fc.assert(
    fc.property(ladder, fc.array(happening), (tiers, happenings) => {
      const restarted = (call: Call): Call => JSON.parse(JSON.stringify(call));
      assert.deepEqual(told(tiers, happenings, restarted), told(tiers, happenings));
    }),
  );
});

test('no answers, however many, hold an alarm for longer than one from each of its rounds', () => {
  fc.assert(
    fc.property(ladder, fc.array(happening, { minLength: 1 }), fc.nat(), (tiers, given, pick) => {
      const { step, nowMs } = told(tiers, given).at(-1) ?? assert.fail();
      const round = 1 + (pick % (step.call.round + 1));
      const at = { round, nowMs, holdMs: 300 * SECOND };
      const held = answered(step.call, at);
      if (held === undefined) return;
      for (let again = 1; again <= held.round; again += 1)
        assert.equal(answered(held, { ...at, round: again, nowMs: nowMs + SECOND }), undefined);
    }),
  );
});

test('what is acknowledged is called no more', () => {
  fc.assert(
    fc.property(ladder, fc.array(happening, { minLength: 1 }), (tiers, happenings) => {
      const { step, nowMs, facts } = told(tiers, happenings).at(-1) ?? assert.fail();
      const after = stepCall(step.call, { ...facts, isOwed: false }, nowMs + 3_600 * SECOND);
      assert.deepEqual([after.rings, after.dueMs], [[], undefined]);
    }),
  );
});

test('quiet hours change nothing of a high alarm', () => {
  fc.assert(
    fc.property(ladder, fc.array(fc.integer({ min: 0, max: 900 })), (tiers, waits) => {
      const run = (quietUntilMs: number | undefined): CallStep[] => {
        const facts: CallFacts = {
          ...{ isOwed: true, priority: 'high', version: 1, hours: 'cover', tiers },
          ...{ quietUntilMs, unreached: new Set<number>() },
        };
        let nowMs = NOON;
        let call = newCall(facts, { sinceMs: NOON, nowMs });
        return waits.map((waitS) => {
          nowMs += waitS * SECOND;
          const step = stepCall(call, facts, nowMs);
          call = step.call;
          return step;
        });
      };
      assert.deepEqual(run(NOON + 10 * 3_600 * SECOND), run(undefined));
    }),
  );
});

test('quiet hours that end before they were to are over', () => {
  fc.assert(
    fc.property(ladder, (tiers) => {
      const facts: CallFacts = {
        ...{ isOwed: true, priority: 'medium', version: 1, hours: 'cover', tiers },
        ...{ quietUntilMs: NOON + 7_200 * SECOND, unreached: new Set<number>() },
      };
      const { call } = stepCall(newCall(facts, { sinceMs: NOON, nowMs: NOON }), facts, NOON);
      const overMs = NOON + 3_600 * SECOND;
      const after = { ...facts, quietUntilMs: undefined };
      const { call: over } = stepCall(call, after, overMs);
      const waitMs = (tiers[0]?.afterSeconds.medium ?? 0) * SECOND;
      assert.equal(stepCall(over, after, overMs + waitMs).call.round > 0, true);
    }),
  );
});

test('where nobody can be reached the last tier is called at once', () => {
  fc.assert(
    fc.property(ladder, (tiers) => {
      const first = { ...(tiers[0] ?? assert.fail()), afterSeconds: { high: 0, medium: 0 } };
      const all = [first, ...tiers.slice(1)];
      const facts: CallFacts = {
        ...{ isOwed: true, priority: 'high', version: 1, hours: 'cover', tiers: all },
        ...{ quietUntilMs: undefined, unreached: new Set(all.keys()) },
      };
      const { rings } = stepCall(newCall(facts, { sinceMs: NOON, nowMs: NOON }), facts, NOON);
      assert.deepEqual(
        rings.map(({ tier: at }) => at),
        [...all.keys()],
      );
    }),
  );
});
