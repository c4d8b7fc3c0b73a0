import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADULT_WARD } from '../protocol/library.ts';
import { tuned } from '../whatif/tuning.ts';
import type { Answers, RuleBurden } from './alarm-burden.ts';
import { type Suggestion, suggestionFor } from './suggestions.ts';

const ANSWERS: Answers = {
  acknowledged: 90,
  actedOn: 50,
  actedOnPercent: 50,
  medianMs: 20_000,
  p90Ms: 60_000,
};

const SELDOM: Answers = { ...ANSWERS, actedOn: 9, actedOnPercent: 9 };

const burden = (more: Partial<RuleBurden> = {}): RuleBurden => ({
  rule: 'limit/spo2/low',
  alarms: 100,
  loadPercent: 50,
  patients: 10,
  answers: ANSWERS,
  chattering: 0,
  medianLengthMs: 60_000,
  ...more,
});

const HEART = 'limit/heart-rate/high';

const CASES: readonly {
  readonly name: string;
  readonly given: Partial<RuleBurden>;
  readonly suggestion: Omit<Suggestion, 'rule'>;
}[] = [
  {
    name: 'more than a tenth of which chatter: twice the clearance',
    given: { chattering: 11 },
    suggestion: { why: 'chattering', try: { rule: 'limit/spo2/low', clearance: 2 } },
  },
  {
    name: 'half of which would be over within a longer delay: that delay',
    given: { medianLengthMs: 5_000, chattering: 10 },
    suggestion: { why: 'mostly-short', try: { rule: 'limit/spo2/low', delayMs: 15_000 } },
  },
  {
    name: 'half of which last a moment longer: nothing',
    given: { medianLengthMs: 5_001 },
    suggestion: { why: 'nothing-to-try' },
  },
  {
    name: 'that hardly anybody acts on: a wider limit',
    given: { answers: SELDOM },
    suggestion: { why: 'seldom-acted-on', try: { rule: 'limit/spo2/low', limit: 90 } },
  },
  {
    name: 'of the heart, however short: no delay (safety S6)',
    given: { rule: HEART, medianLengthMs: 1_000 },
    suggestion: { why: 'nothing-to-try' },
  },
  {
    name: 'of the heart that hardly anybody acts on: a wider limit',
    given: { rule: HEART, answers: SELDOM },
    suggestion: { why: 'seldom-acted-on', try: { rule: HEART, limit: 133 } },
  },
  {
    name: 'that is essential: nothing',
    given: { rule: 'limit/spo2/low/outer', chattering: 100 },
    suggestion: { why: 'essential' },
  },
  {
    name: 'that is no limit: nothing',
    given: { rule: 'technical/no-data' },
    suggestion: { why: 'no-limit' },
  },
];

for (const { name, given, suggestion } of CASES)
  test(`for a rule ${name}`, () => {
    const asked = burden(given);
    const found = suggestionFor(asked, ADULT_WARD);
    assert.deepEqual(found, { rule: asked.rule, ...suggestion });
    // What is suggested can be tried.
    if (found.try !== undefined) assert.equal(tuned(ADULT_WARD, [found.try]).ok, true);
  });

const TUNINGS = [
  { name: 'a limit', tuning: { rule: HEART, limit: 140 }, isFit: true },
  { name: 'a priority', tuning: { rule: HEART, priority: 'medium' }, isFit: true },
  { name: 'a delay that safety S6 allows', tuning: { rule: HEART, delayMs: 2_000 }, isFit: true },
  { name: 'a longer one', tuning: { rule: HEART, delayMs: 2_001 }, isFit: false },
  { name: 'a limit that no reading reaches', tuning: { rule: HEART, limit: 1_000 }, isFit: false },
  { name: 'a line that it has not', tuning: { rule: 'score/news2', limit: 3 }, isFit: false },
  { name: 'a rule that is not there', tuning: { rule: 'limit/none', limit: 3 }, isFit: false },
] as const;

for (const { name, tuning, isFit } of TUNINGS)
  test(`${name} ${isFit ? 'can' : 'cannot'} be tried`, () => {
    assert.equal(tuned(ADULT_WARD, [tuning]).ok, isFit);
  });

test('what is tried changes its own line and no other', () => {
  const found = tuned(ADULT_WARD, [{ rule: HEART, limit: 140 }]);
  assert.ok(found.ok);
  const limits = found.protocol.rules.flatMap(({ key, detector }, at) =>
    JSON.stringify(detector) === JSON.stringify(ADULT_WARD.rules[at]?.detector) ? [] : [key],
  );
  assert.deepEqual(limits, [HEART]);
});
