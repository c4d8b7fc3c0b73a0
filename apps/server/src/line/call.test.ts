import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventKind } from '@ausculta/vitals/event';
import { NOON, seriesSample } from '../../../../tests/support/line.ts';
import { callOf } from './call.ts';

const { organisationId, subjectId, deviceId, partition } = seriesSample({ id: 1 });

function call(kind: EventKind, { stampMs, offsetMs = 0 }: { stampMs?: number; offsetMs?: number }) {
  const event = stampMs === undefined ? { kind, flags: 0 } : { kind, flags: 0, stampMs };
  const place = { organisationId, subjectId, deviceId, partition, offsetMs };
  return callOf({ kind: 'event', ...place, receivedMs: NOON, id: 'e', event });
}

test('a help button and a fall call, and nothing else does', () => {
  for (const kind of ['button', 'fall'] as const) {
    const found = call(kind, {});
    assert.ok(found?.kind === 'passed');
    assert.equal(found.alarmId, `call/${kind}/monitor-1@${NOON}`);
    assert.equal(found.priority, 'high');
  }
  for (const kind of ['dose-taken', 'door-crossed', 'leads-off', 'leads-on'] as const) {
    assert.equal(call(kind, {}), undefined);
  }
});

test('it is named by its time: the device\u2019s by its clock, never later than its receipt', () => {
  const at = (stamp: { stampMs?: number; offsetMs?: number }) => {
    const found = call('fall', stamp);
    return found?.kind === 'passed' ? found.sinceMs - NOON : undefined;
  };
  assert.equal(at({ stampMs: NOON - 2_400_000 }), -2_400_000);
  assert.equal(at({ stampMs: NOON - 10_800_000, offsetMs: 10_799_000 }), -1_000);
  assert.equal(at({ stampMs: NOON + 60_000 }), 0);
});
