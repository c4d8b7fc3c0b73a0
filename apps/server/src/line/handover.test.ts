import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  arrivalOf,
  NOON,
  ORGANISATION,
  seriesSample,
  subjectId,
} from '../../../../tests/support/line.ts';
import type { MovedEntry } from './entry.ts';
import { Evaluator } from './evaluate.ts';
import { handOver } from './handover.ts';
import { Monitoring } from './monitoring.ts';

const HERS = seriesSample({ id: 1, subject: 1 });
const HERS_TOO = seriesSample({ id: 2, subject: 1, device: 'monitor-2' });
const HIS = seriesSample({ id: 3, subject: 2 });

/** A rate of 150 calls after ten seconds. */
function withBreach(...all: readonly (typeof HERS)[]): Evaluator {
  const evaluator = new Evaluator(() => 'adult');
  for (let second = 0; second < 15; second += 1) {
    for (const series of all) {
      evaluator.evaluate(arrivalOf(series, { stampMs: NOON + second * 1000, value: 150 }));
    }
  }
  return evaluator;
}

function moved(span: { fromMs: number; untilMs: number }): MovedEntry {
  const { partition, deviceId } = HERS;
  const who = { subjectId: subjectId(1), toSubjectId: subjectId(2), deviceId };
  const times = { receivedMs: NOON + 20_000, offsetMs: 0, ...span };
  return { kind: 'moved', partition, organisationId: ORGANISATION, id: 'm', ...who, ...times };
}

const EVER = { fromMs: NOON, untilMs: Number.POSITIVE_INFINITY };
const twinOf = () => HIS;

test('an alarm by what was another’s ends, and says why', () => {
  const [ended, ...more] = handOver(withBreach(HERS), moved(EVER), twinOf);
  assert.deepEqual(ended?.kind === 'ended' && [ended.because, ended.alarmId], [
    'moved',
    `limit/heart-rate/high@${NOON}`,
  ]);
  assert.deepEqual(more, []);
});

test('what another device holds as well goes on', () => {
  assert.deepEqual(handOver(withBreach(HERS, HERS_TOO), moved(EVER), twinOf), []);
});

test('what was measured before and after the span goes on', () => {
  for (const span of [
    { fromMs: NOON - 60_000, untilMs: NOON + 14_000 },
    { fromMs: NOON + 14_001, untilMs: NOON + 60_000 },
  ]) {
    assert.deepEqual(handOver(withBreach(HERS), moved(span), twinOf), []);
  }
});

test('a delay that was running by what was another’s does not run out', () => {
  const evaluator = new Evaluator(() => 'adult');
  evaluator.evaluate(arrivalOf(HERS, { stampMs: NOON, value: 150 }));
  assert.deepEqual(handOver(evaluator, moved(EVER), twinOf), []);
  assert.deepEqual(evaluator.silences(NOON + 3_600_000), []);
});

test('the same move twice is one; of a subject that nothing is known of it is none', () => {
  const evaluator = withBreach(HERS);
  handOver(evaluator, moved(EVER), twinOf);
  assert.deepEqual(handOver(evaluator, moved(EVER), twinOf), []);
  assert.deepEqual(handOver(new Evaluator(() => 'adult'), moved(EVER), twinOf), []);
});

test('a device that is silent as it is handed over is missed for whose it is, and for nobody else', () => {
  const evaluator = withBreach(HERS);
  handOver(evaluator, moved(EVER), twinOf);
  const monitoring = new Monitoring(({ subjectId: id }) => id === subjectId(2));
  monitoring.startListening(NOON);
  const said: string[] = [];
  for (let second = 15; second < 40; second += 1) {
    for (const finding of monitoring.look(evaluator.subjects(), NOON + second * 1000)) {
      said.push(`${finding.kind} ${finding.series.subjectId.slice(-1)} ${finding.alarmId}`);
    }
  }
  assert.deepEqual(said, [`raised 2 technical/no-data/monitor-1@${NOON + 14_000}`]);
});

test('what a device has said of its leads goes along', () => {
  const evaluator = withBreach(HERS);
  const { organisationId, deviceId, partition } = HERS;
  const event = { kind: 'leads-off', stampMs: NOON + 10_000, flags: 0 } as const;
  const place = { organisationId, subjectId: subjectId(1), deviceId, partition };
  const times = { receivedMs: NOON + 10_000, offsetMs: 0, id: 'e' };
  evaluator.watchEvent({ kind: 'event', ...place, ...times, event });
  handOver(evaluator, moved(EVER), twinOf);
  assert.equal(evaluator.subject(subjectId(1))?.leads.size, 0);
  assert.equal(evaluator.subject(subjectId(2))?.leads.get(deviceId)?.isOff, true);
});
