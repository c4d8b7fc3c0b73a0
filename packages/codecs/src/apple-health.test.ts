import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataTest } from '../../../tools/test-data.ts';
import { decodeAppleHealth } from './apple-health.ts';

function decode(text: string) {
  const decoded = decodeAppleHealth(new TextEncoder().encode(text));
  if (!decoded.ok) assert.fail(decoded.fault.detail);
  return decoded.value;
}

dataTest({ dataset: 'home-exports', name: "a watch's export is read" }, (directory) => {
  const text = readFileSync(join(directory, 'apple-health-export.xml'), 'utf8');
  const { readings, faults } = decode(text);
  const said = readings.map(({ metric, value, unit }) => [metric, value, unit]);
  assert.deepEqual(said.slice(0, 4), [
    ['heart-rate', 74, '/min'],
    ['heart-rate', 75, '/min'],
    ['energy-expended', 0.12, 'kcal'],
    ['energy-expended', 0.08, 'kcal'],
  ]);
  assert.equal(readings[0]?.stampMs, Date.UTC(2023, 11, 31, 23, 1, 36));
  assert.deepEqual(new Set(faults.map(({ fault }) => fault.code)), new Set(['METRIC_UNKNOWN']));
});

const END = 'startDate="2026-01-15 08:29:00 +0100" endDate="2026-01-15 08:30:00 +0100"';
const record = (type: string, rest: string, inside = '') =>
  `<Record type="HKQuantityTypeIdentifier${type}" ${END} ${rest}>${inside}</Record>`;

test('fractions are percents, units are UCUM, and a correlation counts once', () => {
  const pressure = record('BloodPressureSystolic', 'unit="mmHg" value="120"');
  const basal = '<MetadataEntry key="HKInsulinDeliveryReason" value="1"/>';
  const { readings, faults } = decode(
    `<!DOCTYPE HealthData [ <!ELEMENT HealthData (Record)> ]><HealthData>${[
      record('OxygenSaturation', 'unit="%" value="0.97"'),
      record('BloodGlucose', 'unit="mmol&lt;180.1558800000541&gt;/L" value="5.6"'),
      record('StepCount', 'unit="count" value="112"'),
      pressure,
      `<Correlation type="HKCorrelationTypeIdentifierBloodPressure">${pressure}</Correlation>`,
      record('InsulinDelivery', 'unit="IU" value="1.2"', basal),
      record('HeartRate', 'unit="count/min" value="fast"'),
      `<Record type="HKQuantityTypeIdentifierHeartRate" unit="count/min" value="70"/>`,
    ].join('')}</HealthData>`,
  );
  assert.deepEqual(
    readings.map(({ metric, value, unit, stampMs }) => [metric, value, unit, stampMs]),
    [
      ['spo2', 97, '%', Date.UTC(2026, 0, 15, 7, 30)],
      ['glucose-blood', 5.6, 'mmol/L', Date.UTC(2026, 0, 15, 7, 30)],
      ['steps', 112, undefined, Date.UTC(2026, 0, 15, 7, 30)],
      ['nibp-systolic', 120, 'mm[Hg]', Date.UTC(2026, 0, 15, 7, 30)],
    ],
  );
  assert.deepEqual(
    faults.map(({ index, fault }) => `${index} ${fault.code}`),
    ['4 METRIC_UNKNOWN', '5 VALUE_NOT_FINITE', '6 STAMP_INVALID'],
  );
});

for (const text of [
  '',
  '<a/>',
  '<HealthData>',
  '<HealthData><!ENTITY a "b"></HealthData>',
  '\xff',
]) {
  test(`${JSON.stringify(text)} is no export of Apple Health`, () => {
    assert.equal(decodeAppleHealth(Uint8Array.from(Buffer.from(text, 'latin1'))).ok, false);
  });
}
