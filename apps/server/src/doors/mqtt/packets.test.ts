import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { field, packet, publishPacket, uint16 } from '../../../../../tests/support/mqtt-bytes.ts';
import {
  acknowledgement,
  acknowledgements,
  CONNACK,
  CONNACK_VERSION_5_REFUSED,
  connack,
  HEADER,
  isPublish,
  type Publish,
  publication,
  readPacketId,
  readPublish,
  suback,
  unsuback,
} from './packets.ts';

/** Reads a packet whose length takes one byte, lying somewhere inside of more bytes. */
function publishOf(packet: Buffer): Publish | undefined {
  const around = Buffer.concat([Buffer.alloc(3, 0xaa), packet, Buffer.alloc(3, 0xaa)]);
  return readPublish(packet[0] ?? 0, around, 5, around.length - 3);
}

describe('PUBLISH', () => {
  for (const qos of [0, 1, 2] as const) {
    test(`at QoS ${qos} gives topic, packet id and payload`, () => {
      const fields = { topic: 'devices/é/readings', payload: 'payload', qos, packetId: 0xabcd };
      const { payload, ...rest } = publishOf(publishPacket(fields)) as Publish;
      const packetId = qos === 0 ? 0 : 0xabcd;
      assert.deepEqual(rest, { topic: 'devices/é/readings', qos, packetId });
      assert.equal(String(payload), 'payload');
      assert.equal(publishOf(publishPacket({ ...fields, payload: '' }))?.payload.length, 0);
    });

    test(`at QoS ${qos}, cut anywhere before its payload, is malformed`, () => {
      const whole = publishPacket({ topic: 'a/b', payload: '', qos, packetId: 0xffff });
      for (let length = 2; length < whole.length; length += 1)
        assert.equal(publishOf(whole.subarray(0, length)), undefined, `${length} bytes`);
      assert.ok(publishOf(whole));
    });
  }

  test('repeated or retained is read as any other', () => {
    for (const [header, qos] of [
      [0x31, 0],
      [0x3a, 1],
      [0x3b, 1],
      [0x3d, 2],
    ] as const) {
      const bytes = Buffer.concat(
        [field('t'), qos === 0 ? [] : uint16(9)].map((b) => Buffer.from(b)),
      );
      assert.equal(readPublish(header, bytes, 0, bytes.length)?.qos, qos);
    }
  });

  test('of QoS 3, repeated at QoS 0, with packet id 0 or without a topic is malformed', () => {
    const bytes = Buffer.concat([field('t'), uint16(1), Buffer.from('x')]);
    for (const header of [0x36, 0x37, 0x3e, 0x3f, 0x38, 0x39])
      assert.equal(readPublish(header, bytes, 0, bytes.length), undefined, header.toString(16));
    assert.equal(publishOf(publishPacket({ topic: 't', packetId: 0 })), undefined);
    assert.equal(publishOf(publishPacket({ topic: 't', qos: 2, packetId: 0 })), undefined);
    for (const qos of [0, 1, 2] as const)
      assert.equal(publishOf(publishPacket({ topic: '', qos, payload: 'xxxx' })), undefined);
  });

  test('of any bytes is read within its bounds or not at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(15), (body, flags) => {
        const publish = readPublish(0x30 | flags, Buffer.from(body), 0, body.length);
        if (publish === undefined) return;
        assert.ok(publish.payload.length <= body.length - 3);
        assert.equal(publish.qos, (flags >> 1) & 3);
        assert.equal(publish.packetId === 0, publish.qos === 0);
      }),
    );
  });

  test('is told from every other type by the upper half of its first byte', () => {
    for (let header = 0; header < 256; header += 1)
      assert.equal(isPublish(header), header >= 0x30 && header < 0x40);
  });
});

describe('short packets', () => {
  test('a packet id is two bytes, not more, not less, and not 0', () => {
    const bytes = Buffer.from([0xff, 0x01, 0x02, 0, 0]);
    assert.equal(readPacketId(bytes, 1, 3), 0x0102);
    assert.equal(readPacketId(bytes, 1, 2), undefined);
    assert.equal(readPacketId(bytes, 1, 1), undefined);
    assert.equal(readPacketId(bytes, 0, 3), undefined);
    assert.equal(readPacketId(bytes, 3, 5), undefined);
  });

  test('acknowledgements stand in their order, four bytes each', () => {
    const each = [
      acknowledgement(HEADER.PUBACK, 1),
      acknowledgement(HEADER.PUBREC, 0x0203),
      acknowledgement(HEADER.PUBCOMP, 0xffff),
    ];
    assert.equal(acknowledgements(each, 3).toString('hex'), '4002000150020203' + '7002ffff');
    assert.equal(acknowledgements(each, 1).toString('hex'), '40020001');
    assert.equal(acknowledgements(each, 0).length, 0);
  });

  test('answers are as the standard draws them', () => {
    assert.equal(connack(CONNACK.ACCEPTED).toString('hex'), '20020000');
    assert.equal(connack(CONNACK.BAD_CREDENTIALS).toString('hex'), '20020004');
    assert.equal(suback(0x0102, [0, 0x80]).toString('hex'), '90040102' + '0080');
    assert.equal(unsuback(0xfffe).toString('hex'), 'b002fffe');
  });

  for (const size of [0, 1, 100, 110, 111, 128, 16_366, 16_367]) {
    test(`a message to a device of ${size} bytes is read as it was written`, () => {
      const [topic, payload] = ['devices/é/errors', 'x'.repeat(size)];
      const expected = publishPacket({ topic, payload, qos: 0 });
      assert.deepEqual(publication(topic, payload), expected);
    });
  }

  test('many refused filters are answered in one packet', () => {
    const granted = Array.from({ length: 200 }, () => 0x80);
    assert.deepEqual(suback(7, granted), packet(0x90, uint16(7), granted));
  });

  test('a client of version 5 is told so in its own words', () => {
    assert.equal(CONNACK_VERSION_5_REFUSED.toString('hex'), '2003008400');
  });
});
