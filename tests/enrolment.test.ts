/** A device comes to its certificate by a claim code, as EST has it, with clients that we did not write. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { ClaimMade, DeviceIdentityView } from '@ausculta/contract/device-identity';
import { EC_P256, type EstAnswer, EstPeer, missingEstPeers } from './support/est-peers.ts';
import {
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

const why = missingEstPeers();

describe('enrolment', { skip: why ?? false }, () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let peer: EstPeer;
  before(async () => {
    here = await startServerHere();
    server = here.server;
    peer = new EstPeer();
  });
  after(async () => {
    peer?.[Symbol.dispose]();
    await here?.[Symbol.asyncDispose]();
  });

  const claim = ({ id }: TestDevice): Promise<ClaimMade> =>
    server.post(`/api/devices/${id}/claim`, {});
  const identity = ({ id }: TestDevice): Promise<DeviceIdentityView> =>
    server.get(`/api/devices/${id}/identity`);
  const enrol = (user: string, request: string): Promise<EstAnswer> =>
    peer.enrol(`${server.url}/.well-known/est/simpleenroll`, request, ['--user', user]);

  test('whoever asks for a code is told whether somebody wears the device', async () => {
    const worn = await server.addPatient();
    assert.equal((await claim(worn)).isWorn, true);
    await server.post(`/api/devices/${worn.id}/unassignment`, {});
    assert.equal((await claim(worn)).isWorn, false);
  });

  test('curl and openssl get a certificate that bears the device’s name and verifies', async () => {
    const device = await server.addPatient();
    const { code, until } = await claim(device);
    assert.match(code, /^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    assert.ok(Date.parse(until) > Date.now());
    const cacerts = await peer.curl(`${server.url}/.well-known/est/cacerts`);
    const root = await peer.unpack(cacerts.output, 'root');
    // However a person types it.
    const typed = code.toLowerCase().replaceAll('-', '');
    const { status, body } = await enrol(`${device.id}:${typed}`, await peer.request('first'));
    assert.equal(status, 200, body);
    const pem = await peer.unpack(body, 'first');
    const purpose = ['-purpose', 'sslclient', '-x509_strict'];
    await peer.openssl('verify', ...purpose, '-CAfile', root, pem);
    const text = await peer.openssl(
      'x509',
      '-in',
      pem,
      '-noout',
      '-subject',
      '-ext',
      'extendedKeyUsage',
    );
    assert.match(text, new RegExp(`subject=CN ?= ?${device.id}\n`), 'not what the request says');
    assert.match(text, /TLS Web Client Authentication/);
    await assert.rejects(
      peer.openssl('verify', '-purpose', 'sslserver', '-CAfile', root, pem),
      /purpose/,
    );
    const { certificates, claimUntil, events } = await identity(device);
    const [certificate] = certificates;
    assert.equal(certificates.length, 1);
    const lifeDays = (Date.parse(certificate?.until ?? '') - Date.now()) / 86_400_000;
    assert.ok(lifeDays > 89.9 && lifeDays < 90.1);
    assert.equal(claimUntil, null);
    assert.deepEqual(
      events.map(({ act }) => act),
      ['device-certified', 'device-claim-made'],
    );
  });

  test('a code opens once, for its own device, until somebody makes another', async () => {
    const [device, other] = [await server.addPatient(), await server.addPatient()];
    const replaced = await claim(device);
    const { code } = await claim(device);
    const request = await peer.request('once');
    for (const user of [
      `${device.id}:${replaced.code}`,
      `${other.id}:${code}`,
      `nobody-1:${code}`,
      `${device.id}:`,
      `${device.id}:${device.token}`,
    ])
      assert.equal((await enrol(user, request)).status, 401, user);
    assert.equal((await enrol(`${device.id}:${code}`, request)).status, 200);
    assert.equal((await enrol(`${device.id}:${code}`, request)).status, 401, 'used');
    const { events } = await identity(device);
    const refused = events.filter(({ act }) => act === 'device-refused');
    assert.deepEqual(
      refused.map(({ because, door }) => `${because} ${door}`),
      ['wrong-claim-code est'],
      'once a minute',
    );
  });

  test('a request that proves nothing, or with a weak key, is refused and costs no code', async () => {
    const device = await server.addPatient();
    const user = `${device.id}:${(await claim(device)).code}`;
    const good = await peer.request('proved');
    const forged = Buffer.from(readFileSync(good, 'utf8'), 'base64');
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    for (const [what, body] of [
      ['/signature/', forged.toString('base64')],
      ['/PKCS #10/', 'AAAA'],
      ['/PKCS #10/', ''],
    ] as const) {
      const headers = { authorization: `Basic ${btoa(user)}` };
      const url = `${server.url}/.well-known/est/simpleenroll`;
      const answer = await fetch(url, { method: 'POST', headers, body });
      assert.equal(answer.status, 400, what);
    }
    for (const options of [['rsa:1024'], ['ed25519'], ['rsa:2048', '-sha1']]) {
      const weak = await enrol(user, await peer.request('weak', options));
      assert.equal(weak.status, 400, options.join(' '));
    }
    const curve = ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'];
    assert.equal((await enrol(user, await peer.request('curve', curve))).status, 400);
    assert.equal((await enrol(user, await peer.request('rsa', ['rsa:2048']))).status, 200);
  });

  test('a new claim takes back what the device had', async () => {
    const device = await server.addPatient();
    for (const name of ['before', 'after']) {
      const { code } = await claim(device);
      assert.equal(
        (await enrol(`${device.id}:${code}`, await peer.request(name, EC_P256))).status,
        200,
      );
    }
    const { certificates } = await identity(device);
    assert.deepEqual(
      certificates.map(({ revoked }) => revoked?.because),
      ['superseded', undefined],
    );
  });

  test('without TLS nothing is renewed, and a code is unreadable where it is stored', async () => {
    const renew = await fetch(`${server.url}/.well-known/est/simplereenroll`, { method: 'POST' });
    assert.equal(renew.status, 401);
    const device = await server.addPatient();
    const { code } = await claim(device);
    const [row] = await here.database.line<{ all: string }[]>`
      SELECT device_claim::text AS all FROM device_claim WHERE device_id = ${device.id}`;
    assert.ok(row !== undefined && !row.all.includes(code));
    const [key] = await here.database.line<{ sealed: Uint8Array }[]>`
      SELECT key_sealed AS sealed FROM device_authority`;
    assert.notEqual(key?.sealed[0], 0x30, 'the authority’s key is sealed');
  });
});
