import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  field,
  subscribePacket,
  uint16,
  unsubscribePacket,
} from '../../../../../tests/support/mqtt-bytes.ts';
import { readSubscribe, readUnsubscribe, type Subscriptions } from './subscriptions.ts';

const KINDS = [
  { name: 'SUBSCRIBE', make: subscribePacket, read: readSubscribe },
  { name: 'UNSUBSCRIBE', make: unsubscribePacket, read: readUnsubscribe },
];

for (const { name, make, read } of KINDS) {
  const ofPacket = (packet: Buffer): Subscriptions | undefined => read(packet, 2, packet.length);

  describe(name, () => {
    test('gives its packet id and filters in their order', () => {
      const expected = { packetId: 0xfffe, filters: ['a/b', '#', 'é'] };
      assert.deepEqual(ofPacket(make(0xfffe, 'a/b', '#', 'é')), expected);
    });

    test('with packet id 0, without filters or with an empty one is malformed', () => {
      assert.equal(ofPacket(make(0, 'a')), undefined);
      assert.equal(ofPacket(make(1)), undefined);
      assert.equal(ofPacket(make(1, 'a', '')), undefined);
      assert.equal(ofPacket(make(1, 'a\0b')), undefined);
    });

    test('cut anywhere within a filter is malformed', () => {
      const whole = make(1, 'ab', 'cd');
      const afterFirst = make(1, 'ab').length;
      for (let length = 2; length < whole.length; length += 1)
        assert.equal(ofPacket(whole.subarray(0, length)) === undefined, length !== afterFirst);
    });

    test('may ask for 256 filters, not for more', () => {
      const filters = Array.from({ length: 256 }, () => 'x');
      const bodyAt = 3;
      const ask = (packet: Buffer) => read(packet, bodyAt, packet.length);
      assert.equal(ask(make(1, ...filters))?.filters.length, 256);
      assert.equal(ask(make(1, ...filters, 'x')), undefined);
    });
  });
}

test('SUBSCRIBE asks for QoS 0, 1 or 2, and its other bits are reserved', () => {
  for (let qos = 0; qos < 256; qos += 1) {
    const bytes = Buffer.concat([uint16(1), field('a'), Buffer.of(qos)]);
    assert.equal(readSubscribe(bytes, 0, bytes.length) !== undefined, qos <= 2, `${qos}`);
  }
});
