import assert from 'node:assert/strict';
import { test } from 'node:test';
import { r4 } from '../../../tests/support/fhir.ts';
import { GATEWAY_ID, toDevice, toGateway } from './device.ts';
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

test('a personal device has its system id as the guide writes it, its maker and its number', () => {
  const told = toDevice({
    ...WORN,
    ...{ kind: 'personal', manufacturer: 'Omron', serialNumber: '7', systemId: 'FEEDABEEDEAD77C3' },
  });
  assert.deepEqual(told.identifier?.[1], {
    type: {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers',
          code: 'SYSID',
        },
      ],
    },
    system: 'urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680',
    value: 'FE-ED-AB-EE-DE-AD-77-C3',
  });
  assert.equal(told.type?.coding?.[0]?.code, '65573');
  assert.deepEqual(
    [told.manufacturer, told.serialNumber, told.modelNumber],
    ['Omron', '7', 'Patch 3'],
  );
  assert.deepEqual(validate(r4(), told), []);
});

test('the gateway is told under an id that no device has', () => {
  const told = toGateway();
  assert.equal(told.id, GATEWAY_ID);
  assert.equal(told.type?.coding?.[0]?.code, '531981');
  assert.deepEqual(validate(r4(), told), []);
});
