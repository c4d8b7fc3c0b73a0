import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { type AlarmEvent, afterEvent, afterRise, isOwed, raise } from './alarm-life.ts';

function live(priority: AlarmPriority, ...events: AlarmEvent[]): string {
  const life = events.reduce(afterEvent, raise(priority));
  return `${life.condition}, ${life.episode}${isOwed(life) ? ', owed' : ''}`;
}

for (const priority of ['high', 'medium'] as const) {
  test(`a ${priority} alarm whose condition has ended is still owed until a person acknowledges`, () => {
    assert.equal(live(priority), 'present, raised, owed');
    assert.equal(live(priority, 'condition-ended'), 'absent, raised, owed');
    assert.equal(live(priority, 'condition-ended', 'acknowledged'), 'absent, resolved');
  });

  test(`an acknowledged ${priority} alarm lasts as long as its condition`, () => {
    assert.equal(live(priority, 'acknowledged'), 'present, acknowledged');
    assert.equal(live(priority, 'acknowledged', 'condition-ended'), 'absent, resolved');
  });

  test(`a ${priority} condition that returns unseen is the same alarm, still owed`, () => {
    const returned: AlarmEvent[] = ['condition-ended', 'condition-returned'];
    assert.equal(live(priority, ...returned), 'present, raised, owed');
    assert.equal(live(priority, ...returned, 'acknowledged'), 'present, acknowledged');
  });

  test(`a resolved ${priority} alarm stays so`, () => {
    const resolved: AlarmEvent[] = ['acknowledged', 'condition-ended'];
    for (const event of ['condition-ended', 'condition-returned', 'acknowledged'] as const) {
      assert.equal(live(priority, ...resolved, event), 'absent, resolved');
    }
  });
}

test('a condition whose data have stopped is unknown: neither over nor settled by an answer', () => {
  assert.equal(live('high', 'condition-lost'), 'unknown, raised, owed');
  assert.equal(live('high', 'condition-lost', 'acknowledged'), 'unknown, acknowledged');
  assert.equal(live('high', 'condition-lost', 'condition-returned'), 'present, raised, owed');
  assert.equal(live('high', 'condition-lost', 'condition-ended'), 'absent, raised, owed');
  assert.equal(live('low', 'condition-lost'), 'unknown, raised');
  assert.equal(live('high', 'condition-ended', 'condition-lost'), 'absent, raised, owed');
});

test('a low alarm ends with its condition, seen or not, and is owed to nobody', () => {
  assert.equal(live('low'), 'present, raised');
  assert.equal(live('low', 'acknowledged'), 'present, acknowledged');
  assert.equal(live('low', 'condition-ended'), 'absent, resolved');
  assert.equal(live('low', 'acknowledged', 'condition-ended'), 'absent, resolved');
});

test('an event that comes twice changes nothing', () => {
  assert.equal(live('high', 'acknowledged', 'acknowledged'), 'present, acknowledged');
  const ended = afterEvent(raise('high'), 'condition-ended');
  assert.equal(afterEvent(ended, 'condition-ended'), ended);
  const present = raise('high');
  assert.equal(afterEvent(present, 'condition-returned'), present);
});

test('an alarm that rises after it was acknowledged calls again; a priority never falls', () => {
  const seen = afterEvent(raise('medium'), 'acknowledged');
  const risen = afterRise(seen, 'high');
  assert.deepEqual(risen, { priority: 'high', condition: 'present', episode: 'raised' });
  assert.equal(afterRise(risen, 'medium'), risen);
  assert.equal(afterRise(risen, 'high'), risen);
  const over = afterEvent(seen, 'condition-ended');
  assert.equal(afterRise(over, 'high'), over);
});
