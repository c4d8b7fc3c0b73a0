import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmSample } from '../../../../tests/support/alarm-sample.ts';
import { answerText, calledAgainText, ownerText } from './answer-words.ts';

const fromMs = new Date(2026, 10, 21, 14, 15).getTime();
const untilMs = new Date(2026, 10, 21, 14, 30).getTime();
const snooze = { fromMs, untilMs, extremeValue: 39.4, reason: 'paracetamol given' };
const seen = { episode: 'acknowledged', acknowledgedBy: 'K. Duarte' } as const;

test('an answer names who gave it, and a snooze until when and why', () => {
  assert.equal(answerText(alarmSample()), undefined);
  assert.equal(answerText(alarmSample(seen)), 'acknowledged by K. Duarte');
  assert.equal(
    answerText(alarmSample({ ...seen, snooze })),
    'snoozed until 14:30 by K. Duarte: paracetamol given',
  );
  assert.equal(
    answerText(alarmSample({ ...seen, acknowledgedBy: null })),
    'acknowledged by somebody',
  );
});

test('an alarm whose snooze has ended says that it calls again, until somebody answers', () => {
  assert.equal(calledAgainText(alarmSample()), undefined);
  const again = { calledAgainMs: untilMs };
  assert.equal(calledAgainText(alarmSample(again)), 'calls again since 14:30');
  assert.equal(calledAgainText(alarmSample({ ...again, ...seen })), undefined);
});

test('a tile does not show a snooze as if it had been acknowledged', () => {
  assert.equal(ownerText(alarmSample()), undefined);
  assert.equal(ownerText(alarmSample(seen)), 'K. Duarte');
  assert.equal(ownerText(alarmSample({ ...seen, snooze })), 'snoozed until 14:30, K. Duarte');
});
