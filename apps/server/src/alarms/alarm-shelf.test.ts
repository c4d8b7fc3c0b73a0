import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADULT_LIMITS } from '@ausculta/rules/adult-limits';
import { NOON, seriesSample, subjectId } from '../../../../tests/support/line.ts';
import { lived, type RaisedFinding, raisedAlarm } from './alarm-change.ts';
import type { StoredAlarm } from './alarm-row.ts';
import { AlarmShelf } from './alarm-shelf.ts';

const SPO2 = seriesSample({ id: 1, metric: 'spo2' });
const SUBJECT = subjectId(1);
const MINUTE = 60_000;
const RULE = ADULT_LIMITS.find(({ key }) => key === 'limit/spo2/low/outer');

function found(kind: RaisedFinding['kind'], sinceMs: number, value = 75): RaisedFinding {
  assert.ok(RULE !== undefined);
  const alarmId = `${RULE.episodeKey}@${sinceMs}`;
  const { priority } = RULE;
  const told = { alarmId, series: SPO2, rule: RULE, priority, sinceMs, openingValue: value };
  return { kind, ...told, value, atMs: NOON };
}

function shelfWith(...alarms: StoredAlarm[]): AlarmShelf {
  const shelf = new AlarmShelf();
  for (const alarm of alarms) shelf.hold(alarm);
  return shelf;
}

const owed = raisedAlarm(found('raised', NOON - MINUTE), false);
const over = lived(owed, 'condition-ended', NOON - 1000);
const settled = lived(over, 'acknowledged', NOON);

test('a breach comes back to the alarm that is owed, and is a new one after an answer', () => {
  assert.equal(shelfWith(over).find(found('raised', NOON)), over);
  assert.equal(shelfWith(settled).find(found('raised', NOON)), undefined);
});

test('a breach comes back to an alarm that was answered while its condition lasts or is unknown', () => {
  const unknown = lived(lived(owed, 'acknowledged', NOON), 'condition-lost', NOON);
  assert.equal(shelfWith(unknown).find(found('raised', NOON)), unknown);
});

test('the same return is known for one, though its alarm has been settled since', () => {
  const shelf = shelfWith(over);
  const finding = found('raised', NOON);
  assert.equal(shelf.hasReturned(finding), false);
  assert.equal(shelf.noteReturn(over.view, finding), `returned@${NOON}`);
  shelf.hold(settled);
  assert.equal(shelf.hasReturned(finding), true);
  assert.equal(shelf.find(finding), settled);
});

test('a day of late breaches is one alarm, and a line for each minute that they lasted', () => {
  const first = NOON - 24 * 60 * MINUTE;
  const alarm = raisedAlarm(found('passed', first), false);
  const shelf = shelfWith(alarm);
  const lines = new Set<string>();
  for (let sinceMs = first; sinceMs < NOON; sinceMs += 1000) {
    const finding = found('passed', sinceMs);
    assert.equal(shelf.find(finding), alarm);
    if (!shelf.hasReturned(finding)) lines.add(shelf.noteReturn(alarm.view, finding));
  }
  assert.equal(lines.size, 24 * 60 - 1);
});

test('late breaches of before an answer are known when a replay brings them again', () => {
  const alarm = raisedAlarm(found('passed', NOON - 10 * MINUTE), false);
  const late = found('passed', NOON - 8 * MINUTE);
  const what = shelfWith(alarm).noteReturn(alarm.view, late);
  const answered = lived(alarm, 'acknowledged', NOON);
  const again = shelfWith(answered);
  again.recallReturn({ subject_id: SUBJECT, alarm_id: alarm.view.id, what });
  assert.equal(again.find(late), answered);
  assert.ok(again.hasReturned(late));
  assert.ok(again.hasReturned(found('passed', NOON - 10 * MINUTE + 1)), 'and the first of them');
  assert.equal(again.find(found('passed', NOON - 5 * MINUTE)), undefined, 'another is a new alarm');
});

test('what is settled and old is forgotten with all its names; what is open is kept', () => {
  const shelf = shelfWith(settled);
  shelf.noteReturn(settled.view, found('raised', NOON - 5000));
  shelf.forgetSettledBefore(NOON + 1);
  assert.deepEqual([...shelf.all()], []);
  assert.equal(shelf.find(found('raised', NOON - 5000)), undefined);
  const open = shelfWith(owed);
  open.forgetSettledBefore(NOON + 1);
  assert.equal(open.get(SUBJECT, owed.view.id), owed);
});

test('of a subject the open ones are told, whatever became of them on the way', () => {
  const shelf = shelfWith(owed);
  const openNow = () => [...shelf.openOf(SUBJECT)];
  assert.deepEqual(openNow(), [owed]);
  assert.deepEqual([...shelf.openOf('somebody else')], []);
  shelf.hold(over);
  assert.deepEqual(openNow(), [over], 'owed though it is over');
  shelf.amend(settled);
  assert.deepEqual(openNow(), []);
  shelf.hold(owed);
  shelf.forgetSubject(SUBJECT);
  assert.deepEqual(openNow(), []);
});
