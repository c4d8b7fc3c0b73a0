import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import { ADULT_LIMITS, limitsFor } from './adult-limits.ts';
import { afterReading, explain, isBreach, type LimitRule, type LimitState, NEVER_BREACHED } from './limit.ts';
import { type EpisodeChange, type EpisodeState, foldReading, lateFinding, NO_EPISODE } from './limit-episode.ts';

function ruleOf(key: string): LimitRule {
  const rule = ADULT_LIMITS.find((candidate) => candidate.key === key);
  assert.ok(rule, key);
  return rule;
}

/** The phases after values that come one a second. */
function phases(rule: LimitRule, values: readonly number[]): string[] {
  let state: LimitState = NEVER_BREACHED;
  return values.map((value, second) => {
    const timeMs = second * 1000;
    state = afterReading(state, { stampMs: timeMs, timeMs, value, flags: 0 }, rule);
    return state.phase;
  });
}

const EDGES = [
  { key: 'limit/heart-rate/high', inside: 130, breach: 131 },
  { key: 'limit/heart-rate/low', inside: 41, breach: 40 },
  { key: 'limit/spo2/low', inside: 92, breach: 91 },
  { key: 'limit/spo2/low-outer', inside: 81, breach: 80 },
  { key: 'limit/resp-rate/high', inside: 24, breach: 25 },
  { key: 'limit/resp-rate/low', inside: 9, breach: 8 },
  { key: 'limit/blood-pressure-systolic/high', inside: 219, breach: 220 },
  { key: 'limit/blood-pressure-systolic/low', inside: 91, breach: 90 },
  { key: 'limit/body-temperature/high', inside: 39, breach: 39.1 },
  { key: 'limit/body-temperature/low', inside: 35.1, breach: 35 },
] as const;

for (const { key, inside, breach } of EDGES) {
  test(`${key}: ${inside} is inside, ${breach} is a breach`, () => {
    assert.equal(isBreach({ value: inside, flags: 0 }, ruleOf(key)), false);
    assert.equal(isBreach({ value: breach, flags: 0 }, ruleOf(key)), true);
  });
}

test('every default limit of adults is in the table above', () => {
  assert.deepEqual(ADULT_LIMITS.map((rule) => rule.key), EDGES.map(({ key }) => key));
});

test('no limit applies to a child, a neonate, in maternity or before the category is known', () => {
  for (const category of ['child', 'neonate', 'maternity', 'unknown'] as const) {
    assert.deepEqual(limitsFor(category), []);
  }
});

test('a heart rate of 131 for two seconds raises, for one second it does not', () => {
  const rule = ruleOf('limit/heart-rate/high');
  assert.deepEqual(phases(rule, [120, 131, 131, 131]), ['inside', 'pending', 'pending', 'present']);
  assert.deepEqual(phases(rule, [120, 131, 131, 130]), ['inside', 'pending', 'pending', 'inside']);
});

test('an SpO2 of 80 raises with its first reading', () => {
  assert.deepEqual(phases(ruleOf('limit/spo2/low-outer'), [95, 80]), ['inside', 'present']);
});

test('a value dancing on the limit does not end the condition before it is inside by the clearance', () => {
  const rule = ruleOf('limit/heart-rate/high');
  const danced = phases(rule, [131, 131, 131, 130, 131, 129, 128]);
  assert.deepEqual(danced.slice(2), ['present', 'present', 'present', 'present', 'inside']);
});

test('HI raises a high limit and LO a low one, even when the bound lies inside', () => {
  const high = ruleOf('limit/heart-rate/high');
  const low = ruleOf('limit/heart-rate/low');
  assert.equal(isBreach({ value: 100, flags: FLAG.ABOVE }, high), true);
  assert.equal(isBreach({ value: 100, flags: FLAG.BELOW }, low), true);
  assert.equal(isBreach({ value: 30, flags: FLAG.ABOVE }, low), false);
  assert.equal(isBreach({ value: 200, flags: FLAG.BELOW }, high), false);
});

test('an implausible or doubtful value raises like any other', () => {
  const flags = FLAG.IMPLAUSIBLE | FLAG.QUESTIONABLE;
  assert.equal(isBreach({ value: 350, flags }, ruleOf('limit/heart-rate/high')), true);
});

test('silence during the delay does not postpone the alarm', () => {
  const rule = ruleOf('limit/spo2/low');
  const first = afterReading(NEVER_BREACHED, { stampMs: 0, timeMs: 0, value: 88, flags: 0 }, rule);
  const second = afterReading(first, { stampMs: 0, timeMs: 60_000, value: 88, flags: 0 }, rule);
  assert.equal(second.phase, 'present');
});

test('a reading out of order changes nothing', () => {
  const rule = ruleOf('limit/spo2/low');
  const pending = afterReading(NEVER_BREACHED, { stampMs: 0, timeMs: 5_000, value: 88, flags: 0 }, rule);
  assert.equal(afterReading(pending, { stampMs: 0, timeMs: 1_000, value: 99, flags: 0 }, rule), pending);
});

test('it explains how much of the delay is still to go', () => {
  const rule = ruleOf('limit/spo2/low');
  const pending = afterReading(NEVER_BREACHED, { stampMs: 0, timeMs: 5_000, value: 88, flags: 0 }, rule);
  const later = afterReading(pending, { stampMs: 0, timeMs: 9_000, value: 88, flags: 0 }, rule);
  assert.deepEqual(explain(later, rule), {
    phase: 'pending',
    limit: 91,
    direction: 'low',
    sinceMs: 5_000,
    remainingMs: 6_000,
  });
});

/** What an episode does over readings of (series, second, value). */
function story(rule: LimitRule, readings: readonly (readonly [number, number, number])[]): EpisodeChange['kind'][] {
  let state: EpisodeState = NO_EPISODE;
  const kinds: EpisodeChange['kind'][] = [];
  for (const [seriesId, second, value] of readings) {
    const timeMs = second * 1000;
    const step = foldReading(state, { seriesId, stampMs: timeMs, timeMs, value, flags: 0 }, rule);
    state = step.state;
    if (step.change !== undefined) kinds.push(step.change.kind);
  }
  return kinds;
}

test('one breach seen by two devices is one episode, which ends with the last of them', () => {
  const rule = ruleOf('limit/spo2/low-outer');
  const kinds = story(rule, [
    [1, 0, 80],
    [2, 1, 80],
    [1, 2, 95],
    [2, 3, 95],
    [1, 4, 79],
  ]);
  assert.deepEqual(kinds, ['raised', 'ended', 'raised']);
});

test('a deeper value is told, a shallower one is not', () => {
  const rule = ruleOf('limit/spo2/low-outer');
  assert.deepEqual(story(rule, [[1, 0, 80], [1, 1, 74], [1, 2, 78]]), ['raised', 'worsened']);
});

test('an episode state survives being written down', () => {
  const rule = ruleOf('limit/heart-rate/high');
  const step = foldReading(NO_EPISODE, { seriesId: 7, stampMs: 0, timeMs: 0, value: 150, flags: 0 }, rule);
  const again = JSON.parse(JSON.stringify(step.state)) as EpisodeState;
  const raised = foldReading(again, { seriesId: 7, stampMs: 2_000, timeMs: 2_000, value: 150, flags: 0 }, rule);
  assert.equal(raised.change?.kind, 'raised');
});

test('a critical value that arrives late still calls, one behind a long delay does not', () => {
  const late = { stampMs: 0, timeMs: 0, value: 75, flags: 0 };
  assert.equal(lateFinding(late, ruleOf('limit/spo2/low-outer'))?.openingValue, 75);
  assert.equal(lateFinding(late, ruleOf('limit/spo2/low')), undefined);
  assert.equal(lateFinding({ ...late, value: 95 }, ruleOf('limit/spo2/low-outer')), undefined);
});
