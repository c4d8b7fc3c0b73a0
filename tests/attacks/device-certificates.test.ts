/** Who is not the device that he says he is: with a forged, foreign, borrowed, stolen or old certificate. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { MqttClient } from 'mqtt';
import {
  certificateFor,
  type KeyAndCertificate,
  newKeys,
  pemOfKey,
} from '../support/certificates.ts';
import type { TestDevice } from '../support/server.ts';
import { DeviceByTls, openTlsHouse, type TlsHouse } from '../support/tls-house.ts';

const READING = JSON.stringify({ values: { 'heart-rate': 70 } });
const DAY_MS = 24 * 3_600_000;

describe('a device’s identity', () => {
  let house: TlsHouse;
  let devices: DeviceByTls;
  before(async () => {
    house = await openTlsHouse();
    devices = new DeviceByTls(house);
  });
  after(() => house?.[Symbol.asyncDispose]());

  const ended = (client: MqttClient) =>
    new Promise<void>((resolve) => client.once('close', () => resolve()));
  const post = (device: TestDevice, shows: KeyAndCertificate | undefined) =>
    house.server.ask(`/api/devices/${device.id}/readings`, {
      ...{ method: 'POST', body: READING },
      ...shows,
    });
  const refusals = async (device: TestDevice): Promise<string[]> => {
    const { events } = await devices.identity(device);
    const refused = events.filter(({ act }) => act === 'device-refused');
    return refused.map(({ because, door }) => `${because} ${door}`).sort();
  };

  test('whoever shows another’s, a forged or a foreign certificate is refused, and it is written down', async () => {
    const device = await house.server.addPatient();
    const other = await house.server.addPatient();
    const good = await devices.certify(device);
    const forged = async (signedBy?: {
      name: string;
      keys: Awaited<ReturnType<typeof newKeys>>;
    }) => {
      const keys = await newKeys();
      const wanted = { name: device.id, ...(signedBy && { signedBy }) };
      return { key: await pemOfKey(keys), cert: await certificateFor(keys, wanted) };
    };
    const bad = [
      await forged(),
      await forged({ name: 'another authority', keys: await newKeys() }),
    ];
    for (const shows of bad) {
      await assert.rejects(devices.connect(device, shows));
      // A token makes no bad certificate good.
      const { id: username, token: password } = device;
      await assert.rejects(devices.connect(device, shows, { username, password }));
      assert.equal((await post(device, shows)).status, 401);
    }
    await assert.rejects(devices.connect(other, good), 'another client id');
    await assert.rejects(devices.connect({ id: `${device.id}-2` }, good), 'no device at all');
    await assert.rejects(devices.connect(device, good, { username: other.id }));
    assert.equal((await post(other, good)).status, 401);
    await assert.rejects(
      devices.connect(device, undefined, { username: device.id, password: 'x' }),
    );
    assert.deepEqual(await refusals(device), [
      'other-name mqtt',
      'self-signed mqtt',
      'wrong-authority mqtt',
      'wrong-token mqtt',
    ]);
    assert.deepEqual(await refusals(other), []);
    assert.equal((await post(device, good)).status, 202, 'who is meant is still let in');
    assert.deepEqual(await house.server.readings(other.subjectId, 'heart-rate'), []);
  });

  test('a certificate that is taken back closes its session at once, and no other', async () => {
    const device = await house.server.addPatient();
    const stolen = await devices.certify(device);
    const renewed = await devices.enrol('simplereenroll', stolen);
    const first = await devices.connect(device, stolen, { clientId: device.id });
    const { certificates } = await devices.identity(device);
    const path = `/api/devices/${device.id}/certificates/${certificates[0]?.serial}/revocation`;
    const revoke = (wornBy: string | null) =>
      house.server.fetch(path, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify({ because: 'compromised', wornBy }),
      });
    assert.equal((await revoke(null)).status, 409, 'who loses monitoring has to be seen');
    assert.ok(first.connected);
    const over = ended(first);
    assert.equal((await revoke(device.subjectId)).status, 200);
    await over;
    await assert.rejects(devices.connect(device, stolen));
    assert.equal((await post(device, stolen)).status, 401);
    await assert.rejects(devices.enrol('simplereenroll', stolen), /401/);
    assert.deepEqual(await refusals(device), ['revoked mqtt']);
    const second = await devices.connect(device, renewed);
    const { id: username, token: password } = device;
    const byToken = await devices.connect({ id: 'other-client' }, undefined, {
      username,
      password,
    });
    await house.server.post(`/api/devices/${device.id}/token`, {});
    await ended(byToken);
    assert.ok(second.connected, 'a new token is nothing to who has a certificate');
    await second.endAsync();
    assert.equal((await house.server.readings(device.subjectId, 'heart-rate')).length, 0);
  });
});

test('a certificate whose time is over is refused, and it is written down', async () => {
  // A server that lives in another quarter makes certificates that are over now.
  await using house = await openTlsHouse({ nowMs: () => Date.now() - 100 * DAY_MS });
  const devices = new DeviceByTls(house);
  const device = await house.server.addPatient();
  const old = await devices.certify(device);
  await assert.rejects(devices.connect(device, old));
  await assert.rejects(devices.enrol('simplereenroll', old), /401/);
  const { events } = await devices.identity(device);
  assert.deepEqual(
    events.filter(({ act }) => act === 'device-refused').map(({ because }) => because),
    ['expired'],
  );
});
