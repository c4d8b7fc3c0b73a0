import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import { parseDeviceId, parseSubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import { r4 } from '../../../tests/support/fhir.ts';
import { GATEWAY_ID } from './device.ts';
import { linksOfDevice, toDeviceMetrics } from './device-metric.ts';
import { toObservations } from './observation.ts';
import { deviceTag } from './reading-id.ts';
import { validate } from './validation.ts';

const tag = deviceTag('monitor-1');
const MONITOR = { id: 'monitor-1', kind: 'point-of-care', isDisabled: false } as const;

test('a device has a DeviceMetric for each metric, and one for the pressures of its cuff', () => {
  const keys = ['spo2', 'nibp-systolic', 'heart-rate', 'nibp-mean', 'spo2'];
  const told = toDeviceMetrics({ ...MONITOR, metrics: keys.map(metricOf) });
  assert.deepEqual(
    told.map(({ id }) => id),
    [`${tag}.heart-rate`, `${tag}.nibp`, `${tag}.spo2`],
  );
  const [heartRate, cuff] = told;
  assert.deepEqual(heartRate?.source, { reference: `Device/${tag}` });
  assert.deepEqual(heartRate?.unit?.coding, [
    { system: 'http://unitsofmeasure.org', code: '/min' },
  ]);
  assert.deepEqual([heartRate?.category, heartRate?.operationalStatus], ['measurement', 'on']);
  assert.ok(cuff?.type?.coding?.some(({ code }) => code === '85354-9'));
});

test('one that is out of use is off; of a personal device neither is said', () => {
  const metrics = [metricOf('heart-rate')];
  const [off] = toDeviceMetrics({ ...MONITOR, isDisabled: true, metrics });
  assert.equal(off?.operationalStatus, 'off');
  const [personal] = toDeviceMetrics({ ...MONITOR, kind: 'personal', metrics });
  assert.deepEqual([personal?.category, personal?.operationalStatus], ['unspecified', undefined]);
});

test('base R4 takes those of every metric that there is, of every kind of device', () => {
  for (const kind of ['personal', 'point-of-care', undefined] as const)
    for (const told of toDeviceMetrics({ ...MONITOR, kind, metrics: CATALOGUE }))
      assert.deepEqual(validate(r4(), told), [], told.id);
});

const reading = {
  ...{ metric: metricOf('nibp-systolic'), value: 120, flags: 0, epoch: 1 },
  ...{ stampMs: 1_764_000_000_000, timeMs: 1_764_000_000_000 },
  subjectId: known(parseSubjectId('0190a0b0-0000-7000-8000-000000000001')),
  deviceId: known(parseDeviceId('monitor-1')),
};

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

test('at the point of care a reading names what measured it, which is among those that are told', () => {
  const [told] = toDeviceMetrics({ ...MONITOR, metrics: [reading.metric] });
  const links = known(linksOfDevice(MONITOR, reading.metric));
  const [observation] = toObservations([reading], () => links);
  assert.equal(observation?.device?.reference, `DeviceMetric/${told?.id}`);
  assert.deepEqual(validate(r4(), observation), []);
});

test('a reading of a personal device names the device, and who passed it on', () => {
  const links = known(linksOfDevice({ id: 'monitor-1', kind: 'personal' }, reading.metric));
  const [observation] = toObservations([reading], () => links);
  assert.equal(observation?.device?.reference, `Device/${tag}`);
  assert.equal(observation?.extension?.[0]?.valueReference?.reference, `Device/${GATEWAY_ID}`);
  const phd = 'http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories';
  assert.ok(observation?.category?.some(({ coding }) => coding?.[0]?.system === phd));
  assert.deepEqual(validate(r4(), observation), []);
});

test('of a device of which nobody has said, readings go by its name', () => {
  assert.equal(linksOfDevice({ id: 'monitor-1', kind: undefined }, reading.metric), undefined);
});
