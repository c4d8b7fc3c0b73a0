/** Devices come by TLS with certificates of their own: who is let in, who is not, and what ends. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { MqttClient } from 'mqtt';
import { type KeyAndCertificate, newKeys, pemOfKey, requestFor } from './support/certificates.ts';
import { EstPeer, missingEstPeers } from './support/est-peers.ts';
import { eventually, type TestDevice } from './support/server.ts';
import { DeviceByTls, openTlsHouse, type TlsHouse } from './support/tls-house.ts';

const READING = JSON.stringify({ values: { 'heart-rate': 70 } });

describe('devices by TLS', () => {
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
  test('a device that is claimed over MQTT comes to its certificate, and reaches nothing else', async () => {
    const device = await house.server.addPatient();
    const { code: password } = await devices.claim(device);
    const claiming = { username: device.id, password };
    const [asks, hears] = [`devices/${device.id}/enrolment`, `devices/${device.id}/certificate`];
    for (const act of [
      (client: MqttClient) => client.publish(`devices/${device.id}/readings`, READING),
      (client: MqttClient) => client.publish(asks, 'before it hears the answer'),
    ]) {
      const client = await devices.connect(device, undefined, claiming);
      const over = ended(client);
      act(client);
      await over;
    }
    const client = await devices.connect(device, undefined, claiming);
    const subscribed = await client
      .subscribeAsync([`devices/${device.id}/errors`, '#', hears])
      .catch(() => []);
    assert.equal(subscribed.length, 0, 'what is not its own is refused');
    const keys = await newKeys();
    const answer = async (request: string): Promise<Record<string, string>> => {
      const heard = new Promise<string>((resolve) =>
        client.once('message', (_topic, payload) => resolve(String(payload))),
      );
      await client.publishAsync(asks, request, { qos: 1 });
      return JSON.parse(await heard) as Record<string, string>;
    };
    assert.equal((await answer('no request'))['fault'], 'PAYLOAD_MALFORMED');
    const { certificate: cert = '', authority = '' } = await answer(await requestFor(keys));
    assert.match(authority, /^-----BEGIN CERTIFICATE-----/);
    assert.equal((await answer(await requestFor(keys)))['fault'], 'CREDENTIALS_REFUSED');
    await client.endAsync();
    await assert.rejects(devices.connect(device, undefined, claiming), /Bad user|Not authorized/i);

    const shows = { cert, key: await pemOfKey(keys) };
    const own = await devices.connect(device, shows);
    await own.publishAsync(`devices/${device.id}/readings`, READING, { qos: 1 });
    await own.endAsync();
    assert.equal((await post(device, shows)).status, 202);
    assert.equal((await house.server.readings(device.subjectId, 'heart-rate')).length, 2);
  });

  test('the doors show a new certificate without a restart, and who is connected stays', async () => {
    const device = await house.server.addPatient();
    const client = await devices.connect(device, await devices.certify(device));
    assert.equal(await devices.handshake(), 'server');
    await house.renew();
    await eventually('the new certificate', async () =>
      (await devices.handshake()) === 'renewed' ? true : undefined,
    );
    await client.publishAsync(`devices/${device.id}/readings`, READING, { qos: 1 });
    await client.endAsync();
    assert.equal((await house.server.readings(device.subjectId, 'heart-rate')).length, 1);
    assert.deepEqual(house.here.problems, []);
  });

  test('TLS 1.1 and plain text are not answered, here as at the web', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    assert.match(await devices.handshake(old), /PROTOCOL|ALERT/);
    assert.equal(await devices.handshake({ maxVersion: 'TLSv1.2' }), 'renewed');
    const { httpPort } = house.server;
    await assert.rejects(fetch(`http://127.0.0.1:${httpPort}/livez`));
    assert.equal((await house.server.ask('/livez')).status, 200);
  });

  test('curl renews a certificate by showing it', {
    skip: missingEstPeers() ?? false,
  }, async () => {
    using peer = new EstPeer();
    const device = await house.server.addPatient();
    const { code } = await devices.claim(device);
    const est = `${house.server.url}/.well-known/est`;
    writeFileSync(peer.path('server.pem'), house.shown().cert);
    const trust = ['--cacert', peer.path('server.pem')];
    const first = ['--user', `${device.id}:${code}`, ...trust];
    const claimed = await peer.enrol(`${est}/simpleenroll`, await peer.request('old'), first);
    const own = ['--cert', await peer.unpack(claimed.body, 'old'), '--key', peer.path('old.key')];
    const request = await peer.request('new');
    const renewed = await peer.enrol(`${est}/simplereenroll`, request, [...own, ...trust]);
    assert.equal(renewed.status, 200, renewed.body);
    const text = ['x509', '-in', await peer.unpack(renewed.body, 'new'), '-noout', '-subject'];
    assert.match(await peer.openssl(...text), new RegExp(`CN ?= ?${device.id}`));
    const { certificates } = await devices.identity(device);
    assert.deepEqual(
      certificates.map(({ madeBy, revoked }) => [madeBy, revoked]),
      [
        ['claim', null],
        ['renewal', null],
      ],
    );
    assert.equal((await peer.enrol(`${est}/simplereenroll`, request, trust)).status, 401);
  });
});
