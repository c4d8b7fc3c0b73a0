import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import { decodeClarityCsv } from './clarity-csv.ts';
import { csvRows } from './csv.ts';

const HEAD =
  'Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Device Info,Source Device ID,Glucose Value (mg/dL),Insulin Value (u),Carb Value (grams),Duration (hh:mm:ss),Glucose Rate of Change (mg/dL/min),Transmitter Time (Long Integer)';

function decode(rows: readonly string[], context = {}, head = HEAD) {
  const text = `\ufeff${[head, ...rows].join('\r\n')}\r\n`;
  const decoded = decodeClarityCsv(new TextEncoder().encode(text), context);
  assert.ok(decoded.ok);
  return decoded.value;
}

test('an export gives glucose, calibrations, insulin and carbohydrates, and names nobody', () => {
  const { readings, faults } = decode([
    '1,,FirstName,,"Doe, ""J""",,,,,,,,',
    '2,,Device,,,Dexcom G6 Mobile App,,,,,,,',
    '3,,Alert,Urgent Low,,,iPhone,55,,,,1.0,',
    '4,2026-01-15T08:30:00,EGV,,,,iPhone,101,,,,0.5,11',
    '5,2026-01-15 08:35:00,EGV,,,,iPhone,Low,,,,,',
    '6,2026-01-15T08:40:00,EGV,,,,iPhone,High,,,,,',
    '7,2026-01-15T08:41:00,Calibration,,,,iPhone,98,,,,,',
    '8,2026-01-15T08:42:00,Carbs,,,,iPhone,,,45,,,',
    '9,2026-01-15T08:43:00,Insulin,Fast-Acting,,,iPhone,,3.5,,,,',
    '10,2026-01-15T08:44:00,Insulin,Long-Acting,,,iPhone,,12,,,,',
    '11,2026-01-15T08:45:00,EGV,,,,iPhone,?,,,,,',
    '12,08:45,EGV,,,,iPhone,99,,,,,',
  ]);
  const at = Date.UTC(2026, 0, 15, 8, 30);
  assert.deepEqual(
    readings.map(({ metric, value, stampMs, flags }) => [
      metric,
      value,
      (stampMs ?? 0) - at,
      flags,
    ]),
    [
      ['glucose-interstitial', 101, 0, 0],
      ['glucose-interstitial', 40, 300_000, FLAG.BELOW],
      ['glucose-interstitial', 400, 600_000, FLAG.ABOVE],
      ['glucose-capillary', 98, 660_000, 0],
      ['carbohydrates', 45, 720_000, 0],
      ['insulin-bolus', 3.5, 780_000, 0],
    ],
  );
  assert.deepEqual(
    faults.map(({ index, fault }) => `${index} ${fault.code}`),
    ['6 METRIC_UNKNOWN', '7 PAYLOAD_MALFORMED', '8 STAMP_INVALID'],
  );
});

test('in mmol/L, separated by semicolons, where the person lives east of Greenwich', () => {
  const head = HEAD.replaceAll(',', ';').replace('mg/dL)', 'mmol/L)');
  const row = '4;2026-01-15T08:30:00;EGV;;;;iPhone;5.6;;;;;';
  const { readings } = decode([row], { utcOffsetMinutes: 60 }, head);
  assert.deepEqual(readings, [
    {
      metric: 'glucose-interstitial',
      unit: 'mmol/L',
      stampMs: Date.UTC(2026, 0, 15, 7, 30),
      value: 5.6,
      flags: 0,
    },
  ]);
});

for (const text of ['', 'a,b\n1,2', '\xff']) {
  test(`${JSON.stringify(text)} is no export of Clarity`, () => {
    assert.equal(decodeClarityCsv(Uint8Array.from(Buffer.from(text, 'latin1'))).ok, false);
  });
}

const ROWS = [
  {
    text: 'a,b\nc,',
    rows: [
      ['a', 'b'],
      ['c', ''],
    ],
  },
  { text: '"a""b","c\nd"\r\n\r\ne', rows: [['a"b', 'c\nd'], ['e']] },
  { text: '"unfinished', rows: [['unfinished']] },
  { text: 'a\tb', rows: [['a', 'b']] },
  { text: ',', rows: [['', '']] },
];

for (const { text, rows } of ROWS) {
  test(`${JSON.stringify(text)} is ${JSON.stringify(rows)}`, () => {
    assert.deepEqual([...csvRows(text)], rows);
  });
}
