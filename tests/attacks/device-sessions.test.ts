/** A session that was overheard and is played again, and an identity that two machines have. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DeviceIdentityView } from '@ausculta/contract/device-identity';
import { connectPacket, DISCONNECT, publishPacket, pubrel } from '../support/mqtt-bytes.ts';
import { RawMqtt } from '../support/raw-mqtt.ts';
import {
  eventually,
  type ServerHere,
  startServerHere,
  type TestDevice,
} from '../support/server.ts';

describe('a device’s session', () => {
  let here: ServerHere;
  before(async () => {
    here = await startServerHere();
  });
  after(() => here?.[Symbol.asyncDispose]());

  /** All that the platform has of a device, row by row. */
  async function rowsOf({ id, subjectId }: TestDevice): Promise<unknown> {
    const { server, database } = here;
    return {
      readings: await server.readings(subjectId, 'heart-rate,spo2'),
      events: await server.get(`/api/subjects/${subjectId}/events`),
      alarms: (await server.alarms(subjectId)).map((alarm) => alarm.id).sort(),
      parked: (await server.parkedOf({ id })).length,
      clocks: await database.line`SELECT epoch FROM clock_epoch WHERE device_id = ${id}`,
      series: await database.line`SELECT id FROM series WHERE device_id = ${id} ORDER BY id`,
    };
  }

  test('that is played again, twice and out of order, adds no row', async () => {
    const device = await here.server.addPatient();
    const topic = (kind: string) => `devices/${device.id}/${kind}`;
    const fromMs = Date.now() - 20_000;
    const readings = Array.from({ length: 50 }, (_, i) =>
      publishPacket({
        ...{ topic: topic('readings'), packetId: i + 1, qos: i % 2 === 0 ? 1 : 2 },
        payload: JSON.stringify({
          time: fromMs + i * 400,
          values: { 'heart-rate': 60 + i, spo2: i < 40 ? 97 : 78 },
        }),
      }),
    );
    const releases = readings.flatMap((_, i) => (i % 2 === 0 ? [] : [pubrel(i + 1)]));
    const button = { kind: 'button', time: fromMs, boot: 1, sequence: 7 };
    const rest = [
      publishPacket({
        topic: topic('events'),
        packetId: 100,
        payload: JSON.stringify({ events: [button] }),
      }),
      publishPacket({
        topic: topic('readings'),
        packetId: 101,
        payload: '{"values":{"nonsense":1}}',
      }),
    ];
    const { id: username, token: password } = device;
    const connect = connectPacket({ username, password, clientId: 'worn' });
    const session = [connect, ...readings, ...releases, ...rest, DISCONNECT];
    const play = async (packets: readonly Buffer[]): Promise<void> => {
      using peer = await RawMqtt.open(here.server.mqttPort);
      peer.send(...packets);
      await peer.ended;
    };
    await play(session);
    const first = await eventually('what the session brought', async () => {
      const rows = (await rowsOf(device)) as {
        readings: unknown[];
        parked: number;
        alarms: unknown[];
      };
      const isAll = rows.readings.length === 100 && rows.parked === 1 && rows.alarms.length > 0;
      return isAll ? rows : undefined;
    });
    await play(session);
    await play([connect, ...rest, ...readings.toReversed(), DISCONNECT]);
    // One that is new, behind all of it, has come: so has the rest.
    const last = JSON.stringify({ time: Date.now(), values: { 'body-temperature': 37 } });
    assert.equal((await here.server.send(device, last)).status, 202);
    const { series: _new, ...again } = (await rowsOf(device)) as Record<string, unknown>;
    const { series: _old, ...before } = first as Record<string, unknown>;
    assert.deepEqual(again, before);
  });

  test('in two places in turn is written down in the device’s life; one that moves is not', async () => {
    const [cloned, moving] = [await here.server.addPatient(), await here.server.addPatient()];
    const comeFrom = (device: TestDevice, address: string) =>
      RawMqtt.signIn(here.server.mqttPort, device, { clientId: 'fixed' }, address);
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.2']) await comeFrom(moving, address);
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.2', '127.0.0.3', '127.0.0.2'])
      await comeFrom(cloned, address);
    const life = async ({ id }: TestDevice): Promise<string[]> => {
      const { events } = await here.server.get<DeviceIdentityView>(`/api/devices/${id}/identity`);
      return events.map(({ act, because }) => `${act} ${because}`);
    };
    assert.deepEqual(await life(moving), []);
    assert.deepEqual(await life(cloned), ['device-in-two-places two-addresses']);
  });
});
