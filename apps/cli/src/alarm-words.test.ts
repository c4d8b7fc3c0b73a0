import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import { alarmWords } from './alarm-words.ts';

const BELOW: AlarmView = {
  id: 'a',
  subjectId: 'bed-5',
  ruleKey: 'limit/spo2/low',
  metric: 'spo2',
  priority: 'high',
  condition: 'present',
  episode: 'raised',
  direction: 'low',
  limit: 80,
  unit: '%',
  openingValue: 75,
  extremeValue: 70,
  openedMs: 0,
  raisedMs: 0,
  conditionEndedMs: null,
  acknowledgedMs: null,
  acknowledgedBy: null,
  notYetStored: false,
};

const CASES = [
  [{}, 'spo2 75 %, limit ≤ 80'],
  [{ isWritten: true }, 'spo2 75 %, limit ≤ 80; charted'],
  [{ direction: 'high', limit: 100 }, 'spo2 75 %, limit ≥ 100'],
  [
    { ruleKey: 'technical/spo2/out-of-range', openingValue: 142 },
    'spo2 142 % out of range, check patient',
  ],
  [
    {
      ruleKey: 'technical/ambient-temperature/out-of-range',
      metric: 'ambient-temperature',
      unit: 'Cel',
      openingValue: -120,
    },
    'ambient-temperature -120 Cel out of range, check device',
  ],
  [
    { ruleKey: 'technical/battery/low', metric: 'battery', openingValue: 4, limit: 5 },
    'battery 4 %, limit ≤ 5',
  ],
  [{ ruleKey: 'technical/no-data/patch-1' }, 'no data from patch-1: not monitored'],
  [{ ruleKey: 'technical/no-data/patch-1', condition: 'absent' }, 'no data from patch-1'],
  [{ ruleKey: 'technical/spo2/no-data' }, 'no spo2 data: not monitored'],
  [{ ruleKey: 'technical/no-data' }, 'no data: not monitored'],
  [{ ruleKey: 'technical/leads-off/patch-1' }, 'leads off of patch-1, check patient'],
  [{ ruleKey: 'technical/leads-off/patch-1', condition: 'absent' }, 'leads off of patch-1'],
  [{ ruleKey: 'rhythm/asystole' }, 'rhythm/asystole spo2'],
  [{ ruleKey: '', metric: '' }, 'alarm'],
] as const;

for (const [changes, words] of CASES) {
  test(`an alarm reads "${words}"`, () =>
    assert.equal(alarmWords({ ...BELOW, ...changes }), words));
}
