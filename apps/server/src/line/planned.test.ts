/** Subjects under a plan: what the line makes of it, live, from a snapshot, in a copy and in a replay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UTC } from '@ausculta/rules/detectors/zone';
import { ADULT_WARD } from '@ausculta/rules/protocol/library';
import { HEART_FAILURE_HOME } from '@ausculta/rules/protocol/library-home';
import type { Override } from '@ausculta/rules/protocol/plan';
import type { Protocol } from '@ausculta/rules/protocol/protocol';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { arrivalOf, NOON, ORGANISATION, seriesSample } from '../../../../tests/support/line.ts';
import type { Arrival } from './consume.ts';
import type { CareEntry, EventEntry, MovedEntry } from './entry.ts';
import { Evaluator } from './evaluate.ts';
import type { Finding } from './finding.ts';
import type { GivenPlan } from './given-plan.ts';
import { handOver } from './handover.ts';

const RATE = seriesSample({ id: 1 });
const OTHER_RATE = seriesSample({ id: 2, device: 'monitor-2' });
const SPO2 = seriesSample({ id: 3, metric: 'spo2' });
const PRESSURE = seriesSample({ id: 4, metric: 'nibp-systolic' });
const WEIGHT = seriesSample({ id: 5, metric: 'weight', device: 'scale' });
const ALL = [RATE, OTHER_RATE, SPO2, PRESSURE, WEIGHT];
const { organisationId, subjectId, partition } = RATE;

const PROTOCOLS = [ADULT_WARD, HEART_FAILURE_HOME];

const protocolNamed = (_: string, named: { key: string; version: number }): Protocol | undefined =>
  PROTOCOLS.find(({ key, version }) => key === named.key && version === named.version);

const evaluator = (): Evaluator => new Evaluator(() => 'adult', protocolNamed);

function givenOf(protocol: Protocol | null, overrides: readonly Override[] = []): GivenPlan {
  const named = protocol && { key: protocol.key, version: protocol.version };
  return { protocol: named, patient: { category: 'adult', spo2Scale: 1, zone: UTC }, overrides };
}

function planEntry(given: GivenPlan, receivedMs: number): CareEntry {
  const where = { organisationId, subjectId, partition, offsetMs: 0 };
  return { kind: 'care', ...where, receivedMs, act: { kind: 'plan', given } };
}

/** What a finding says, whoever found it. */
function told(finding: Finding): Record<string, unknown> {
  const { series, ...rest } = finding;
  assert.equal(series.subjectId, subjectId);
  return { ...rest, ...('rule' in rest && { rule: rest.rule.key }), metric: series.metric?.key };
}

/** By name and moment: several that one message brings have no order among themselves. */
function sorted(findings: readonly Finding[]): Record<string, unknown>[] {
  const key = (one: Record<string, unknown>) =>
    `${one['atMs']} ${one['alarmId']} ${one['kind']} ${one['value']}`;
  return findings.map(told).sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

const named = (findings: readonly Finding[]) =>
  findings.map(({ kind, alarmId }) => `${kind} ${alarmId.slice(0, alarmId.lastIndexOf('@'))}`);

/** In and out of their limits, some late, with silences between; never where a delay ends to the millisecond. */
const someArrivals = fc
  .array(
    fc.record({
      series: fc.constantFrom(RATE, OTHER_RATE, SPO2, PRESSURE),
      value: fc.constantFrom(30, 60, 75, 85, 95, 128, 131, 160),
      afterMs: fc.constantFrom(211, 1009, 1013, 3001, 20_011),
      lateMs: fc.constantFrom(0, 0, 0, 1511, 8017),
      flags: fc.constantFrom(0, 0, 0, FLAG.IMPLAUSIBLE),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((steps) => {
    let nowMs = NOON;
    return steps.map(({ series, value, afterMs, lateMs, flags }) => {
      nowMs += afterMs;
      return arrivalOf(series, { stampMs: nowMs - lateMs, value, flags, receivedMs: nowMs });
    });
  });

const END_MS = NOON + 3_600_000;

/** What comes in, in its order, and what is done between. */
function run(
  arrivals: readonly Arrival[],
  { target, between }: { target: Evaluator; between?: (index: number, at: Evaluator) => Evaluator },
): Finding[] {
  let current = target;
  const findings: Finding[] = [];
  for (const [index, arrival] of arrivals.entries()) {
    current = between?.(index, current) ?? current;
    findings.push(...current.silences(arrival.receivedMs), ...current.evaluate(arrival));
  }
  return [...findings, ...current.silences(END_MS)];
}

test('a plan of nothing but what is built in finds what is found without one, whenever it begins', () => {
  fc.assert(
    fc.property(someArrivals, fc.nat(40), (arrivals, from) => {
      const plain = run(arrivals, { target: evaluator() });
      const planned: Finding[] = [];
      const rest = run(arrivals, {
        target: evaluator(),
        between: (index, at) => {
          if (index !== from % arrivals.length) return at;
          const atMs = (arrivals[index]?.receivedMs ?? NOON) - 1;
          planned.push(...at.silences(atMs));
          planned.push(...at.plans.watchCare(planEntry(givenOf(null), atMs)));
          return at;
        },
      });
      planned.push(...rest);
      // A plan says more exactly when a late reading's delay was told, and how far values went during one;
      // of a limit and its outer one that are broken by the same reading either may tell it.
      const content = (findings: readonly Finding[]) =>
        sorted(
          findings.flatMap((finding): Finding[] => {
            if (finding.kind === 'worsened') return [];
            if (finding.kind === 'ended' || finding.kind === 'risen')
              return [{ ...finding, atMs: 0 }];
            const rule = { ...finding.rule, key: finding.rule.episodeKey };
            return [{ ...finding, atMs: 0, value: 0, rule }];
          }),
        );
      assert.deepEqual(content(planned), content(plain));
    }),
    { numRuns: 300 },
  );
});

const FEVER: Override = {
  ruleKey: 'limit/heart-rate/high',
  change: { kind: 'limit', limit: 150 },
  ...{ author: 'Dr Sample', reason: 'fever' },
  ...{ fromMs: NOON, untilMs: NOON + 30_007 },
};

/** Through JSON, as it lies in the database. */
function restarted(before: Evaluator): Evaluator {
  const after = evaluator();
  for (const { snapshot } of before.snapshot()) {
    const stored = JSON.parse(JSON.stringify(snapshot)) as typeof snapshot;
    after.remember(stored, (id) => ALL.find((series) => series.id === id));
  }
  return after;
}

test('a restart, a copy and a look at the clock anywhere change nothing of what is found', () => {
  fc.assert(
    fc.property(someArrivals, fc.nat(40), fc.nat(10_000), (arrivals, place, waitMs) => {
      const begun = (): Evaluator => {
        const target = evaluator();
        target.plans.watchCare(planEntry(givenOf(ADULT_WARD, [FEVER]), NOON));
        return target;
      };
      const at = place % arrivals.length;
      const once = run(arrivals, { target: begun() });
      const ways: ((before: Evaluator) => Evaluator)[] = [restarted, (before) => before.fork()];
      for (const way of ways) {
        const between = (index: number, before: Evaluator) => (index === at ? way(before) : before);
        assert.deepEqual(sorted(run(arrivals, { target: begun(), between })), sorted(once));
      }
      const seen: Finding[] = [];
      const looked = run(arrivals, {
        target: begun(),
        between: (index, current) => {
          const lastMs = arrivals[index - 1]?.receivedMs ?? NOON;
          const nextMs = arrivals[index]?.receivedMs ?? NOON;
          seen.push(...current.silences(Math.min(lastMs + waitMs, nextMs)));
          return current;
        },
      });
      assert.deepEqual(sorted([...seen, ...looked]), sorted(once));
    }),
    { numRuns: 150 },
  );
});

const reading = (series: Arrival['series'], atMs: number, value: number): Arrival =>
  arrivalOf(series, { stampMs: atMs, value, receivedMs: atMs });

test('an alarm shows the value that opened it and the furthest since, whichever device saw it', () => {
  const target = evaluator();
  target.plans.watchCare(planEntry(givenOf(ADULT_WARD), NOON));
  const values = [132, 140, 135, 150, 145].map((value, second) =>
    reading(RATE, NOON + second * 1_000, value),
  );
  const others = [148, 155].map((value, second) =>
    reading(OTHER_RATE, NOON + 5_000 + second * 1_000, value),
  );
  const findings = [...values, ...others].flatMap((arrival) => target.evaluate(arrival));
  const limits = findings.filter(({ alarmId }) => alarmId.startsWith('limit/'));
  const shown = limits.map((one) => [one.kind, 'value' in one ? one.value : undefined]);
  assert.deepEqual(shown, [
    ['raised', 140],
    ['worsened', 150],
    ['worsened', 155],
  ]);
  assert.ok(limits[0]?.kind === 'raised' && limits[0].openingValue === 132);
});

test('measured values raise a score after its delay, with its total as its value', () => {
  const target = evaluator();
  target.plans.watchCare(planEntry(givenOf(ADULT_WARD), NOON));
  const findings = [
    ...target.evaluate(reading(SPO2, NOON + 1_000, 92)),
    ...target.evaluate(reading(PRESSURE, NOON + 1_000, 100)),
    ...target.evaluate(reading(RATE, NOON + 1_000, 112)),
    ...target.silences(NOON + 61_002),
  ];
  assert.deepEqual(named(findings), ['raised score/news2']);
  const [score] = findings;
  assert.ok(score?.kind === 'raised');
  assert.deepEqual([score.rule.kind, score.rule.limit, score.value], ['score', 5, 6]);
  assert.equal(score.priority, 'medium');
});

test('each higher score is told, and one that is as high or lower is not', () => {
  const target = evaluator();
  target.plans.watchCare(planEntry(givenOf(ADULT_WARD), NOON));
  const first = [
    ...target.evaluate(reading(SPO2, NOON + 1_000, 94)),
    ...target.evaluate(reading(PRESSURE, NOON + 1_000, 100)),
    ...target.evaluate(reading(RATE, NOON + 1_000, 112)),
    ...target.silences(NOON + 61_002),
  ];
  assert.deepEqual(named(first), ['raised score/news2']);
  assert.ok(first[0]?.kind === 'raised' && first[0].value === 5);
  const { alarmId } = first[0];
  const after = (series: Arrival['series'], second: number, value: number) =>
    target
      .evaluate(reading(series, NOON + second * 1_000, value))
      .flatMap((one) => (one.kind === 'worsened' ? [[one.alarmId, one.value]] : []));
  assert.deepEqual(after(RATE, 62, 112), [], 'it was raised as 5');
  assert.deepEqual(after(SPO2, 63, 93), [[alarmId, 6]]);
  target.evaluate(reading(SPO2, NOON + 64_000, 94));
  assert.deepEqual(after(SPO2, 65, 93), []);
});

test('an override lifts a limit, ends what it was about, and gives the limit back at its end', () => {
  const target = evaluator();
  const seconds = [0, 1, 2, 3].map((second) => reading(RATE, NOON + 1_000 * second, 140));
  const [raised] = seconds.flatMap((arrival) => target.evaluate(arrival));
  assert.equal(raised?.kind, 'raised');
  const entry = planEntry(givenOf(null, [{ ...FEVER, fromMs: NOON + 4_000 }]), NOON + 4_000);
  const [ended, ...others] = target.plans.watchCare(entry);
  assert.ok(ended?.kind === 'ended' && others.length === 0);
  assert.deepEqual([ended.alarmId, ended.because], [raised.alarmId, 'protocol-changed']);
  assert.deepEqual(target.evaluate(reading(RATE, NOON + 20_000, 149)), []);
  const again = [
    ...target.silences(FEVER.untilMs + 1),
    ...target.evaluate(reading(RATE, NOON + 33_000, 149)),
  ];
  assert.deepEqual(named(again), ['raised limit/heart-rate/high']);
  assert.ok(again[0]?.kind === 'raised' && again[0].rule.limit === 131);
});

test('a help button and silence are told once, by the line, whatever a protocol says', () => {
  const target = evaluator();
  target.plans.watchCare(planEntry(givenOf(ADULT_WARD), NOON));
  target.evaluate(reading(RATE, NOON, 80));
  const event = { kind: 'leads-off', flags: 0 } as const;
  const entry: EventEntry = {
    kind: 'event',
    ...{ partition, receivedMs: NOON + 1, offsetMs: 0, organisationId, subjectId },
    ...{ deviceId: RATE.deviceId, id: 'e', event },
  };
  assert.deepEqual(target.watchEvent(entry), []);
  assert.deepEqual(named([...target.silences(NOON + 60_000)]), []);
});

test('weights over days raise the rule of heart failure; what was a stranger ends', () => {
  const target = evaluator();
  target.plans.watchCare(planEntry(givenOf(HEART_FAILURE_HOME), NOON));
  const day = (count: number): number => NOON + count * 86_400_000;
  const raised = [80, 80.2, 82.4].flatMap((value, index) =>
    target.evaluate(reading(WEIGHT, day(index), value)),
  );
  assert.deepEqual(named(raised), ['raised trend/weight/high']);
  const span = { fromMs: day(2), untilMs: day(2) + 1 };
  const moved: MovedEntry = {
    kind: 'moved',
    ...{ partition, receivedMs: day(2) + 2, offsetMs: 0, id: 'm' },
    ...{ organisationId: ORGANISATION, subjectId, toSubjectId: subjectId },
    ...{ deviceId: WEIGHT.deviceId, ...span },
  };
  const [ended] = handOver(target, moved, () => undefined);
  assert.ok(ended?.kind === 'ended');
  assert.deepEqual([ended.because, ended.alarmId], ['moved', raised[0]?.alarmId]);
});

test('a version that is not there leaves what is built in', () => {
  const target = evaluator();
  const gone = { ...givenOf(null), protocol: { key: 'gone', version: 1 } };
  target.plans.watchCare(planEntry(gone, NOON));
  const findings = [0, 1, 2].flatMap((second) =>
    target.evaluate(reading(RATE, NOON + second * 1_000, 140)),
  );
  assert.deepEqual(named(findings), ['raised limit/heart-rate/high']);
});

test('who is forgotten has no plan any more, in no snapshot and by no clock', () => {
  const target = evaluator();
  target.plans.watchCare(planEntry(givenOf(ADULT_WARD), NOON));
  target.evaluate(reading(RATE, NOON, 140));
  target.forget(subjectId);
  assert.deepEqual([...target.plans.all()], []);
  assert.deepEqual([...target.snapshot()], []);
  assert.deepEqual(target.silences(END_MS), []);
});
