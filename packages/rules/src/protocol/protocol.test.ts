import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UTC } from '../detectors/zone.ts';
import { ADULT_WARD, LEFT_OUT, READY_PROTOCOLS } from './library.ts';
import { Monitor } from './monitor.ts';
import { OVERRIDE_DAYS_MAX, type Override, type Patient, planAt, whyRefused } from './plan.ts';
import { parseProtocol, type Rule } from './protocol.ts';

const LIMIT: Rule = {
  key: 'spo2/low',
  episodeKey: 'spo2/low',
  priority: 'medium',
  role: 'alarm',
  source: 'test',
  detector: {
    kind: 'limit',
    vital: 'spo2',
    direction: 'low',
    limit: 90,
    delayMs: 10_000,
    clearance: 1,
  },
};

const protocolOf = (...rules: unknown[]): unknown => ({
  key: 'own',
  version: 1,
  categories: ['adult'],
  rules,
});

for (const protocol of READY_PROTOCOLS) {
  test(`the ready protocol ${protocol.key} is one, and each of its lines has a source`, () => {
    assert.deepEqual(parseProtocol(protocol), { ok: true, protocol });
    for (const { source } of protocol.rules)
      assert.match(source, /NEWS2|Safety|ESC|AHA|ACC|CGM|Sensors|Sepsis/);
  });
}

test('no ready protocol is for anybody but adults, and what was left out says why', () => {
  assert.ok(READY_PROTOCOLS.every(({ categories }) => categories.join() === 'adult'));
  const ready = READY_PROTOCOLS.map(({ key }) => key);
  assert.ok(LEFT_OUT.every(({ what, why }) => !ready.includes(what) && why !== ''));
  assert.ok(LEFT_OUT.some(({ what }) => what === 'cold-chain'));
});

test('lethal rhythms are high, latch and cannot be switched off; qSOFA has no level', () => {
  const rhythms = ADULT_WARD.rules.filter(({ detector }) => detector.kind === 'rhythm');
  const lethal = rhythms.filter(({ priority }) => priority === 'high');
  assert.equal(lethal.length, 5);
  for (const { isEssential, detector } of lethal)
    assert.deepEqual([isEssential, detector.kind === 'rhythm' && detector.latching], [true, true]);
  const scores = ADULT_WARD.rules.flatMap(({ detector }) =>
    detector.kind === 'score' ? [detector] : [],
  );
  assert.deepEqual(
    scores.map(({ score, levels }) => [score, levels.length]),
    [
      ['news2', 2],
      ['qsofa', 0],
    ],
  );
});

const detector = { ...LIMIT.detector };
const heartRate = {
  ...LIMIT,
  key: 'hr',
  detector: { ...detector, vital: 'heart-rate', delayMs: 2_000 },
};
const glucose = {
  ...LIMIT,
  key: 'glu',
  detector: { ...detector, vital: 'glucose', delayMs: 900_000 },
};
const qsofa = {
  ...LIMIT,
  key: 'q',
  detector: { kind: 'score', score: 'qsofa', levels: [], delayMs: 0, ageMaxMs: {} },
};
const composite = {
  ...LIMIT,
  key: 'all',
  detector: { kind: 'composite', parts: ['spo2/low', 'hr'], atLeast: 2, windowMs: 0 },
};

const DAYS_31_MS = 31 * 86_400_000;
const rulesOf = (count: number): unknown =>
  protocolOf(...Array.from({ length: count }, (_, at) => ({ ...LIMIT, key: `spo2/${at}` })));
const waiting = (delayMs: number): unknown =>
  protocolOf({ ...LIMIT, detector: { ...detector, delayMs } });
const overdue = (everyMs: number, graceMs: number): unknown =>
  protocolOf({
    ...LIMIT,
    detector: { kind: 'overdue', vital: 'spo2', cadence: { kind: 'every', everyMs, graceMs } },
  });

const TAKEN: readonly [string, unknown][] = [
  ['a limit', protocolOf(LIMIT)],
  ['a heart rate that waits for 2 s', protocolOf(heartRate)],
  ['a glucose that waits for 15 min', protocolOf(glucose)],
  ['qSOFA without levels', protocolOf(qsofa)],
  ['a composite of two rules', protocolOf(LIMIT, heartRate, composite)],
  ['64 rules', rulesOf(64)],
  ['a delay of 31 days', waiting(DAYS_31_MS)],
  ['a reading that is wanted within 31 days', overdue(DAYS_31_MS - 60_000, 60_000)],
];

for (const [name, given] of TAKEN)
  test(`a protocol is taken: ${name}`, () => assert.ok(parseProtocol(given).ok));

const REFUSED: readonly [string, unknown, RegExp][] = [
  ['nothing', undefined, /expected object/],
  ['no rule', protocolOf(), /rules/],
  ['65 rules', rulesOf(65), /rules/],
  ['a delay of more than 31 days', waiting(DAYS_31_MS + 1), /delayMs/],
  [
    'a reading that is wanted within more than 31 days',
    overdue(DAYS_31_MS - 60_000, 60_001),
    /31 days at most/,
  ],
  ['version 0', { ...(protocolOf(LIMIT) as object), version: 0 }, /version/],
  ['for nobody known', { ...(protocolOf(LIMIT) as object), categories: ['unknown'] }, /categories/],
  ['a key twice', protocolOf(LIMIT, LIMIT), /used twice/],
  ['a field that nobody knows', protocolOf({ ...LIMIT, note: 'x' }), /note/],
  ['no source', protocolOf({ ...LIMIT, source: '' }), /source/],
  [
    'a vital that nobody knows',
    protocolOf({ ...LIMIT, detector: { ...detector, vital: 'mood' } }),
    /no such vital/,
  ],
  [
    'a limit that is no number',
    protocolOf({ ...LIMIT, detector: { ...detector, limit: Number.NaN } }),
    /limit/,
  ],
  [
    'a saturation that nobody has',
    protocolOf({ ...LIMIT, detector: { ...detector, limit: 29 } }),
    /no reading can lie there/,
  ],
  [
    'a heart rate that waits for 2.001 s',
    protocolOf({ ...heartRate, detector: { ...heartRate.detector, delayMs: 2_001 } }),
    /S6/,
  ],
  [
    'a glucose that waits for longer than 15 min',
    protocolOf({ ...glucose, detector: { ...glucose.detector, delayMs: 900_001 } }),
    /S9/,
  ],
  [
    'qSOFA that alarms',
    protocolOf({
      ...qsofa,
      detector: { ...qsofa.detector, levels: [{ priority: 'low', atLeast: 2 }] },
    }),
    /never alarms/,
  ],
  [
    'levels that fall',
    protocolOf({
      ...qsofa,
      detector: {
        ...qsofa.detector,
        score: 'news2',
        levels: [
          { priority: 'low', atLeast: 7 },
          { priority: 'high', atLeast: 5 },
        ],
      },
    }),
    /levels rise/,
  ],
  [
    'an essential rule that is only tried out',
    protocolOf({ ...LIMIT, isEssential: true, role: 'shadow' }),
    /has to call/,
  ],
  [
    'an essential rule that is low',
    protocolOf({ ...LIMIT, isEssential: true, priority: 'low' }),
    /not low/,
  ],
  ['a composite of what is not there', protocolOf(LIMIT, composite), /a part is no rule/],
  [
    'a composite of itself',
    protocolOf(LIMIT, {
      ...composite,
      detector: { ...composite.detector, parts: ['all', 'spo2/low'] },
    }),
    /part of itself/,
  ],
  [
    'more parts than there are',
    protocolOf(LIMIT, heartRate, { ...composite, detector: { ...composite.detector, atLeast: 3 } }),
    /so many parts/,
  ],
];

for (const [name, given, problem] of REFUSED) {
  test(`a protocol is refused: ${name}`, () => {
    const parsed = parseProtocol(given);
    assert.ok(!parsed.ok);
    assert.match(parsed.problems.join('; '), problem);
  });
}

const NOW = 1_772_352_000_000;
const PATIENT: Patient = { category: 'adult', spo2Scale: 1, zone: UTC };
const OVERRIDE: Override = {
  ruleKey: 'limit/spo2/low',
  change: { kind: 'limit', limit: 88 },
  author: 'a1',
  reason: 'lives at 89',
  fromMs: NOW,
  untilMs: NOW + 1000,
};
const planned = (atMs: number, overrides: readonly Override[]) => {
  const plan = planAt({ protocol: ADULT_WARD, patient: PATIENT, overrides }, atMs);
  const own = plan.rules.find(({ rule }) => rule.key === OVERRIDE.ruleKey);
  const limit = own?.rule.detector.kind === 'limit' ? own.rule.detector.limit : undefined;
  return { limit, from: own?.origin.from, changesAtMs: plan.changesAtMs, refused: plan.refused };
};

test('an override holds from its beginning until just before its end, and says who made it', () => {
  assert.deepEqual(planned(NOW - 1, [OVERRIDE]), {
    limit: 91,
    from: 'protocol',
    changesAtMs: NOW,
    refused: [],
  });
  assert.deepEqual(planned(NOW, [OVERRIDE]), {
    limit: 88,
    from: 'override',
    changesAtMs: NOW + 1000,
    refused: [],
  });
  assert.equal(planned(NOW + 999, [OVERRIDE]).limit, 88);
  assert.deepEqual(planned(NOW + 1000, [OVERRIDE]), {
    limit: 91,
    from: 'protocol',
    changesAtMs: undefined,
    refused: [],
  });
  const [own] = planAt(
    { protocol: ADULT_WARD, patient: PATIENT, overrides: [OVERRIDE] },
    NOW,
  ).rules.filter(({ rule }) => rule.key === OVERRIDE.ruleKey);
  assert.deepEqual(own?.origin, {
    from: 'override',
    author: 'a1',
    reason: 'lives at 89',
    untilMs: NOW + 1000,
  });
});

test('of two overrides the newer holds', () => {
  const newer: Override = { ...OVERRIDE, fromMs: NOW + 10, change: { kind: 'limit', limit: 86 } };
  assert.equal(planned(NOW + 9, [newer, OVERRIDE]).limit, 88);
  assert.equal(planned(NOW + 10, [newer, OVERRIDE]).limit, 86);
});

test('an override that is not followed is named, with its reason', () => {
  const nobody = { ...OVERRIDE, author: '' };
  assert.deepEqual(planned(NOW, [nobody]), {
    limit: 91,
    from: 'protocol',
    changesAtMs: undefined,
    refused: [{ override: nobody, why: 'no-author' }],
  });
});

const OUTER = 'limit/spo2/low/outer';
const RATE = 'limit/heart-rate/high';
const NEWS2 = 'score/news2';
const FEVER = 'limit/body-temperature/high';
const LONGEST_MS = OVERRIDE_DAYS_MAX * 86_400_000;
const REFUSALS: readonly [Partial<Override>, ReturnType<typeof whyRefused>][] = [
  [{}, undefined],
  [{ ruleKey: 'limit/mood/low' }, 'no-such-rule'],
  [{ author: '' }, 'no-author'],
  [{ reason: ' ' }, 'no-reason'],
  [{ untilMs: Number.POSITIVE_INFINITY }, 'no-expiry'],
  [{ untilMs: NOW }, 'no-expiry'],
  [{ change: { kind: 'limit', limit: Number.NaN } }, 'does-not-fit'],
  [{ change: { kind: 'limit', limit: 29 } }, 'does-not-fit'],
  [{ change: { kind: 'limit', limit: 30 } }, undefined],
  [{ change: { kind: 'delay', delayMs: 0.5 } }, 'does-not-fit'],
  [{ change: { kind: 'delay', delayMs: -1 } }, 'does-not-fit'],
  [{ change: { kind: 'delay', delayMs: 20_000 } }, undefined],
  [{ change: { kind: 'delay', delayMs: 120_000 } }, undefined],
  [{ change: { kind: 'delay', delayMs: 120_001 } }, 'never-wider'],
  [{ ruleKey: RATE, change: { kind: 'delay', delayMs: 2_000 } }, undefined],
  [{ ruleKey: RATE, change: { kind: 'delay', delayMs: 2_001 } }, 'does-not-fit'],
  [{ ruleKey: NEWS2, change: { kind: 'delay', delayMs: 120_000 } }, undefined],
  [{ ruleKey: NEWS2, change: { kind: 'delay', delayMs: 120_001 } }, 'never-wider'],
  [{ untilMs: NOW + LONGEST_MS }, undefined],
  [{ untilMs: NOW + LONGEST_MS + 1 }, 'too-long'],
  [{ ruleKey: FEVER, change: { kind: 'off' }, untilMs: NOW + LONGEST_MS }, undefined],
  [{ ruleKey: FEVER, change: { kind: 'off' }, untilMs: NOW + LONGEST_MS + 1 }, 'too-long'],
  [{ change: { kind: 'off' } }, 'never-off'],
  [{ ruleKey: RATE, change: { kind: 'off' } }, 'never-off'],
  [{ ruleKey: 'limit/heart-rate/low', change: { kind: 'off' } }, 'never-off'],
  [{ ruleKey: 'limit/resp-rate/low', change: { kind: 'off' } }, 'never-off'],
  [{ ruleKey: NEWS2, change: { kind: 'off' } }, 'never-off'],
  [{ ruleKey: 'score/qsofa', change: { kind: 'off' } }, undefined],
  [{ ruleKey: 'rhythm/asystole', change: { kind: 'off' } }, 'never-off'],
  [{ ruleKey: 'rhythm/asystole', change: { kind: 'limit', limit: 1 } }, 'does-not-fit'],
  [{ ruleKey: OUTER, change: { kind: 'off' } }, 'never-off'],
  [{ ruleKey: OUTER, change: { kind: 'limit', limit: 79 } }, 'never-wider'],
  [{ ruleKey: OUTER, change: { kind: 'delay', delayMs: 1 } }, 'never-wider'],
  [{ ruleKey: OUTER, change: { kind: 'limit', limit: 80 } }, undefined],
  [{ ruleKey: OUTER, change: { kind: 'limit', limit: 85 } }, undefined],
  [{ ruleKey: 'score/news2', change: { kind: 'limit', limit: 5 } }, 'does-not-fit'],
];

for (const [changed, why] of REFUSALS) {
  test(`an override ${JSON.stringify(changed)}: ${why ?? 'taken'}`, () => {
    assert.equal(
      whyRefused({ ...OVERRIDE, ...changed }, { protocol: ADULT_WARD, patient: PATIENT }),
      why,
    );
  });
}

test('what is part of an alarm at high is not switched off either', () => {
  const parts = [LIMIT, heartRate].map((rule) => ({ ...rule, role: 'part' }));
  const both = { ...composite, priority: 'high' };
  for (const [priority, why] of [
    ['high', 'never-off'],
    ['medium', undefined],
  ] as const) {
    const parsed = parseProtocol(protocolOf(...parts, { ...both, priority }));
    assert.ok(parsed.ok);
    const off: Override = { ...OVERRIDE, ruleKey: 'hr', change: { kind: 'off' } };
    assert.equal(whyRefused(off, { protocol: parsed.protocol, patient: PATIENT }), why);
  }
});

test('what is raised tells the readings that it rests on, and what watches nowhere says so', () => {
  const plan = planAt({ protocol: ADULT_WARD, patient: PATIENT, overrides: [] }, NOW);
  const monitor = new Monitor(plan, NOW);
  const reading = { kind: 'reading', device: 'm', atMs: NOW, receivedAtMs: NOW, flags: 0 } as const;
  monitor.take({ ...reading, metric: 'resp-rate-impedance', value: 25 });
  monitor.take({ ...reading, metric: 'spo2', value: 94 });
  const told = monitor.take({ kind: 'clock', receivedAtMs: NOW + 60_000 });
  const score = told.find(({ alarm }) => alarm === 'score/news2');
  assert.deepEqual(
    score?.evidence.map(({ part, value }) => [part, value]),
    [
      ['rr', 25],
      ['spo2', 94],
    ],
  );
  const [limit] = monitor.explain('limit/resp-rate/high', NOW + 60_000);
  assert.equal(limit?.place, 'm/resp-rate-impedance');
  assert.deepEqual(limit?.origin?.from, 'protocol');
  const whys = ['limit/heart-rate/high', 'rhythm/asystole', 'limit/mood/low'].map(
    (key) => monitor.explain(key, NOW)[0]?.why,
  );
  assert.deepEqual(whys, ['no-reading', 'nothing-happened', 'not-in-protocol']);
});
