import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import { dataTest } from '../../../tools/test-data.ts';
import { decodeNightscout } from './nightscout.ts';

function decode(documents: unknown) {
  const decoded = decodeNightscout(new TextEncoder().encode(JSON.stringify(documents)));
  assert.ok(decoded.ok);
  return decoded.value;
}

const AT = Date.UTC(2026, 0, 15, 8, 30);

dataTest(
  { dataset: 'home-exports', name: 'a looping app reads its sensor', cases: 2 },
  (directory) => {
    const file = (name: string) => decode(JSON.parse(readFileSync(join(directory, name), 'utf8')));
    const { readings, faults } = file('openaps-glucose.json');
    assert.deepEqual(faults, []);
    assert.deepEqual(readings[0], {
      metric: 'glucose-interstitial',
      unit: 'mg/dL',
      stampMs: 1_527_924_300_000,
      value: 101,
      flags: 0,
    });
    assert.equal(readings.length, 6);
    // A receiver that waits for its calibration writes 5, which is no glucose of anybody.
    const states = file('nightscout-example.json');
    assert.ok(states.readings.every(({ value }) => value > 13));
    assert.ok(states.faults.length > 0);
    assert.ok(states.faults.every(({ fault }) => fault.code === 'VALUE_NOT_FINITE'));
  },
);

const SENSOR = [
  { sgv: 12, value: undefined, flags: 0 },
  { sgv: 13, value: 13, flags: 0 },
  { sgv: 38, value: 38, flags: 0 },
  { sgv: 39, value: 40, flags: FLAG.BELOW },
  { sgv: 40, value: 40, flags: 0 },
  { sgv: '400', value: 400, flags: 0 },
  { sgv: 401, value: 400, flags: FLAG.ABOVE },
  { sgv: 402, value: 402, flags: 0 },
] as const;

for (const { sgv, value, flags } of SENSOR) {
  test(`a sensor's ${sgv} is ${value ?? 'a state'}, flags ${flags}`, () => {
    const [reading] = decode({ type: 'sgv', sgv, date: AT }).readings;
    assert.equal(reading?.value, value);
    if (reading !== undefined) assert.equal(reading.flags, flags);
  });
}

test('a treatment gives insulin, carbohydrates and the finger prick in its own unit', () => {
  const { readings, faults } = decode([
    { eventType: 'Meal Bolus', created_at: '2026-01-15T09:30:00+0100', insulin: 4.5, carbs: '50' },
    { eventType: 'BG Check', mills: AT, glucose: 5.6, glucoseType: 'Finger', units: 'mmol' },
    { eventType: 'BG Check', mills: AT, glucose: 101, glucoseType: 'Sensor', units: 'mg/dl' },
    { type: 'mbg', mbg: 99, date: AT },
    {
      device: 'openaps://pump',
      created_at: '2026-01-15T08:30:00Z',
      pump: { battery: { percent: 60 } },
    },
  ]);
  const said = readings.map(({ metric, value, unit, stampMs }) => [metric, value, unit, stampMs]);
  assert.deepEqual(said, [
    ['insulin-bolus', 4.5, '[iU]', AT],
    ['carbohydrates', 50, 'g', AT],
    ['glucose-capillary', 5.6, 'mmol/L', AT],
    ['glucose-capillary', 99, 'mg/dL', AT],
    ['battery', 60, '%', AT],
  ]);
  assert.deepEqual(
    faults.map(({ index, fault }) => [index, fault.code]),
    [[2, 'METRIC_UNKNOWN']],
  );
});

test('each bad document is a fault at its place', () => {
  const { readings, faults } = decode([
    7,
    { type: 'sgv', sgv: 100 },
    { type: 'sgv', sgv: 100, date: 'yesterday' },
    { type: 'sgv', sgv: {}, date: AT },
    { type: 'cal', slope: 1, date: AT },
  ]);
  assert.equal(readings.length, 0);
  assert.deepEqual(
    faults.map(({ index, fault }) => `${index} ${fault.code}`),
    [
      '0 PAYLOAD_MALFORMED',
      '1 STAMP_INVALID',
      '2 STAMP_INVALID',
      '3 PAYLOAD_MALFORMED',
      '4 METRIC_UNKNOWN',
    ],
  );
  assert.equal(decodeNightscout(new Uint8Array()).ok, false);
});
