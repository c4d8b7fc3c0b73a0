/** A connection over a real socket, with the clock and the log in the test's own hand. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  connectPacket,
  DISCONNECT,
  PINGREQ,
  publishPacket,
  pubrel,
} from '../../../../../tests/support/mqtt-bytes.ts';
import {
  DEVICE,
  MqttUnderTest,
  message,
  STORED,
  TOPIC,
} from '../../../../../tests/support/mqtt-connections.ts';
import { RawMqtt } from '../../../../../tests/support/raw-mqtt.ts';

test("a client id counts under its device's own; one is invented for a client without", async () => {
  await using door = await MqttUnderTest.open();
  using named = await door.signIn({ clientId: 'é' });
  using unnamed = await door.signIn({ clientId: '' });
  assert.deepEqual(door.clientKeys, ['monitor-1/é', 'monitor-1/invented']);
  assert.deepEqual([named.isEnded, unnamed.isEnded], [false, false]);
});

describe('acknowledgements', () => {
  test('leave in the order of sending, though the first message is the last to be durable', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    peer.send(message(1), message(2, 2), message(0, 0), message(3));
    const [first, second, third, fourth] = await door.takenIn(4);
    for (const one of [fourth, third, second]) one?.answer(STORED);
    // A ping overtakes: whatever was to come before it would have come.
    peer.send(PINGREQ);
    assert.deepEqual(await peer.hex(1), ['d000']);
    first?.answer(STORED);
    assert.deepEqual(await peer.hex(4), ['d000', '40020001', '50020002', '40020003']);
  });

  test('of one commit leave in one piece', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    peer.send(...Array.from({ length: 50 }, (_, i) => message(i + 1)));
    await door.takenIn(50);
    const chunks: number[] = [];
    peer.socket.on('data', (chunk: Buffer) => chunks.push(chunk.length));
    for (const { answer } of door.taken) answer(STORED);
    await peer.packets(50);
    assert.deepEqual(chunks, [200]);
  });

  test('that come after the connection has ended harm nobody', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    peer.send(message(1), message(2, 2));
    await door.takenIn(2);
    peer.socket.destroy();
    await door.gone();
    for (const { answer } of door.taken) answer(STORED);
  });
});

describe('QoS 2', () => {
  test('is PUBREC once durable, then PUBREL, PUBCOMP', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    door.answersItself = STORED;
    peer.send(message(7, 2));
    assert.deepEqual(await peer.hex(1), ['50020007']);
    peer.send(pubrel(7));
    assert.deepEqual(await peer.hex(2), ['50020007', '70020007']);
  });

  test('repeated before its release it is taken in once, repeated after it is a new message', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    const again = publishPacket({ topic: TOPIC, packetId: 7, qos: 2, isRepeat: true });
    peer.send(message(7, 2), again, again);
    const [only] = await door.takenIn(1);
    peer.send(PINGREQ);
    assert.deepEqual(
      await peer.hex(1),
      ['d000'],
      'while it is not durable, repeats are not answered',
    );
    only?.answer(STORED);
    assert.deepEqual(await peer.hex(2), ['d000', '50020007']);
    peer.send(again);
    assert.deepEqual((await peer.hex(3)).at(-1), '50020007', 'answered again');
    assert.equal(door.taken.length, 1);
    peer.send(pubrel(7), pubrel(7), message(7, 2));
    await door.takenIn(2);
    assert.deepEqual((await peer.hex(5)).slice(3), ['70020007', '70020007']);
  });

  test('a client with every packet id under way is served', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    door.answersItself = STORED;
    const ids = Array.from({ length: 0xffff }, (_, i) => i + 1);
    peer.send(...ids.map((id) => publishPacket({ topic: TOPIC, packetId: id, qos: 2 })));
    await peer.packets(ids.length);
    peer.send(...ids.map(pubrel));
    assert.equal((await peer.hex(2 * ids.length)).at(-1), '7002ffff');
    assert.equal(door.taken.length, ids.length);
  });
});

describe('silence', () => {
  const LIMITS = [
    { keepAliveS: 1, silentMaxMs: 1_500 },
    { keepAliveS: 60, silentMaxMs: 90_000 },
    { keepAliveS: 0xffff, silentMaxMs: 98_302_500 },
  ];
  for (const { keepAliveS, silentMaxMs } of LIMITS) {
    test(`with a keep-alive of ${keepAliveS} s it lasts ${silentMaxMs} ms and not longer`, async () => {
      await using door = await MqttUnderTest.open();
      using peer = await door.signIn({ keepAliveS });
      door.nowMs += silentMaxMs;
      door.last.look(door.nowMs);
      peer.send(PINGREQ);
      await peer.packets(1);
      door.nowMs += silentMaxMs;
      door.last.look(door.nowMs);
      assert.equal(door.ended, 0, 'a ping begins it anew');
      door.last.look(door.nowMs + 1);
      await peer.ended;
    });
  }

  test('without keep-alive it may last for ever', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn({ keepAliveS: 0 });
    door.last.look(Number.MAX_SAFE_INTEGER);
    peer.send(PINGREQ);
    assert.deepEqual(await peer.hex(1), ['d000']);
  });

  test('of the process, not of the device, is excused', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn({ keepAliveS: 2 });
    door.nowMs += 60_000;
    door.last.excuse(door.nowMs);
    door.last.look(door.nowMs + 3_000);
    assert.equal(door.ended, 0);
    door.last.look(door.nowMs + 3_001);
    await peer.ended;
  });

  test('before CONNECT lasts ten seconds, and drops of one do not prolong it', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await RawMqtt.open(door.port);
    const connect = connectPacket({ username: DEVICE.id, password: 'token' });
    for (let i = 0; i < 10; i += 1) {
      peer.send(connect.subarray(i, i + 1));
      // So that each arrives by itself; half a CONNECT has no answer to wait for.
      await new Promise((resolve) => setTimeout(resolve, 2));
      door.nowMs += 1_000;
      door.last.look(door.nowMs);
    }
    assert.equal(door.ended, 0);
    door.last.look(door.nowMs + 1);
    await peer.ended;
  });

  test('of a device that is not being read is not its own', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn({ keepAliveS: 1 });
    peer.send(...Array.from({ length: 600 }, (_, i) => message(i + 1)));
    await door.takenIn(512);
    door.nowMs += 60_000;
    door.last.look(door.nowMs);
    door.answersItself = STORED;
    for (const { answer } of [...door.taken]) answer(STORED);
    door.last.look(door.nowMs + 1_500);
    await peer.packets(600);
  });
});

describe('the end', () => {
  const will = { topic: TOPIC, payload: 'last words' };

  test("without DISCONNECT leaves the device's will, once", async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn({ will });
    peer.socket.destroy();
    await door.gone();
    assert.deepEqual(
      door.taken.map(({ payload }) => payload),
      ['last words'],
    );
  });

  test('by silence or by a broken rule leaves the will too', async () => {
    await using door = await MqttUnderTest.open();
    using silent = await door.signIn({ will, keepAliveS: 1 });
    door.last.look(door.nowMs + 2_000);
    await silent.ended;
    using broken = await door.signIn({ will });
    broken.send(Buffer.from([0xe1, 0]));
    await broken.ended;
    assert.equal((await door.takenIn(2)).length, 2);
  });

  test('with DISCONNECT leaves no will, and what follows it is not read', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn({ will });
    peer.send(message(1), DISCONNECT, message(2));
    await door.gone();
    assert.deepEqual(
      door.taken.map(({ payload }) => payload),
      ['message 1'],
    );
  });

  for (const topic of ['devices/other/readings', 'devices/monitor-1/errors', '#', '']) {
    test(`leaves no will for ${topic || 'no topic'}`, async () => {
      await using door = await MqttUnderTest.open();
      using peer = await door.signIn({ will: { topic, payload: 'last words' } });
      peer.socket.destroy();
      await door.gone();
      assert.equal(door.taken.length, 0);
    });
  }

  test('of the sending half ends the connection; what was sent before is taken in', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    peer.socket.end(message(1));
    await peer.ended;
    assert.equal((await door.takenIn(1)).length, 1);
    door.taken[0]?.answer(STORED);
  });
});
