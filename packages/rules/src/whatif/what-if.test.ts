import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UTC } from '../detectors/zone.ts';
import { ADULT_WARD } from '../protocol/library.ts';
import type { Told } from '../protocol/monitor-input.ts';
import { type Patient, type Plan, planAt } from '../protocol/plan.ts';
import type { ActedOn, Fate } from './acted-on.ts';
import { fatesOf as fateSteps } from './acted-on.ts';
import { alarmSpans as spanSteps, tally as tallySteps } from './alarm-spans.ts';
import { differenceOf } from './changed-rules.ts';
import { whole } from './steps.ts';
import { conditionsOf, ofMany, whatIf as whatIfSteps } from './what-if.ts';

const LOW = 'limit/spo2/low';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const alarmSpans = (...given: Parameters<typeof spanSteps>) => whole(spanSteps(...given));
const tally = (...given: Parameters<typeof tallySteps>) => whole(tallySteps(...given));
const fatesOf = (...given: Parameters<typeof fateSteps>) => whole(fateSteps(...given));
const whatIf = (...given: Parameters<typeof whatIfSteps>) => whole(whatIfSteps(...given));

const told = (kind: Told['kind'], atMs: number, more: Partial<Told> = {}): Told => ({
  ...{ kind, alarm: LOW, rule: LOW, priority: 'high', sinceMs: atMs, atMs, evidence: [] },
  ...more,
});

test('an alarm lasts from when it calls until it ends, at the highest priority that it reached', () => {
  const spans = alarmSpans([
    told('raised', 10, { priority: 'medium' }),
    told('raised', 11, { alarm: 'other', isShadow: true }),
    told('risen', 12),
    told('ended', 20),
    told('passed', 25, { alarm: 'fall/a', priority: 'medium' }),
    told('raised', 30),
  ]);
  assert.deepEqual(
    spans.map(({ alarm, priority, raisedMs, endedMs }) => [alarm, priority, raisedMs, endedMs]),
    [
      [LOW, 'high', 10, 20],
      ['fall/a', 'medium', 25, 25],
      [LOW, 'high', 30, Number.POSITIVE_INFINITY],
    ],
  );
});

test('alarms are counted by priority and by the hour that the patient’s clock shows', () => {
  const raised = [0, HOUR - 1, HOUR].map((atMs) => [told('raised', atMs), told('ended', atMs)]);
  const zone = [{ fromMs: 0, offsetMs: 2 * HOUR }];
  const found = tally(alarmSpans(raised.flat()), { fromMs: 0, untilMs: 2 * HOUR, zone });
  assert.deepEqual(found.byPriority, { high: 3, medium: 0, low: 0 });
  assert.deepEqual(
    found.byHour.flatMap(({ high }, hour) => (high > 0 ? [[hour, high]] : [])),
    [
      [2, 2],
      [3, 1],
    ],
  );
});

test('what was raised before the span is there to begin with, and at its end it is over', () => {
  const spans = alarmSpans([told('raised', 9), told('ended', 12), told('raised', 20)]);
  assert.equal(tally(spans, { fromMs: 10, untilMs: 20, zone: UTC }).total, 0);
  assert.equal(tally(spans, { fromMs: 9, untilMs: 21, zone: UTC }).total, 2);
});

const ACTED: ActedOn = {
  alarm: LOW,
  priority: 'high',
  openedMs: 100_000,
  endedMs: 160_000,
  actedMs: 130_000,
};

const CASES: readonly {
  readonly name: string;
  readonly after: readonly Told[];
  readonly fate: Partial<Fate> | undefined;
}[] = [
  { name: 'nothing calls', after: [], fate: { fate: 'missed' } },
  {
    name: 'it calls at the moment of the act',
    after: [told('raised', 130_000)],
    fate: undefined,
  },
  {
    name: 'it calls a moment after the act',
    after: [told('raised', 130_001)],
    fate: { fate: 'missed', callsMs: 130_001 },
  },
  {
    name: 'it calls after all is over',
    after: [told('raised', 160_001)],
    fate: { fate: 'missed' },
  },
  {
    name: 'another condition calls',
    after: [told('raised', 110_000, { alarm: 'limit/heart-rate/low' })],
    fate: { fate: 'missed' },
  },
  {
    name: 'one that has called for long goes on',
    after: [told('raised', 1_000)],
    fate: undefined,
  },
  {
    name: 'one was over before it began',
    after: [told('raised', 1_000), told('ended', 99_999)],
    fate: { fate: 'missed' },
  },
  {
    name: 'it calls at a lesser priority',
    after: [told('raised', 110_000, { priority: 'medium' })],
    fate: { fate: 'lowered', callsAs: 'medium' },
  },
];

for (const { name, after, fate } of CASES)
  test(`an alarm that was acted on, where ${name}, is ${fate?.fate ?? 'kept'}`, () => {
    const before = alarmSpans([told('raised', 105_000)]);
    const [found, ...others] = fatesOf([ACTED], { before, after: alarmSpans(after) });
    assert.deepEqual(others, []);
    const { alarm, priority, openedMs, actedMs } = ACTED;
    const whole = { alarm, priority, openedMs, actedMs, isReproduced: true, ...fate };
    assert.deepEqual(found, fate === undefined ? undefined : whole);
  });

test('one that the plan of before does not give either is named, and said to be so', () => {
  const [found] = fatesOf([ACTED], { before: [], after: [] });
  assert.deepEqual([found?.fate, found?.isReproduced], ['missed', false]);
});

test('one that goes on and is acted on late is kept by whatever called meanwhile', () => {
  const ongoing = { ...ACTED, endedMs: Number.POSITIVE_INFINITY, actedMs: 500_000 };
  const spans = alarmSpans([told('raised', 300_000)]);
  assert.deepEqual(fatesOf([ongoing], { before: spans, after: spans }), []);
});

const PATIENT: Patient = { category: 'adult', spo2Scale: 1, zone: UTC };

function ward(changed: string, limit: number): Plan {
  const rules = ADULT_WARD.rules.map((rule) =>
    rule.key === changed && rule.detector.kind === 'limit'
      ? { ...rule, detector: { ...rule.detector, limit } }
      : rule,
  );
  return planAt({ protocol: { ...ADULT_WARD, rules }, patient: PATIENT, overrides: [] }, 0);
}

test('a change that would have missed an alarm that was acted on takes a reason and a second clinician', () => {
  const difference = differenceOf(ward(LOW, 91), ward(LOW, 88));
  const asked = { difference, acted: [ACTED], fromMs: 0, untilMs: HOUR, zone: UTC };
  const called = [told('raised', 105_000), told('ended', 160_000)];
  const missed = whatIf({ before: called, after: [] }, asked);
  assert.deepEqual([missed.before.total, missed.after.total, missed.actedOn], [1, 0, 1]);
  assert.deepEqual(conditionsOf(difference, missed), {
    needsMedicalLead: [],
    needsSecondClinician: true,
  });
  const kept = whatIf({ before: called, after: called }, asked);
  assert.equal(conditionsOf(difference, kept).needsSecondClinician, false);
  const both = ofMany([missed, kept]);
  assert.deepEqual([both.before.total, both.after.total, both.actedOn], [2, 1, 2]);
  assert.equal(both.fates.length, 1);
});

test('one that was acted on and becomes low is as good as missed; one that becomes medium is not', () => {
  const fatesWhere = (priority: Told['priority']): readonly Fate[] =>
    fatesOf([ACTED], { before: [], after: alarmSpans([told('raised', 110_000, { priority })]) });
  const needs = (['low', 'medium', 'high'] as const).map(
    (priority) =>
      conditionsOf({ changes: [] }, { fates: fatesWhere(priority) }).needsSecondClinician,
  );
  assert.deepEqual(needs, [true, false, false]);
});

test('an alarm of a condition that was not run again has no fate', () => {
  const difference = differenceOf(ward(LOW, 91), ward(LOW, 88));
  const acted = [{ ...ACTED, alarm: 'limit/heart-rate/high' }];
  const found = whatIf(
    { before: [], after: [] },
    { difference, acted, fromMs: 0, untilMs: HOUR, zone: UTC },
  );
  assert.deepEqual([found.actedOn, found.fates], [0, []]);
});

test('what is essential takes a medical lead', () => {
  const outer = 'limit/spo2/low/outer';
  const difference = differenceOf(ward(outer, 80), ward(outer, 79));
  assert.deepEqual(conditionsOf(difference, { fates: [] }), {
    needsMedicalLead: [outer],
    needsSecondClinician: false,
  });
});

test('a thousand acted on among many of the same name are told as by looking through all', () => {
  const after = Array.from({ length: 3_000 }, (_, at) => [
    told('raised', at * 100, { priority: at % 7 === 0 ? 'low' : 'high' }),
    told('ended', at * 100 + 40),
  ]).flat();
  const spans = alarmSpans(after);
  const acted = Array.from({ length: 1_000 }, (_, at): ActedOn => {
    const openedMs = at * 301;
    return {
      alarm: LOW,
      priority: 'high',
      openedMs,
      endedMs: openedMs + 70,
      actedMs: openedMs + 30,
    };
  });
  const plainly = acted.flatMap(({ openedMs, endedMs, actedMs }) => {
    const called = spans.find((span) => span.endedMs >= openedMs && span.raisedMs <= endedMs);
    if (called === undefined || called.raisedMs > actedMs) return [[openedMs, 'missed']];
    return called.priority === 'low' ? [[openedMs, 'lowered']] : [];
  });
  const found = fatesOf(acted, { before: [], after: spans });
  assert.deepEqual(
    found.map(({ openedMs, fate }) => [openedMs, fate]),
    plainly,
  );
  assert.ok(new Set(found.map(({ fate }) => fate)).size === 2);
});

test('what many alarms come to is found in parts, between which others have their turn', () => {
  const many = Array.from({ length: 10_000 }, (_, at) => told('passed', at, { alarm: `${at}` }));
  const acted = many.map(({ alarm, atMs }) => ({ ...ACTED, alarm, openedMs: atMs }));
  const difference = differenceOf(ward(LOW, 91), ward(LOW, 88));
  const steps = [
    spanSteps(many),
    tallySteps(alarmSpans(many), { fromMs: 0, untilMs: HOUR, zone: UTC }),
    fateSteps(acted, { before: [], after: [] }),
    whatIfSteps({ before: [], after: [] }, { difference, acted, fromMs: 0, untilMs: 1, zone: UTC }),
  ].map((one) => [...one].length);
  assert.deepEqual(steps, [5, 5, 5, 20]);
});
