import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubjectId } from '@ausculta/vitals/identity';
import { r4 } from '../../../tests/support/fhir.ts';
import { alarmFlagId, type FlaggedAlarm, parseAlarmFlagId, toAlarmFlag } from './alarm-flag.ts';
import { isError, validate } from './validation.ts';

const OPENED_MS = Date.UTC(2026, 10, 22, 14);

const alarm = (more: Partial<FlaggedAlarm>): FlaggedAlarm => ({
  subjectId: '01994c1e-7c1b-7000-8000-000000000001' as SubjectId,
  alarmId: 'limit/spo2/low@1',
  ...{ ruleKey: 'limit/spo2/low', metric: 'spo2', priority: 'high' },
  ...{ condition: 'present', episode: 'raised', openedMs: OPENED_MS, endedMs: null },
  ...more,
});

const CASES = [
  { condition: 'present', endedMs: null, end: undefined },
  { condition: 'unknown', endedMs: OPENED_MS + 1_000, end: undefined },
  { condition: 'absent', endedMs: OPENED_MS + 1_000, end: '2026-11-22T14:00:01.000Z' },
] as const;

for (const { condition, endedMs, end } of CASES) {
  test(`a condition that is ${condition} is told so, and ${end ? 'has' : 'has no'} end`, () => {
    const flag = toAlarmFlag(alarm({ condition, endedMs }));
    assert.deepEqual(validate(r4(), flag).filter(isError), []);
    const codes = flag.category?.flatMap(({ coding = [] }) => coding);
    assert.deepEqual(
      codes?.map(({ system, code }) => [system, code]),
      [
        ['urn:ausculta:alarm-episode', 'raised'],
        ['urn:ausculta:alarm-condition', condition],
      ],
    );
    assert.equal(flag.period?.end, end);
    assert.equal(flag.status, 'active');
  });
}

test('an alarm has one id, which says whose it is and since when', () => {
  const own = alarm({});
  const id = alarmFlagId(own);
  assert.ok(id.length <= 64);
  const { subjectId, openedMs } = parseAlarmFlagId(id) ?? {};
  assert.deepEqual([subjectId, openedMs], [own.subjectId, OPENED_MS]);
  assert.equal(parseAlarmFlagId(id.replace('.', '.0')), undefined);
  assert.notEqual(alarmFlagId({ ...own, alarmId: 'another' }), id);
});
