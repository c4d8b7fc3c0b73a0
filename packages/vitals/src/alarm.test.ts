import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmSubject, isLossOfMonitoring, priorityRank } from './alarm.ts';

const CASES = [
  { key: 'limit/spo2/low/outer', kind: 'limit', vital: 'spo2' },
  { key: 'technical/spo2/out-of-range', kind: 'out-of-range', vital: 'spo2' },
  { key: 'technical/spo2/no-data', kind: 'no-data', vital: 'spo2' },
  { key: 'technical/no-data/monitor-1', kind: 'no-data', deviceId: 'monitor-1' },
  { key: 'call/button/pendant-1', kind: 'call', deviceId: 'pendant-1' },
  { key: 'technical/battery/low', kind: 'limit', vital: 'battery' },
  { key: 'technical/leads-off/monitor-1', kind: 'leads-off', deviceId: 'monitor-1' },
  { key: 'technical/no-data/out-of-range', kind: 'no-data', deviceId: 'out-of-range' },
] as const;

for (const { key, kind, ...about } of CASES) {
  test(`${key} says what it is about`, () => {
    assert.deepEqual(alarmSubject(key), { vital: undefined, deviceId: undefined, kind, ...about });
    assert.equal(isLossOfMonitoring(key), kind === 'no-data' || kind === 'leads-off');
  });
}

test('the most urgent sorts first', () => {
  assert.ok(priorityRank('high') < priorityRank('medium'));
  assert.ok(priorityRank('medium') < priorityRank('low'));
});
