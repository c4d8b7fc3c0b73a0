/** The life of a device, but for who wears it: its token, its list, and that it goes out of use. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DeviceList } from '@ausculta/contract/devices';
import { freshDatabase } from './support/database.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './support/server.ts';

const READING = JSON.stringify({ values: { 'heart-rate': 70 } });

describe('the life of a device', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here[Symbol.asyncDispose]());

  const post = (path: string) =>
    server.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });

  const acts = async (deviceId: string): Promise<string[]> => {
    const rows = await here.database.line<{ act: string }[]>`
      SELECT act FROM audit_leaf WHERE target = ${`device/${deviceId}`} ORDER BY at_ms`;
    return rows.map(({ act }) => act);
  };

  test('a new token opens, the old one stops at once, and its open connection ends', async () => {
    const device = await server.addPatient();
    const other = await server.addPatient();
    const client = await server.connect(device);
    const bystander = await server.connect(other);
    const ended = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const { token } = await server.post<{ token: string }>(`/api/devices/${device.id}/token`, {});
    await ended;
    assert.equal((await server.send(device, READING)).status, 401);
    await assert.rejects(server.connect(device));
    assert.equal((await server.send({ ...device, token }, READING)).status, 202);
    const again = await server.connect({ ...device, token });
    assert.ok(again.connected && bystander.connected, 'nobody else is sent away');
    await Promise.all([again.endAsync(), bystander.endAsync()]);
    const written = await eventually('who was refused', async () => {
      const all = await acts(device.id);
      return all.length > 1 ? all : undefined;
    });
    assert.deepEqual(written, ['device-token-renewed', 'device-refused']);
  });

  test('a device may be registered before anybody wears it: what it sends is kept, and nobody gets it', async () => {
    const id = 'spare-1';
    const { token } = await server.post<{ token: string }>('/api/devices', {
      id,
      subjectId: null,
    });
    const { id: subjectId } = await server.addSubject('Later');
    const device = { id, token, subjectId };
    const { devices } = (await (await server.fetch('/api/devices')).json()) as DeviceList;
    assert.equal(devices.find((one) => one.id === id)?.wornBy, null);
    const early = await server.send(device, READING);
    assert.match(await early.text(), /DEVICE_UNASSIGNED/);
    await server.post(`/api/devices/${id}/assignment`, { subjectId });
    assert.equal((await server.send(device, READING)).status, 202);
    const headers = { 'content-type': 'application/json' };
    for (const [body, status] of [
      [{ id: 'spare-2', subjectId: '' }, 404],
      [{ id: 'spare-2' }, 400],
    ] as const) {
      const request = { method: 'POST', headers, body: JSON.stringify(body) };
      assert.equal((await server.fetch('/api/devices', request)).status, status, 'forgotten');
    }
  });

  test('a device that is worn is not disabled: somebody would be unmonitored unseen', async () => {
    const device = await server.addPatient();
    const refused = await post(`/api/devices/${device.id}/disable`);
    assert.equal(refused.status, 409);
    assert.match(await refused.text(), /SUBJECT_MONITORED.*take it off first/);
    assert.equal((await server.send(device, READING)).status, 202);
  });

  test('every device is listed with who wears it; of none that is not there, nothing', async () => {
    const device = await server.addPatient();
    const { devices } = await server.get<DeviceList>('/api/devices');
    const { wornSince, ...listed } = devices.find(({ id }) => id === device.id) ?? {};
    assert.deepEqual(listed, {
      id: device.id,
      model: 'unknown',
      isDisabled: false,
      about: {},
      isWorn: true,
      wornBy: device.subjectId,
    });
    assert.ok(Date.parse(wornSince ?? '') <= Date.now());
    for (const act of ['token', 'disable']) {
      assert.equal((await post(`/api/devices/no-such-device/${act}`)).status, 404);
    }
  });
});

test('a disabled device keeps its readings in their place over a restart, and a new token takes it back', async () => {
  await using database = await freshDatabase();
  const config = { database: database.connection, dataDir: await temporaryDirectory() };
  const behindMs = 3_600_000;
  const time = Date.now() - behindMs;
  let id = '';
  let subjectId = '';
  {
    await using here = await startServerHere({ config });
    const { server } = here;
    const device = await server.addPatient();
    ({ id, subjectId } = device);
    // A clock that is an hour behind, and says so.
    const sent = JSON.stringify({ time, sent: time, values: { 'heart-rate': 70 } });
    assert.equal((await server.send(device, sent)).status, 202);
    await database.line`DELETE FROM device_assignment WHERE device_id = ${id}`;
  }
  {
    await using here = await startServerHere({ config });
    assert.equal((await here.server.fetch(`/api/devices/${id}/disable`, POST)).status, 200);
  }
  await using here = await startServerHere({ config });
  const { server } = here;
  const [reading] = await server.readings(subjectId, 'heart-rate');
  assert.ok(Date.parse(reading?.time ?? '') - time >= behindMs - 5_000, 'its clock is known');
  const { token } = await server.post<{ token: string }>(`/api/devices/${id}/token`, {});
  const client = await server.connect({ id, token, subjectId });
  assert.ok(client.connected);
  await client.endAsync();
  await eventually('an enabled device', async () => {
    const { devices } = await server.get<DeviceList>('/api/devices');
    return devices.find((one) => one.id === id)?.isDisabled === false ? true : undefined;
  });
});

const POST = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
