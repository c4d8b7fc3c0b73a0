import assert from 'node:assert/strict';
import { test } from 'node:test';
import { r4 } from '../../../tests/support/fhir.ts';
import { toDevice } from './device.ts';
import { deviceTag } from './reading-id.ts';
import { validate } from './validation.ts';

const WORN = { id: 'patch-1', model: 'Patch 3', isDisabled: false, wornBy: 'a' };

test('a device is told by its name, its model, and who wears it now', () => {
  assert.deepEqual(toDevice(WORN), {
    resourceType: 'Device',
    id: deviceTag('patch-1'),
    identifier: [{ system: 'urn:ausculta:device', value: 'patch-1' }],
    status: 'active',
    deviceName: [{ name: 'Patch 3', type: 'model-name' }],
    patient: { reference: 'Patient/a' },
  });
});

test('one that nobody wears, of no model, whose token opens nothing, is inactive', () => {
  const idle = toDevice({ ...WORN, model: '', isDisabled: true, wornBy: undefined });
  assert.deepEqual(
    [idle.status, idle.patient, idle.deviceName],
    ['inactive', undefined, undefined],
  );
});

test('base R4 takes it', () => {
  assert.deepEqual(validate(r4(), toDevice(WORN)), []);
});
