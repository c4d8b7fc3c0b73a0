import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataTest } from '../../../tools/test-data.ts';
import { decodeOpenMhealth } from './open-mhealth.ts';

const utf8 = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

dataTest(
  {
    dataset: 'open-mhealth',
    name: 'every body keeps to its schema as its folder says',
    cases: 200,
  },
  (directory) => {
    const files = globSync('*/*/should{Pass,Fail}/*.json', { cwd: directory });
    let cases = 0;
    for (const file of files) {
      const [name = '', version = '', verdict] = file.split('/');
      // What the catalogue has no metric for is not judged.
      if (name === 'granola' || name === 'medication-adherence-percent') continue;
      const told = name === 'header' || name === 'data-point';
      const schema = told ? undefined : { name, version: Number.parseFloat(version) };
      const decoded = decodeOpenMhealth(readFileSync(join(directory, file)), schema);
      assert.equal(decoded.ok, verdict === 'shouldPass', file);
      cases++;
    }
    assert.ok(cases > 0);
  },
);

const AT = '2026-01-15T08:30:00+01:00';
const STAMP = Date.UTC(2026, 0, 15, 7, 30);

function point(name: string, version: string, body: object) {
  const schema_id = { namespace: 'omh', name, version };
  return { header: { id: '1', creation_date_time: AT, schema_id }, body };
}

const frame = { effective_time_frame: { date_time: AT } };

const BODIES = [
  {
    name: 'blood-pressure',
    version: '4.0',
    body: {
      systolic_blood_pressure: { value: 121, unit: 'mmHg' },
      diastolic_blood_pressure: { value: 79, unit: 'mmHg' },
    },
    readings: [
      ['nibp-systolic', 121, 'mm[Hg]'],
      ['nibp-diastolic', 79, 'mm[Hg]'],
    ],
  },
  {
    name: 'blood-glucose',
    version: '3.0',
    body: { blood_glucose: { value: 95, unit: 'mg/dL' }, specimen_source: 'interstitial fluid' },
    readings: [['glucose-interstitial', 95, 'mg/dL']],
  },
  {
    name: 'body-temperature',
    version: '4.0',
    body: { body_temperature: { value: 98.6, unit: 'F' }, measurement_location: 'oral' },
    readings: [['body-temperature-oral', 98.6, '[degF]']],
  },
  {
    name: 'oxygen-saturation',
    version: '2.0',
    body: {
      oxygen_saturation: { value: 95, unit: '%' },
      supplemental_oxygen_flow_rate: { value: 2, unit: 'L/min' },
    },
    readings: [
      ['spo2', 95, '%'],
      ['oxygen-flow', 2, 'L/min'],
    ],
  },
] as const;

for (const { name, version, body, readings } of BODIES) {
  test(`a data point of ${name} ${version} gives ${readings.length} readings of its moment`, () => {
    const decoded = decodeOpenMhealth(utf8(point(name, version, { ...body, ...frame })));
    assert.ok(decoded.ok);
    const said = decoded.value.readings.map(({ metric, value, unit }) => [metric, value, unit]);
    assert.deepEqual(said, readings);
    assert.ok(decoded.value.readings.every(({ stampMs }) => stampMs === STAMP));
  });
}

test('a statistic is well formed and no reading; an unknown schema is told', () => {
  const maximum = {
    heart_rate: { value: 120, unit: 'beats/min' },
    effective_time_frame: { time_interval: { start_date_time: AT, end_date_time: AT } },
    descriptive_statistic: 'maximum',
  };
  const decoded = decodeOpenMhealth(
    utf8([point('heart-rate', '2.0', maximum), point('mood', '1.0', {}), 7]),
  );
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.readings, []);
  assert.deepEqual(
    decoded.value.faults.map(({ index, fault }) => `${index} ${fault.code}`),
    ['0 METRIC_UNKNOWN', '1 METRIC_UNKNOWN', '2 PAYLOAD_MALFORMED'],
  );
});

test('the schema of a bare body is seen from its fields', () => {
  const decoded = decodeOpenMhealth(utf8({ step_count: 6000 }));
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.readings, [{ metric: 'steps', value: 6000, flags: 0 }]);
  assert.equal(decodeOpenMhealth(utf8({ step_count: '6000' })).ok, false);
  assert.equal(decodeOpenMhealth(utf8({ mood: 1 })).ok, false);
});
