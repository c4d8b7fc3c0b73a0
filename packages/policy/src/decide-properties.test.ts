import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CompiledConsent, Provision } from './consent.ts';
import { decide } from './decide.ts';
import { explain } from './explain.ts';
import {
  ALL_DATA,
  ALL_PURPOSES,
  BROKEN_GLASS,
  grant,
  HOUR_MS,
  NO_TO_ALL,
  NOW_MS,
  question,
} from './fixtures/question.ts';
import type { AccessRequest } from './request.ts';
import { RULES } from './rules.ts';
import { parseScopes } from './smart-scope.ts';
import { ACTIONS, RELATIONS, type Relation, ROLES } from './vocabulary.ts';

const METRICS = ['heart-rate', 'spo2', 'resp-rate'];
const near = fc.integer({ min: -2, max: 3 }).map((hours) => NOW_MS + hours * HOUR_MS);

const condition = fc.record(
  {
    actors: fc.constantFrom(
      { roles: 0, references: ['Practitioner/seven'] },
      { roles: 8, references: [] },
    ),
    purposes: fc.integer({ min: 1, max: 8191 }),
    dataClasses: fc.integer({ min: 1, max: 2 ** 23 - 1 }),
    actions: fc.integer({ min: 1, max: 8191 }),
    metrics: fc.subarray(METRICS, { minLength: 1 }),
    period: fc.record({ fromMs: near, untilMs: near }),
  },
  { requiredKeys: [] },
);

const { provision } = fc.letrec<{ provision: Provision; exceptions: Provision[] }>((tie) => ({
  exceptions: fc.array(tie('provision'), { maxLength: 3 }),
  provision: fc
    .tuple(
      condition,
      fc.constantFrom('permit' as const, 'deny' as const),
      fc.oneof({ depthSize: 'small' }, fc.constant([]), tie('exceptions')),
    )
    .map(([conditions, effect, exceptions]) => ({ path: '0', effect, exceptions, ...conditions })),
}));

function edgesOf({ period, exceptions }: Provision): number[] {
  const own = period === undefined ? [] : [period.fromMs, period.untilMs];
  return [...own, ...exceptions.flatMap(edgesOf)];
}

const consents = fc.array(provision, { maxLength: 3 }).map((roots) =>
  roots.map((root, index): CompiledConsent => {
    const edgesMs = edgesOf(root).sort((a, b) => a - b);
    return { id: `consent-${index}`, subjectId: 'nine', root, edgesMs, edgesMinuteOfDay: [] };
  }),
);

const grants = fc.array(
  fc.record({
    toActorId: fc.constantFrom('seven', 'eight', undefined),
    onward: fc.constantFrom('none' as const, 'same-purpose' as const),
    fromMs: near,
    untilMs: near,
    toOrganisationId: fc.constantFrom('house-a', 'house-b', 'house-c'),
    dataClasses: fc.subarray(ALL_DATA, { minLength: 12 }),
    purposes: fc.subarray(ALL_PURPOSES, { minLength: 6 }),
  }),
  { maxLength: 4 },
);

/** Starts from a row of the table, so that about half of all questions are permitted. */
const asked: fc.Arbitrary<AccessRequest> = fc
  .record({
    rule: fc.constantFrom(...RULES),
    pick: fc.nat(),
    relations: fc.subarray(Object.keys(RELATIONS) as Relation[], { minLength: 3 }),
    house: fc.constantFrom('house-a', 'house-a', 'house-b'),
    consents,
    grants,
    metric: fc.constantFrom(...METRICS, undefined),
    truths: fc.boolean(),
    isGlassBroken: fc.boolean(),
  })
  .map(({ rule, pick, relations, house, metric, truths, isGlassBroken, ...papers }) =>
    question({
      action: at(rule.may, pick),
      dataClass: at(rule.data, pick),
      purpose: at(rule.purposes, pick),
      actor: { role: at(rule.who, pick), relations, organisationId: house },
      target: {
        ...(metric === undefined ? {} : { metric }),
        isAlarmOwed: truths,
        isSynthetic: truths,
        isDeIdentified: truths,
        licence: { mayLieIn: ['EU'], purposes: ALL_PURPOSES, untilMs: NOW_MS + HOUR_MS },
      },
      consents: papers.consents,
      grants: papers.grants.map(({ toActorId, ...rest }, index) =>
        grant({ id: `grant-${index}`, ...rest, ...(toActorId === undefined ? {} : { toActorId }) }),
      ),
      ...(isGlassBroken ? { breakGlass: BROKEN_GLASS } : {}),
      ...(rule.may.some((one) => one === 'export' || one === 'disclose')
        ? { sink: { kind: 'organisation', organisationId: house, jurisdiction: 'FR' } }
        : {}),
    }),
  );

function at<T>(list: readonly T[], pick: number): T {
  return list[pick % list.length] as T;
}

const RUNS = { numRuns: 3000 };

function holds(name: string, check: (request: AccessRequest) => void): void {
  test(name, () => fc.assert(fc.property(asked, check), RUNS));
}

function isOpen(request: AccessRequest): boolean {
  return decide(request).isPermitted;
}

holds('a scope never widens', (request) => {
  for (const text of ['user/*.cruds', 'patient/*.rs', 'user/Observation.rs?category=vital-signs']) {
    const smart = { scopes: parseScopes(text), patientId: 'nine' };
    if (isOpen({ ...request, smart })) assert.ok(isOpen(request));
  }
});

holds('a denial never widens, wherever it stands among the consents', (request) => {
  const before = isOpen(request);
  const last = isOpen({ ...request, consents: [...request.consents, NO_TO_ALL] });
  const first = isOpen({ ...request, consents: [NO_TO_ALL, ...request.consents] });
  assert.equal(first, last);
  if (last) assert.ok(before);
});

holds('a consent opens nothing but what must have one', (request) => {
  const without = decide({ ...request, consents: [] });
  if (without.isPermitted || without.code === 'CONSENT_MISSING') return;
  assert.deepEqual(decide(request), without);
});

holds('another grant never closes what was open', (request) => {
  if (!isOpen(request)) return;
  for (const more of [grant({ id: 'more' }), grant({ id: 'more', untilMs: NOW_MS })]) {
    assert.ok(isOpen({ ...request, grants: [...request.grants, more] }));
    assert.ok(isOpen({ ...request, grants: [more, ...request.grants] }));
  }
});

holds('the order of papers says nothing', (request) => {
  const { consents: papers, grants: given } = request;
  const turned = { consents: [...papers].reverse(), grants: [...given].reverse() };
  const [one, other] = [decide(request), decide({ ...request, ...turned })];
  assert.equal(one.isPermitted, other.isPermitted);
  assert.deepEqual(explain(one, 'caller'), explain(other, 'caller'));
});

holds('a question about all metrics is no wider than one about each', (request) => {
  const { metric: _, ...target } = request.target;
  if (!isOpen({ ...request, target })) return;
  for (const metric of METRICS) assert.ok(isOpen({ ...request, target: { ...target, metric } }));
});

holds('an answer holds until it says', (request) => {
  const decision = decide(request);
  if (!decision.isPermitted) return;
  const untilMs = decision.askAgainAtMs ?? NOW_MS + 10 * HOUR_MS;
  assert.ok(untilMs > request.nowMs);
  for (const nowMs of [NOW_MS + 1, NOW_MS + HOUR_MS - 1, NOW_MS + HOUR_MS, untilMs - 1]) {
    if (nowMs < untilMs) assert.ok(isOpen({ ...request, nowMs }), `at ${nowMs - NOW_MS}`);
  }
});

holds('another relation never closes what was open', (request) => {
  if (!isOpen(request)) return;
  const { actor } = request;
  const relations = Object.keys(RELATIONS) as Relation[];
  assert.ok(isOpen({ ...request, actor: { ...actor, relations } }));
});

holds('what the caller is told names nobody', (request) => {
  const told = JSON.stringify(explain(decide(request), 'caller'));
  for (const secret of ['seven', 'nine', 'house-', 'consent-', 'grant-', 'unconscious']) {
    assert.ok(!told.includes(secret), secret);
  }
});

test('a word of no list opens nothing', () => {
  const word = fc.string().filter((text) => ![...ROLES, ...ACTIONS].some((one) => one === text));
  fc.assert(
    fc.property(asked, word, (request, text) => {
      const actor = { ...request.actor, role: text as never };
      assert.equal(isOpen({ ...request, actor }), false);
      assert.equal(isOpen({ ...request, action: text as never }), false);
      assert.equal(isOpen({ ...request, dataClass: `${text}?` as never }), false);
      assert.equal(isOpen({ ...request, purpose: `${text}?` as never }), false);
    }),
    { numRuns: 500 },
  );
});

test('whatever is put in the place of a part, the answer is an answer', () => {
  const parts = ['nowMs', 'actor', 'target', 'consents', 'grants', 'breakGlass', 'smart', 'sink'];
  fc.assert(
    fc.property(asked, fc.constantFrom(...parts), fc.anything(), (request, part, thing) => {
      const decision = decide({ ...request, [part]: thing });
      assert.equal(typeof decision.isPermitted, 'boolean');
    }),
    { numRuns: 2000 },
  );
});
