/** What one connection may take of the memory and the processor, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import {
  DISCONNECT,
  PINGREQ,
  publishPacket,
  pubrel,
  subscribePacket,
} from '../../../../../tests/support/mqtt-bytes.ts';
import {
  MqttUnderTest,
  message,
  STORED,
  TOPIC,
} from '../../../../../tests/support/mqtt-connections.ts';
import { RawMqtt } from '../../../../../tests/support/raw-mqtt.ts';

describe('a flood', () => {
  test('is read no further while 512 messages wait, and nothing of it is lost', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    const count = 40_000;
    // Each is 1 KiB, so that they do not fit into the buffers between.
    const padding = ' '.repeat(1_000);
    const send = async (): Promise<void> => {
      for (let id = 1; id <= count; id += 1) {
        const isTaken = peer.socket.write(message(id, 1, `${id}${padding}`));
        if (!isTaken) await once(peer.socket, 'drain');
      }
    };
    const sending = send();
    await door.takenIn(512);
    // No event tells that nothing more comes: time enough for what must not.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const held = door.taken.length;
    assert.equal(held, 512, 'nothing more is taken in while nothing is durable');
    door.answersItself = STORED;
    for (const { answer } of door.taken.slice(0, held)) answer(STORED);
    await sending;
    const acknowledged = await peer.packets(count);
    assert.equal(acknowledged.at(-1)?.toString('hex'), `4002${count.toString(16)}`);
    assert.deepEqual(
      door.taken.map(({ payload }) => Number(payload)),
      Array.from({ length: count }, (_, i) => i + 1),
    );
  });

  test('in a single chunk is cut no further than it may wait either', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    const flood = Array.from({ length: 1_400 }, (_, i) => message(i + 1, 1, 'x'));
    peer.send(...flood, PINGREQ);
    await door.takenIn(512);
    assert.equal(door.taken.length, 512);
    for (const { answer } of door.taken.slice(0, 255)) answer(STORED);
    assert.equal(door.taken.length, 512);
    door.taken[255]?.answer(STORED);
    assert.equal(door.taken.length, 768, 'half of it is durable');
    door.answersItself = STORED;
    for (const { answer } of door.taken.slice(256)) answer(STORED);
    const packets = await peer.hex(1_401);
    assert.equal(packets.filter((hex) => hex.startsWith('4002')).length, 1_400);
    assert.ok(packets.includes('d000'));
  });

  test('whose device has gone is taken in to its end, a will after it if there was no goodbye', async () => {
    for (const last of [DISCONNECT, Buffer.alloc(0)]) {
      await using door = await MqttUnderTest.open();
      using peer = await door.signIn({ will: { topic: TOPIC, payload: 'last words' } });
      const flood = Array.from({ length: 1_200 }, (_, i) => message(i + 1, 0));
      peer.socket.end(Buffer.concat([...flood, last]));
      await door.gone();
      const payloads = door.taken.map(({ payload }) => payload);
      assert.equal(payloads[1_199], 'message 1200');
      assert.deepEqual(payloads.slice(1_200), last.length > 0 ? [] : ['last words']);
    }
  });

  test('of large messages stops at two MiB', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    const large = 'x'.repeat(500_000);
    for (let id = 1; id <= 20; id += 1) peer.socket.write(message(id, 1, large));
    await door.takenIn(5);
    // No event tells that nothing more comes: time enough for what must not.
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(door.taken.length, 5);
    door.answersItself = STORED;
    for (const { answer } of [...door.taken]) answer(STORED);
    await peer.packets(20);
  });

  test('of pings or subscriptions between two looks ends the connection', async () => {
    for (const bytes of [PINGREQ, subscribePacket(1, 'x')]) {
      await using door = await MqttUnderTest.open();
      using peer = await door.signIn();
      const hundred = Array.from({ length: 100 }, () => bytes);
      peer.send(...hundred);
      await peer.packets(100);
      door.last.look(door.nowMs);
      peer.send(...hundred);
      await peer.packets(200);
      peer.send(bytes);
      await peer.ended;
    }
  });

  test('of a device that never reads its answers ends before they fill the memory', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    door.answersItself = STORED;
    peer.socket.pause();
    const releases = Buffer.concat(Array.from({ length: 16_384 }, (_, i) => pubrel(i + 1)));
    let sent = 0;
    while (door.ended === 0 && sent < 64 * 1024 * 1024) {
      peer.socket.write(releases);
      sent += releases.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await door.gone();
  });
});

describe('a packet larger than any message may be', () => {
  const MEBIBYTE = 1024 * 1024;

  test('is parked as far as it has come, and ends the connection', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    const packet = publishPacket({ topic: TOPIC, payload: Buffer.alloc(MEBIBYTE + 1024) });
    peer.send(packet.subarray(0, 100));
    await peer.ended;
    assert.deepEqual(door.parked, [packet.subarray(0, 100)]);
    assert.equal(door.taken.length, 0);
  });

  test('is parked though its topic has not come; not for a foreign topic, nor of another type', async () => {
    const foreign = publishPacket({
      topic: 'devices/x/readings',
      payload: Buffer.alloc(2 * MEBIBYTE),
    });
    const own = publishPacket({ topic: TOPIC, payload: Buffer.alloc(2 * MEBIBYTE) });
    const subscribe = Buffer.from([0x82, 0xff, 0xff, 0xff, 0x7f, 0, 1]);
    for (const { bytes, count } of [
      { bytes: own.subarray(0, 5), count: 1 },
      { bytes: foreign.subarray(0, 60), count: 0 },
      { bytes: subscribe, count: 0 },
    ]) {
      await using door = await MqttUnderTest.open();
      using peer = await door.signIn();
      peer.send(bytes);
      await peer.ended;
      assert.equal(door.parked.length, count);
    }
  });

  test('the largest message itself is taken in', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    peer.send(publishPacket({ topic: TOPIC, payload: Buffer.alloc(MEBIBYTE, 0x20) }));
    assert.equal((await door.takenIn(1))[0]?.payload.length, MEBIBYTE);
  });

  test('from somebody who has not signed in leaves nothing', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await RawMqtt.open(door.port);
    peer.send(Buffer.from([0x10, 0x81, 0x80, 0x01]));
    await peer.ended;
    assert.equal(door.parked.length, 0);
  });
});
