import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmSample } from '../../../../tests/support/alarm-sample.ts';
import { countByPriority, orderAlarms } from './alarm-order.ts';
import {
  AUDIO_PAUSE_MS_MAX,
  DEGRADED,
  isSounding,
  keepPauses,
  NO_PAUSES,
  newHighSubjects,
  pauseAudio,
  resumeAudio,
  soundingPriority,
  stationPriority,
} from './sound-state.ts';

const NOBODY_NEW: ReadonlySet<string> = new Set();

test('the higher priority wins, even when it is acknowledged', () => {
  const ordered = orderAlarms([
    alarmSample({ id: 'low', priority: 'low' }),
    alarmSample({ id: 'medium', priority: 'medium' }),
    alarmSample({ id: 'high', priority: 'high', episode: 'acknowledged' }),
    alarmSample({ id: 'gone', priority: 'high', episode: 'resolved' }),
  ]);
  assert.deepEqual(
    ordered.map(({ id }) => id),
    ['high', 'medium', 'low'],
  );
});

test('of one priority what nobody has acknowledged comes first, then the newest', () => {
  const ordered = orderAlarms([
    alarmSample({ id: 'seen', episode: 'acknowledged', raisedMs: 99_000 }),
    alarmSample({ id: 'old', raisedMs: 1_000 }),
    alarmSample({ id: 'new', raisedMs: 2_000 }),
  ]);
  assert.deepEqual(
    ordered.map(({ id }) => id),
    ['new', 'old', 'seen'],
  );
});

test('what is so now comes before what is unknown and what is over', () => {
  const ordered = orderAlarms([
    alarmSample({ id: 'over', condition: 'absent', raisedMs: 3_000 }),
    alarmSample({ id: 'unknown', condition: 'unknown', raisedMs: 2_000 }),
    alarmSample({ id: 'now', raisedMs: 1_000 }),
  ]);
  assert.deepEqual(
    ordered.map(({ id }) => id),
    ['now', 'unknown', 'over'],
  );
});

test('the counter leaves out what is resolved', () => {
  const counts = countByPriority([
    alarmSample({}),
    alarmSample({ priority: 'high', episode: 'resolved' }),
  ]);
  assert.deepEqual(counts, { high: 0, medium: 1, low: 0 });
});

test('a pause silences one bed for two minutes and no other', () => {
  const pauses = pauseAudio(NO_PAUSES, { subjectId: 'bed-5', nowMs: 1_000 });
  assert.equal(isSounding(alarmSample({}), pauses), false);
  assert.equal(isSounding(alarmSample({ subjectId: 'bed-6' }), pauses), true);
  assert.equal(pauses.get('bed-5'), 1_000 + AUDIO_PAUSE_MS_MAX);
});

test('the sound comes back by itself, not a moment early', () => {
  const pauses = pauseAudio(NO_PAUSES, { subjectId: 'bed-5', nowMs: 0 });
  const lastMs = AUDIO_PAUSE_MS_MAX - 1;
  assert.equal(keepPauses(pauses, { nowMs: lastMs, newHighSubjects: NOBODY_NEW }).size, 1);
  assert.equal(keepPauses(pauses, { nowMs: lastMs + 1, newHighSubjects: NOBODY_NEW }).size, 0);
});

test('a new high alarm breaks the pause of its bed', () => {
  const pauses = pauseAudio(NO_PAUSES, { subjectId: 'bed-5', nowMs: 0 });
  const high = alarmSample({ id: 'b', priority: 'high' });
  const first = newHighSubjects(NOBODY_NEW, [high]);
  assert.equal(keepPauses(pauses, { nowMs: 1, newHighSubjects: first.subjects }).size, 0);
  const again = newHighSubjects(first.seen, [high]);
  assert.equal(keepPauses(pauses, { nowMs: 1, newHighSubjects: again.subjects }).size, 1);
});

test('a pause can be ended by hand', () => {
  const pauses = pauseAudio(NO_PAUSES, { subjectId: 'bed-5', nowMs: 0 });
  assert.equal(resumeAudio(pauses, 'bed-5').size, 0);
});

test('the loudspeaker follows the highest alarm that nobody has acknowledged', () => {
  const alarms = [
    alarmSample({ priority: 'low' }),
    alarmSample({ id: 'b', priority: 'high', episode: 'acknowledged' }),
  ];
  assert.equal(soundingPriority(alarms, NO_PAUSES), 'low');
  assert.equal(soundingPriority([], NO_PAUSES), undefined);
});

test('ten seconds without a frame are a loss of monitoring', () => {
  const station = { isDegraded: false, pauses: NO_PAUSES };
  assert.equal(stationPriority({ ...station, quietMs: 10_000 }), undefined);
  assert.equal(stationPriority({ ...station, quietMs: 10_001 }), 'medium');
});

test('degraded monitoring is high, and may be paused like a bed', () => {
  const station = { isDegraded: true, quietMs: 0 };
  assert.equal(stationPriority({ ...station, pauses: NO_PAUSES }), 'high');
  const pauses = pauseAudio(NO_PAUSES, { subjectId: DEGRADED, nowMs: 0 });
  assert.equal(stationPriority({ ...station, pauses }), undefined);
  assert.equal(stationPriority({ ...station, quietMs: 10_001, pauses }), 'medium');
});

test('two beds may share the id of an alarm: the second one is new all the same', () => {
  const first = newHighSubjects(NOBODY_NEW, [alarmSample({ priority: 'high' })]);
  const both = [
    alarmSample({ priority: 'high' }),
    alarmSample({ priority: 'high', subjectId: 'bed-6' }),
  ];
  assert.deepEqual([...newHighSubjects(first.seen, both).subjects], ['bed-6']);
});
