/** The MQTT door of the whole server, as a peer sees it that says exactly what it means to say. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ParkedView } from '@ausculta/contract/parked';
import { freshDatabase } from './support/database.ts';
import {
  DISCONNECT,
  PINGREQ,
  publishPacket,
  pubrel,
  splitPackets,
  subscribePacket,
  unsubscribePacket,
} from './support/mqtt-bytes.ts';
import { RawMqtt } from './support/raw-mqtt.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const topicOf = (device: TestDevice): string => `devices/${device.id}/readings`;

let lastMs = 0;

/** At a stamp of its own: two readings of one millisecond would be one. */
function reading(value: number, timeMs?: number): string {
  lastMs = Math.max(Date.now(), lastMs + 1);
  return JSON.stringify({ time: timeMs ?? lastMs, values: { 'heart-rate': value } });
}

function publish(
  device: TestDevice,
  packetId: number,
  payload: string,
  qos: 0 | 1 | 2 = 1,
): Buffer {
  return publishPacket({ topic: topicOf(device), packetId, payload, qos });
}

async function valuesOf(server: ServerUnderTest, device: TestDevice): Promise<number[]> {
  return (await server.readings(device.subjectId, 'heart-rate')).map(({ value }) => value);
}

async function storedOf(server: ServerUnderTest, device: TestDevice, count: number) {
  return await eventually(`${count} readings`, async () => {
    const values = await valuesOf(server, device);
    return values.length >= count ? values : undefined;
  });
}

describe('the MQTT door of the server', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let device: TestDevice;
  const peers: RawMqtt[] = [];
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(async () => {
    for (const peer of peers) peer[Symbol.dispose]();
    await here[Symbol.asyncDispose]();
  });

  const signIn = async (fields = {}, one = device): Promise<RawMqtt> => {
    const peer = await RawMqtt.signIn(server.mqttPort, one, fields);
    peers.push(peer);
    return peer;
  };
  const signInAnew = async (fields = {}): Promise<RawMqtt> => {
    device = await server.addPatient();
    return await signIn(fields);
  };

  test('acknowledges in order though the first message is still being parked', async () => {
    const peer = await signInAnew();
    peer.send(publish(device, 1, reading(60)));
    await peer.packets(1);
    await here.database.line.begin(async (sql) => {
      await sql`LOCK TABLE parked IN ACCESS EXCLUSIVE MODE`;
      peer.send(
        publish(device, 2, 'nonsense'),
        publish(device, 3, reading(61)),
        publish(device, 4, reading(62)),
      );
      assert.deepEqual(await storedOf(server, device, 3), [60, 61, 62]);
      peer.send(PINGREQ);
      assert.deepEqual(await peer.hex(2), ['40020001', 'd000']);
    });
    assert.deepEqual((await peer.hex(5)).slice(2), ['40020002', '40020003', '40020004']);
  });

  test('stores a QoS 2 message once, however often it is sent before its release', async () => {
    const peer = await signInAnew();
    const time = Date.now();
    peer.send(publish(device, 9, reading(70, time), 2));
    assert.deepEqual(await peer.hex(1), ['50020009']);
    const other = publishPacket({
      topic: topicOf(device),
      packetId: 9,
      payload: reading(71, time + 1),
      qos: 2,
      isRepeat: true,
    });
    peer.send(other);
    assert.deepEqual(await peer.hex(2), ['50020009', '50020009']);
    peer.send(pubrel(9));
    await peer.packets(3);
    assert.deepEqual(await valuesOf(server, device), [70]);
    peer.send(other, pubrel(9));
    assert.deepEqual((await peer.hex(5)).slice(2), ['70020009', '70020009', '50020009']);
    assert.deepEqual(await valuesOf(server, device), [70, 71], 'released, the id is free');
  });

  test('grants the errors topic of the device and nothing else, and forgets it again', async () => {
    const peer = await signInAnew();
    const errors = `devices/${device.id}/errors`;
    peer.send(subscribePacket(1, '#', errors, topicOf(device), 'devices/+/errors', `${errors}/x`));
    assert.deepEqual(await peer.hex(1), ['90070001' + '8000808080']);
    peer.send(publish(device, 2, 'nonsense'));
    const [, acknowledged, report] = await peer.packets(3);
    assert.equal(acknowledged?.toString('hex'), '40020002', 'what is durable is told first');
    assert.equal(report?.[0], 0x30);
    assert.match(
      String(report),
      /errors\{"stored":0,"parked":1,"faults":\[\{"index":-1,"fault":"PAYLOAD_MALFORMED"/,
    );
    peer.send(
      unsubscribePacket(3, 'devices/x/errors', errors),
      publish(device, 4, 'nonsense'),
      PINGREQ,
    );
    const rest = (await peer.hex(6)).slice(3);
    assert.deepEqual(rest.sort(), ['40020004', 'b0020003', 'd000']);
  });

  test("takes in the device's own will when it goes without a word", async () => {
    const will = { topic: 'OWN', payload: reading(80) };
    device = await server.addPatient();
    const own = { will: { ...will, topic: topicOf(device) } };
    (await signIn(own)).socket.destroy();
    assert.deepEqual(await storedOf(server, device, 1), [80]);

    const [polite, neighbour] = [await server.addPatient(), await server.addPatient()];
    const leaves = await signIn({ will: { ...will, topic: topicOf(polite) } }, polite);
    leaves.send(publish(polite, 1, reading(81)));
    await leaves.packets(1);
    leaves.send(DISCONNECT);
    await leaves.ended;
    const foreign = await signIn({ will: { ...will, topic: topicOf(neighbour) } }, polite);
    foreign.socket.resetAndDestroy();
    await foreign.ended;
    const again = await signIn({}, polite);
    again.send(publish(polite, 1, reading(82)));
    await again.packets(1);
    assert.deepEqual(await valuesOf(server, polite), [81, 82]);
    assert.deepEqual(await valuesOf(server, neighbour), []);
  });

  test('a newer connection of the same client id ends the older, which leaves its will', async () => {
    device = await server.addPatient();
    const will = { topic: topicOf(device), payload: reading(85) };
    const older = await signIn({ will });
    const newer = await signIn();
    await older.ended;
    newer.send(publish(device, 1, reading(86)));
    await newer.packets(1);
    assert.deepEqual((await storedOf(server, device, 2)).sort(), [85, 86]);
  });

  test('parks the beginning of a message that is too large, and ends the connection', async () => {
    const peer = await signInAnew();
    peer.send(publish(device, 1, reading(60)));
    await peer.packets(1);
    const large = publishPacket({ topic: topicOf(device), payload: Buffer.alloc(1_100_000, 0x20) });
    peer.send(large.subarray(0, 1_000));
    await peer.ended;
    const [row] = await eventually('the parked beginning', async () => {
      const { parked } = await server.get<{ parked: ParkedView[] }>('/api/parked');
      const own = parked.filter((one) => one.device === device.id);
      return own.length > 0 ? own : undefined;
    });
    assert.deepEqual([row?.door, row?.fault], ['mqtt', 'PAYLOAD_TOO_LARGE']);
    const next = await signIn();
    next.send(publish(device, 1, reading(61)));
    await next.packets(1);
    assert.deepEqual(await valuesOf(server, device), [60, 61]);
  });

  test('of a flood nothing is lost, though it is far more than may wait at once', async () => {
    const peer = await signInAnew();
    const count = 5_000;
    const fromMs = Date.now() - count;
    for (let i = 1; i <= count; i += 1)
      peer.socket.write(publish(device, i, reading(60 + (i % 30), fromMs + i)));
    const packets = await peer.packets(count);
    assert.ok(packets.every((bytes, i) => bytes.readUInt16BE(2) === i + 1 && bytes[0] === 0x40));
    const stored = await valuesOf(server, device);
    assert.deepEqual(
      stored,
      Array.from({ length: count }, (_, i) => 60 + ((i + 1) % 30)),
    );
  });

  test('a flood of nonsense is acknowledged too; a neighbour is served meanwhile', async () => {
    const neighbour = await server.addPatient();
    const served = await signIn({}, neighbour);
    const peer = await signInAnew();
    const count = 3_000;
    await here.database.line.begin(async (sql) => {
      // Nothing is parked, and so none of it acknowledged, before the neighbour is served.
      await sql`LOCK TABLE parked IN ACCESS EXCLUSIVE MODE`;
      for (let i = 1; i <= count; i += 1) peer.socket.write(publish(device, i, `{"values":${i}`));
      served.send(publish(neighbour, 1, reading(70)));
      await served.packets(1);
      assert.deepEqual(await peer.packets(0), []);
    });
    await peer.packets(count);
    const { parked } = await server.get<{ parked: ParkedView[] }>('/api/parked');
    assert.ok(parked.filter((one) => one.device === device.id).length <= 1_000, 'its quota');
  });

  test('what came before the sending half was closed is stored', async () => {
    const peer = await signInAnew();
    peer.socket.end(
      Buffer.concat([publish(device, 1, reading(60)), publish(device, 2, reading(61), 0)]),
    );
    await peer.ended;
    assert.deepEqual(await storedOf(server, device, 2), [60, 61]);
  });

  test('a device that falls silent is let go after one and a half times its keep-alive', async () => {
    // Before it says who it is: the server counts from that on, and may be heard later.
    const startedMs = performance.now();
    const peer = await signInAnew({ keepAliveS: 1 });
    await peer.ended;
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs >= 1_490 && tookMs < 10_000, `${tookMs} ms`);
  });

  test('none of this was a problem of the server', () => {
    assert.deepEqual(here.problems, []);
  });
});

test('what was acknowledged before the server stopped in the middle of a flood is stored', async () => {
  await using database = await freshDatabase();
  const config = { dataDir: await temporaryDirectory(), database: database.connection };
  const acknowledged = new Set<number>();
  // More than a device may send at once: the rest of it would take half a minute.
  const count = 9_000;
  const fromMs = Date.now() - count;
  const device = await (async () => {
    await using here = await startServerHere({ config });
    const device = await here.server.addPatient();
    using peer = await RawMqtt.signIn(here.server.mqttPort, device);
    for (let i = 1; i <= count; i += 1)
      peer.socket.write(publish(device, i, reading(40 + i / 100, fromMs + i)));
    await peer.packets(100);
    await here[Symbol.asyncDispose]();
    await peer.ended;
    for (const bytes of splitPackets(peer.received)) acknowledged.add(bytes.readUInt16BE(2));
    assert.ok(acknowledged.size < count, 'it was in the middle');
    assert.deepEqual(here.problems, []);
    return device;
  })();
  await using again = await startServerHere({ config });
  const stored = new Set(await valuesOf(again.server, device));
  for (const id of acknowledged) assert.ok(stored.has(40 + id / 100), `message ${id}`);
});
