import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alarmSample } from '../../../../tests/support/alarm-sample.ts';
import {
  alarmText,
  briefText,
  detailText,
  extremeText,
  isTechnical,
  spanText,
  spokenText,
  tinyText,
} from './alarm-text.ts';

const RAISED = alarmSample();

const SPO2 = alarmSample({
  ruleKey: 'limit/spo2/low',
  metric: 'spo2',
  direction: 'low',
  unit: '%',
});
const OUT_OF_RANGE = alarmSample({
  ruleKey: 'technical/heart-rate/out-of-range',
  limit: 350,
  openingValue: 999,
  extremeValue: 1_200,
});
const NO_DATA = alarmSample({ ruleKey: 'technical/no-data/patch-1', metric: '', unit: '' });

const LINES = [
  { of: RAISED, shown: 'HR ≥ 120/min', value: 'highest 134' },
  {
    of: { ...SPO2, limit: 88, extremeValue: 82.5 },
    shown: 'SpO₂ ≤ 88 %',
    value: 'lowest 82.5',
  },
  { of: OUT_OF_RANGE, shown: 'HR out of range, check patient', value: 'was 999/min' },
  {
    of: alarmSample({
      ruleKey: 'technical/ambient-temperature/out-of-range',
      metric: 'ambient-temperature',
      unit: 'Cel',
      openingValue: -120,
    }),
    shown: 'Ambient temperature out of range, check device',
    value: 'was −120 °C',
  },
  {
    of: alarmSample({ ruleKey: 'score/news2', metric: 'score', unit: '', extremeValue: 7 }),
    shown: 'NEWS2 7',
    value: undefined,
  },
  {
    of: alarmSample({
      ruleKey: 'trend/weight/high',
      metric: 'weight',
      unit: 'kg',
      limit: 2,
      extremeValue: 2.4,
    }),
    shown: 'Body weight rising',
    value: 'by 2.4 kg',
  },
  {
    of: alarmSample({ ruleKey: 'overdue/weight', metric: 'weight', unit: 'kg' }),
    shown: 'Body weight overdue',
    value: undefined,
  },
  {
    of: alarmSample({
      ruleKey: 'technical/battery/low',
      metric: 'battery',
      direction: 'low',
      limit: 5,
      unit: '%',
      extremeValue: 3,
    }),
    shown: 'Battery ≤ 5 %',
    value: 'lowest 3',
  },
  { of: NO_DATA, shown: 'No data from patch-1: not monitored', value: undefined },
  {
    of: { ...NO_DATA, ruleKey: 'technical/no-data' },
    shown: 'No data: not monitored',
    value: undefined,
  },
  {
    of: { ...SPO2, ruleKey: 'technical/spo2/no-data' },
    shown: 'No SpO₂ data: not monitored',
    value: undefined,
  },
  {
    of: { ...NO_DATA, ruleKey: 'technical/ecg/no-data', metric: 'ecg-ii' },
    shown: 'No ECG data: not monitored',
    value: undefined,
  },
  {
    of: { ...NO_DATA, ruleKey: 'technical/leads-off/patch-1', metric: 'heart-rate' },
    shown: 'Leads off, check patient',
    value: undefined,
  },
  {
    of: { ...NO_DATA, ruleKey: 'technical/leads-off/patch-1', condition: 'absent' },
    shown: 'Leads off',
    value: undefined,
  },
  {
    of: { ...NO_DATA, ruleKey: 'call/button/pendant-1' },
    shown: 'Help button pressed',
    value: undefined,
  },
  {
    of: { ...NO_DATA, ruleKey: 'call/whistle/pendant-1' },
    shown: 'Call, whistle, pendant 1',
    value: undefined,
  },
  {
    of: { ...NO_DATA, ruleKey: 'technical/sensor-wet' },
    shown: 'Sensor wet',
    value: undefined,
  },
  {
    of: { ...RAISED, ruleKey: 'rhythm/extreme-bradycardia' },
    shown: 'Rhythm, extreme bradycardia',
    value: undefined,
  },
  { of: { ...NO_DATA, ruleKey: '' }, shown: 'Alarm', value: undefined },
] as const;

for (const { of, shown, value } of LINES) {
  test(`the rule "${of.ruleKey}" is told as "${shown}"`, () => {
    assert.equal(alarmText(of), shown);
    assert.equal(extremeText(of), value);
  });
}

test('why an alarm is over is told where no reading has said so, and that its readings were moved', () => {
  const over = { ...NO_DATA, condition: 'absent', conditionEndedMs: 61_000 } as const;
  const takenOff = detailText({ ...over, endedBecause: 'taken-off' }, 99_000);
  assert.equal(takenOff, 'was, 1 min, device taken off');
  const moved = detailText({ ...over, endedBecause: 'moved', movedMs: 61_000 }, 99_000);
  assert.equal(moved, 'was, 1 min, readings were moved to another record');
  const handedOn = detailText({ ...over, endedBecause: 'moved' }, 99_000);
  assert.equal(handedOn, 'was, 1 min, what followed is in another record');
});

test('a rule that nobody foresaw still has a line', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (ruleKey, metric) => {
      const unforeseen = alarmSample({ ruleKey, metric });
      assert.match(alarmText(unforeseen), /\S/);
      assert.ok(!/undefined|NaN/.test(detailText(unforeseen, 9_000)));
    }),
  );
});

test('a tile leaves out the name of the device, the smallest also what follows', () => {
  assert.equal(briefText(NO_DATA), 'No data: not monitored');
  assert.equal(tinyText(NO_DATA), 'No data');
  assert.equal(briefText(OUT_OF_RANGE), alarmText(OUT_OF_RANGE));
  assert.equal(briefText(RAISED), alarmText(RAISED));
});

test('who is monitored again is not called unmonitored', () => {
  const over = { ...NO_DATA, condition: 'absent' } as const;
  assert.equal(alarmText(over), 'No data from patch-1');
  assert.equal(briefText(over), 'No data');
});

test('a band says for how long, and a latched alarm that it was', () => {
  assert.equal(spanText(RAISED, 49_000), '48 s');
  const latched = alarmSample({ condition: 'absent', conditionEndedMs: 41_000 });
  assert.equal(spanText(latched, 99_000), 'was, 40 s');
});

test('an alarm whose data have stopped is called neither present nor over', () => {
  const again = alarmSample({ returnedMs: 40_000 });
  assert.equal(spanText(again, 49_000), 'on and off for 48 s');
  const over = { ...again, condition: 'absent', conditionEndedMs: 45_000 } as const;
  assert.equal(spanText(over, 49_000), 'was, on and off for 44 s');
  const late = alarmSample({ condition: 'absent', openedMs: 1_000, conditionEndedMs: 1_000 });
  assert.equal(spanText(late, 1_000 + 40 * 60_000), 'happened 40 min ago');
  const charted = { ...late, isWritten: true } as const;
  assert.equal(spanText(charted, 1_000 + 40 * 60_000), 'charted, 40 min ago');
  assert.equal(spanText(alarmSample({ condition: 'unknown' }), 49_000), 'now unknown, 48 s');
});

test('the detail says the value, how long, and what is not yet safe', () => {
  assert.equal(detailText(RAISED, 49_000), 'highest 134, 48 s');
  assert.equal(detailText({ ...NO_DATA, notYetStored: true }, 13_000), '12 s, not yet stored');
});

test('a screen reader hears words where the screen shows a sign', () => {
  assert.equal(
    spokenText({ ...SPO2, limit: 91, extremeValue: 91 }, 'bed 5, Rivera'),
    'medium alarm, bed 5, Rivera: SpO₂ at or below 91 %, lowest 91',
  );
  assert.match(spokenText(RAISED, 'bed 5'), /HR at or above 120\/min/);
  assert.equal(
    spokenText(NO_DATA, 'bed 5'),
    'medium technical alarm, bed 5: No data from patch-1: not monitored',
  );
});

test('only what is about the measuring is a technical alarm', () => {
  assert.ok(isTechnical(OUT_OF_RANGE));
  assert.ok(isTechnical(NO_DATA));
  assert.ok(!isTechnical(RAISED));
});
