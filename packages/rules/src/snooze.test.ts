import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AlarmEvent, afterEvent, raise } from './alarm-life.ts';
import { covers, isCarriedOver, isSnoozeOver, isWorse, snoozed, snoozeRefusal } from './snooze.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const SNOOZE = snoozed(39.4, { nowMs: NOON, minutes: 15 });
const END = NOON + 15 * 60_000;
const AGAIN = { priority: 'medium', value: 39.4, direction: 'high', atMs: END - 1 } as const;

test('it lasts its minutes, and not a moment longer', () => {
  assert.equal(SNOOZE.untilMs, END);
  assert.equal(isSnoozeOver(SNOOZE, END - 1), false);
  assert.equal(isSnoozeOver(SNOOZE, END), true);
});

test('a clock that was set back ends it', () => {
  assert.equal(isSnoozeOver(SNOOZE, NOON), false);
  assert.equal(isSnoozeOver(SNOOZE, NOON - 1), true);
});

test('what is over calls nobody again; what is present or unknown does', () => {
  const after = (...events: AlarmEvent[]) => events.reduce(afterEvent, raise('medium')).episode;
  assert.equal(after('acknowledged', 'called-again'), 'raised');
  assert.equal(after('acknowledged', 'condition-lost', 'called-again'), 'raised');
  assert.equal(after('acknowledged', 'condition-ended', 'called-again'), 'resolved');
  assert.equal(after('called-again'), 'raised');
});

test('high alarms, what somebody has to mend, and what is over are not snoozed', () => {
  const warm = { ...raise('medium'), ruleKey: 'limit/body-temperature/high' };
  assert.equal(snoozeRefusal(warm), undefined);
  assert.equal(snoozeRefusal({ ...warm, priority: 'low' }), undefined);
  assert.equal(snoozeRefusal({ ...warm, condition: 'unknown' }), undefined);
  assert.equal(snoozeRefusal({ ...warm, priority: 'high' }), 'high');
  for (const what of ['no-data/monitor-1', 'leads-off/patch-1', 'battery/low', 'spo2/high'])
    assert.equal(snoozeRefusal({ ...warm, ruleKey: `technical/${what}` }), 'technical');
  assert.equal(snoozeRefusal({ ...warm, condition: 'absent' }), 'over');
});

test('a rhythm and a call are not snoozed: the next one has no value by which it would be worse', () => {
  const alarm = (ruleKey: string) => ({ ...raise('medium'), ruleKey });
  for (const ruleKey of ['rhythm/short-ventricular-run', 'call/door-crossed'])
    assert.deepEqual([snoozeRefusal(alarm(ruleKey)), isCarriedOver(ruleKey)], ['happening', false]);
  const composite = 'composite/heart-failure';
  assert.deepEqual([snoozeRefusal(alarm(composite)), isCarriedOver(composite)], [undefined, false]);
  for (const ruleKey of ['limit/body-temperature/high', 'score/news2', 'trend/weight/high'])
    assert.deepEqual([snoozeRefusal(alarm(ruleKey)), isCarriedOver(ruleKey)], [undefined, true]);
});

test('worse is beyond what could be seen, on the side of the limit', () => {
  const high = (value: number) => isWorse(SNOOZE, { value, direction: 'high' });
  assert.deepEqual([high(39.3), high(39.4), high(39.5)], [false, false, true]);
  const low = (value: number) => isWorse(SNOOZE, { value, direction: 'low' });
  assert.deepEqual([low(39.5), low(39.4), low(39.3)], [false, false, true]);
});

test('the same condition, back within the time, was snoozed; a worse, more urgent or later one was not', () => {
  const before = { snooze: SNOOZE, priority: 'medium' } as const;
  assert.equal(covers(before, AGAIN), true);
  assert.equal(covers(before, { ...AGAIN, priority: 'low' }), true);
  assert.equal(covers(before, { ...AGAIN, priority: 'high' }), false);
  assert.equal(covers(before, { ...AGAIN, value: 39.5 }), false);
  assert.equal(covers(before, { ...AGAIN, atMs: END }), false);
});
