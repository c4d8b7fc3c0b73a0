import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { type AlarmEvent, afterEvent, raise } from './alarm-life.ts';

function live(priority: AlarmPriority, ...events: AlarmEvent[]): string {
  const life = events.reduce(afterEvent, raise(priority));
  return `${life.condition}, ${life.episode}`;
}

for (const priority of ['high', 'medium'] as const) {
  test(`a ${priority} alarm whose condition has ended is still owed until a person acknowledges`, () => {
    assert.equal(live(priority), 'present, raised');
    assert.equal(live(priority, 'condition-ended'), 'absent, raised');
    assert.equal(live(priority, 'condition-ended', 'acknowledged'), 'absent, resolved');
  });

  test(`an acknowledged ${priority} alarm lasts as long as its condition`, () => {
    assert.equal(live(priority, 'acknowledged'), 'present, acknowledged');
    assert.equal(live(priority, 'acknowledged', 'condition-ended'), 'absent, resolved');
  });
}

test('a low alarm ends with its condition, seen or not', () => {
  assert.equal(live('low', 'condition-ended'), 'absent, resolved');
});

test('an event that comes twice changes nothing', () => {
  assert.equal(live('high', 'acknowledged', 'acknowledged'), 'present, acknowledged');
  const ended = afterEvent(raise('high'), 'condition-ended');
  assert.equal(afterEvent(ended, 'condition-ended'), ended);
});
