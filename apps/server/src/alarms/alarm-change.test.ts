import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import { ADULT_LIMITS } from '@ausculta/rules/adult-limits';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { NOON, seriesSample } from '../../../../tests/support/line.ts';
import { lived, type RaisedFinding, raisedAlarm, returned, withView } from './alarm-change.ts';
import type { StoredAlarm } from './alarm-row.ts';

const RATE = seriesSample({ id: 1 });
const RULE = ADULT_LIMITS.find(({ vital, direction }) => {
  return vital === 'heart-rate' && direction === 'high';
});

function found(kind: RaisedFinding['kind'], priority: AlarmPriority): RaisedFinding {
  assert.ok(RULE !== undefined);
  const told = { alarmId: `${RULE.episodeKey}@${NOON}`, series: RATE, rule: RULE, priority };
  return { kind, ...told, sinceMs: NOON, openingValue: 150, value: 150, atMs: NOON };
}

const medium = raisedAlarm(found('raised', 'medium'), false);
const seen = lived(medium, 'acknowledged', NOON);
const answered = withView(seen, { acknowledgedMs: NOON, acknowledgedBy: 'Nurse' });
const lost = lived(answered, 'condition-lost', NOON);

const lifeOf = ({ priority, episode, acknowledgedBy }: AlarmView) => {
  return `${priority} ${episode} ${acknowledgedBy ?? 'nobody'}`;
};

for (const kind of ['raised', 'passed'] as const) {
  for (const [name, alarm] of Object.entries({ answered, lost })) {
    test(`what was ${name} calls again when it comes back greater, ${kind}`, () => {
      assert.equal(lifeOf(returned(alarm, found(kind, 'high')).view), 'high raised nobody');
      assert.equal(
        lifeOf(returned(alarm, found(kind, 'medium')).view),
        'medium acknowledged Nurse',
      );
      assert.equal(lifeOf(returned(alarm, found(kind, 'low')).view), 'medium acknowledged Nurse');
    });
  }
}

test('what comes back is present again; what happened in the past says nothing of now', () => {
  assert.equal(returned(lost, found('raised', 'medium')).view.condition, 'present');
  assert.equal(returned(lost, found('passed', 'high')).view.condition, 'unknown');
});

test('what was high and came too late is shown as medium, and called for as high', () => {
  const minute = 60_000;
  const late = { ...found('passed', 'high'), atMs: NOON + 5 * minute + 1 };
  const shown = ({ view, isLateHigh }: StoredAlarm) => `${view.priority} ${isLateHigh}`;
  assert.equal(shown(raisedAlarm(late, false)), 'medium true');
  assert.equal(shown(raisedAlarm({ ...late, atMs: NOON + 5 * minute }, false)), 'high false');
  assert.equal(shown(raisedAlarm({ ...late, priority: 'medium' }, false)), 'medium false');
});

test('what somebody wrote is said to be that, until a device has measured it', () => {
  const written = { ...found('passed', 'medium'), isWritten: true } as const;
  const alarm = raisedAlarm(written, false);
  assert.equal(alarm.view.isWritten, true);
  assert.equal(returned(alarm, written).view.isWritten, true);
  for (const kind of ['raised', 'passed'] as const)
    assert.equal(returned(alarm, found(kind, 'medium')).view.isWritten, undefined);
  assert.equal(returned(medium, written).view.isWritten, undefined);
});
