/** What cannot be taken now waits: unacknowledged, in order, offered again at each look. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PINGREQ, subscribePacket } from '../../../../../tests/support/mqtt-bytes.ts';
import {
  MqttUnderTest,
  message,
  REFUSED,
  STORED,
  TOPIC,
  waveform,
} from '../../../../../tests/support/mqtt-connections.ts';

/** No event tells that nothing more comes: time enough for what must not. */
const nothingMore = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

describe('a message that is refused', () => {
  for (const qos of [0, 1, 2] as const) {
    test(`with QoS ${qos} waits, and what is behind it is not read`, async () => {
      await using door = await MqttUnderTest.open();
      using peer = await door.signIn();
      door.answersItself = REFUSED;
      peer.send(message(1, qos), message(2, qos), PINGREQ);
      await door.takenIn(1);
      await nothingMore();
      assert.deepEqual(door.payloads, ['message 1']);
      assert.equal(peer.received.length, 0, 'neither acknowledged nor ended');

      door.last.look(door.nowMs);
      assert.deepEqual(door.payloads, ['message 1', 'message 1'], 'refused again');
      door.answersItself = STORED;
      door.last.look(door.nowMs);
      assert.deepEqual(door.payloads.slice(2), ['message 1', 'message 2']);
      const answers = { 0: [], 1: ['40020001', '40020002'], 2: ['50020001', '50020002'] }[qos];
      // The ping is answered at once, what was stored at the end of the turn: in which order does not matter.
      const heard = await peer.hex(answers.length + 1);
      assert.deepEqual([...heard].sort(), [...answers, 'd000'].sort());
    });
  }

  test('after others had been taken holds back nothing of theirs', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    peer.send(message(1), message(2), message(3));
    const [first, second, third] = await door.takenIn(3);
    third?.answer(STORED);
    second?.answer(REFUSED);
    first?.answer(STORED);
    assert.deepEqual(await peer.hex(1), ['40020001']);
    door.answersItself = STORED;
    door.last.look(door.nowMs);
    assert.deepEqual(door.payloads.slice(3), ['message 2']);
    assert.deepEqual(await peer.hex(3), ['40020001', '40020002', '40020003']);
  });

  test('is told once to a device that listens, and once more when it happens anew', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    peer.send(subscribePacket(1, 'devices/monitor-1/errors'));
    await peer.packets(1);
    peer.forget();
    for (const round of [1, 2]) {
      door.answersItself = REFUSED;
      peer.send(message(round));
      const [notice] = await peer.packets(1);
      assert.match(String(notice), /devices\/monitor-1\/errors.*STORE_FULL/s);
      for (let look = 0; look < 3; look += 1) door.last.look(door.nowMs);
      door.answersItself = STORED;
      door.last.look(door.nowMs);
      assert.deepEqual((await peer.hex(2)).slice(1), [`4002000${round}`]);
      peer.forget();
    }
  });

  test('does not end a connection that is silent because it is not read', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn({ keepAliveS: 1 });
    door.answersItself = REFUSED;
    peer.send(message(1));
    await door.takenIn(1);
    door.nowMs += 3_600_000;
    door.last.look(door.nowMs);
    door.answersItself = STORED;
    door.last.look(door.nowMs);
    assert.deepEqual(await peer.hex(1), ['40020001']);
    door.last.look(door.nowMs + 1_500);
    assert.equal(peer.isEnded, false, 'its silence begins anew');
  });

  test('of a device that has gone is let go: it was not acknowledged', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    door.answersItself = REFUSED;
    peer.send(message(1), message(2));
    await door.takenIn(1);
    peer.socket.destroy();
    await door.gone();
    assert.deepEqual(door.payloads, ['message 1']);
    assert.deepEqual(door.left, [], 'it is sent again');
  });

  test('of a device that has gone and will not send it again is left behind, in order', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn({ will: { topic: TOPIC, payload: 'last words' } });
    door.answersItself = REFUSED;
    peer.send(message(1, 0), message(2, 0), message(3, 1));
    await door.takenIn(1);
    peer.socket.destroy();
    await door.gone();
    assert.deepEqual(door.left, ['message 1', 'message 2', 'last words']);
  });
});

describe('a waveform that is refused', () => {
  test('is passed by numbers, and by no other waveform; acknowledged they are in order', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    door.answersItself = REFUSED;
    peer.send(waveform(1));
    await door.takenIn(1);
    door.answersItself = STORED;
    peer.send(message(2), waveform(3), message(4));
    await door.takenIn(3);
    await nothingMore();
    assert.deepEqual(door.payloads, ['wave 1', 'message 2', 'message 4']);
    assert.equal(peer.received.length, 0);
    door.last.look(door.nowMs);
    assert.deepEqual(door.payloads.slice(3), ['wave 1', 'wave 3']);
    assert.deepEqual(await peer.hex(4), ['40020001', '40020002', '40020003', '40020004']);
  });

  test('is offered again only when no number waits', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    door.answersItself = REFUSED;
    peer.send(waveform(1), message(2));
    await door.takenIn(2);
    door.last.look(door.nowMs);
    assert.deepEqual(door.payloads, ['wave 1', 'message 2', 'message 2']);
    door.answersItself = STORED;
    door.last.look(door.nowMs);
    assert.deepEqual(door.payloads.slice(3), ['message 2', 'wave 1']);
    assert.deepEqual(await peer.hex(2), ['40020001', '40020002']);
  });

  test('stops the reading where there is no memory for more', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    door.room.bytes = 20;
    door.answersItself = REFUSED;
    peer.send(waveform(1), message(2));
    await door.takenIn(1);
    await nothingMore();
    assert.deepEqual(door.payloads, ['wave 1']);
    door.room.bytes -= 20;
    door.last.look(door.nowMs);
    await door.takenIn(3);
    assert.deepEqual(door.payloads.slice(1), ['wave 1', 'message 2']);
    door.answersItself = STORED;
    door.last.look(door.nowMs);
    assert.equal(door.room.bytes, 0);
  });

  test('gives its memory back when its device goes', async () => {
    await using door = await MqttUnderTest.open();
    using peer = await door.signIn();
    door.answersItself = REFUSED;
    peer.send(waveform(1), message(2));
    await door.takenIn(2);
    assert.equal(door.room.bytes, 'wave 1'.length + 'message 2'.length);
    peer.socket.destroy();
    await door.gone();
    assert.equal(door.room.bytes, 0);
  });
});
