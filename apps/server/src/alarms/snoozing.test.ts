import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADULT_LIMITS } from '@ausculta/rules/adult-limits';
import type { AccountId } from '@ausculta/vitals/identity';
import { NOON, ORGANISATION, seriesSample } from '../../../../tests/support/line.ts';
import { lived, type RaisedFinding, raisedAlarm, risen } from './alarm-change.ts';
import type { StoredAlarm } from './alarm-row.ts';
import { type Answer, answered } from './answers.ts';
import { carriedOver, further, wokenBy } from './snoozing.ts';

const FEVER = seriesSample({ id: 1, metric: 'body-temperature' });
const MINUTE_MS = 60_000;
const who = {
  accountId: ORGANISATION as string as AccountId,
  displayName: 'Nurse',
  organisationId: ORGANISATION,
};
const SNOOZE = { kind: 'snoozed', minutes: 15, reason: 'paracetamol given' } as const;

function found(sinceMs: number, value: number): RaisedFinding {
  const rule = ADULT_LIMITS.find(({ key }) => key === 'limit/body-temperature/high');
  assert.ok(rule !== undefined);
  const { priority } = rule;
  const alarmId = `${rule.episodeKey}@${sinceMs}`;
  const told = { alarmId, series: FEVER, rule, priority, sinceMs, openingValue: value, value };
  return { kind: 'raised', ...told, atMs: sinceMs };
}

function answerOf(alarm: StoredAlarm, answer: Answer, nowMs: number): StoredAlarm {
  const change = answered(alarm, answer, { who, nowMs });
  assert.ok(change !== undefined);
  return change.alarm;
}

const lifeOf = ({ view, calls }: StoredAlarm): string => {
  const { condition, episode, acknowledgedBy, snooze } = view;
  const until = snooze === undefined ? '' : `, until +${(snooze.untilMs - NOON) / MINUTE_MS}`;
  return `${condition} ${episode} ${acknowledgedBy ?? 'nobody'}${until}, call ${calls}`;
};

const owed = raisedAlarm(found(NOON, 39.4), false);
const snoozed = answerOf(owed, SNOOZE, NOON);

test('it is answered until its time is up, and then calls again', () => {
  assert.equal(lifeOf(snoozed), 'present acknowledged Nurse, until +15, call 1');
  assert.equal(wokenBy(snoozed, NOON + 15 * MINUTE_MS - 1), undefined);
  const woken = wokenBy(snoozed, NOON + 15 * MINUTE_MS);
  assert.equal(woken && lifeOf(woken.alarm), 'present raised nobody, call 2');
  assert.equal(woken?.alarm.view.calledAgainMs, NOON + 15 * MINUTE_MS);
  assert.equal(woken && wokenBy(woken.alarm, NOON + 99 * MINUTE_MS), undefined, 'once');
});

test('what is over by then calls nobody', () => {
  const over = lived(snoozed, 'condition-ended', NOON + MINUTE_MS);
  assert.equal(over.view.episode, 'resolved');
  assert.equal(wokenBy(over, NOON + 15 * MINUTE_MS), undefined);
});

test('what goes further calls at once; what goes as far does not', () => {
  const as = further(snoozed, { value: 39.4, nowMs: NOON + 1 });
  assert.equal(lifeOf(as.alarm), lifeOf(snoozed));
  const worse = further(snoozed, { value: 39.5, nowMs: NOON + 1 });
  assert.equal(lifeOf(worse.alarm), 'present raised nobody, call 2');
  assert.equal(worse.alarm.view.extremeValue, 39.5);
});

test('what has become more urgent calls at once', () => {
  assert.equal(lifeOf(risen(snoozed, 'high')), 'present raised nobody, call 2');
});

test('whoever acknowledges it after all is not called again', () => {
  const seen = answerOf(snoozed, { kind: 'acknowledged' }, NOON + 1);
  assert.equal(lifeOf(seen), 'present acknowledged Nurse, call 1');
  assert.equal(wokenBy(seen, NOON + 15 * MINUTE_MS), undefined);
});

test('a longer snooze follows a shorter one', () => {
  const longer = answerOf(snoozed, { ...SNOOZE, minutes: 30 }, NOON + MINUTE_MS);
  assert.equal(lifeOf(longer), 'present acknowledged Nurse, until +31, call 1');
});

test('nothing that is high or over is snoozed', () => {
  for (const alarm of [risen(owed, 'high'), lived(owed, 'condition-ended', NOON)])
    assert.equal(answered(alarm, SNOOZE, { who, nowMs: NOON }), undefined);
});

test('the same condition within the time is answered; a worse, an other or a later one is not', () => {
  const over = lived(snoozed, 'condition-ended', NOON + MINUTE_MS);
  const again = (sinceMs: number, value: number, before: StoredAlarm | undefined = over) => {
    const finding = found(sinceMs, value);
    return lifeOf(carriedOver(raisedAlarm(finding, false), finding, before));
  };
  const atMs = NOON + 2 * MINUTE_MS;
  assert.equal(again(atMs, 39.4), 'present acknowledged Nurse, until +15, call 1');
  const called = 'present raised nobody, call 1';
  assert.equal(again(atMs, 39.5), called);
  assert.equal(again(NOON + 15 * MINUTE_MS, 39.4), called);
  assert.equal(again(atMs, 39.4, lived(owed, 'condition-ended', NOON)), called, 'nobody snoozed');
  const woken = wokenBy(snoozed, NOON + 15 * MINUTE_MS);
  assert.equal(again(atMs, 39.4, woken?.alarm), called, 'the snooze is over');
});

test('what has no value that could be worse calls each time, however it was snoozed', () => {
  const again = (episodeKey: string) => {
    const finding = found(NOON + 2 * MINUTE_MS, 0);
    const rule = { ...finding.rule, key: episodeKey, episodeKey };
    const back = { ...finding, alarmId: `${episodeKey}@${finding.sinceMs}`, rule };
    const before = lived(snoozed, 'condition-ended', NOON + MINUTE_MS);
    return lifeOf(carriedOver(raisedAlarm(back, false), back, before));
  };
  const called = 'present raised nobody, call 1';
  for (const name of ['rhythm/short-ventricular-run', 'composite/heart-failure', 'call/button/b'])
    assert.equal(again(name), called);
  assert.notEqual(again('score/news2'), called);
});
