import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { connectPacket } from '../../../../../tests/support/mqtt-bytes.ts';
import { type Connect, type OtherVersion, readConnect } from './connect.ts';
import { readSubscribe, readUnsubscribe } from './subscriptions.ts';

const FULL = {
  clientId: 'client',
  isClean: true,
  keepAliveS: 0x0102,
  will: { topic: 'devices/é/events', payload: 'gone' },
  username: 'monitor-1',
  password: 'token',
};

/** Of packets whose length takes one byte. */
function read(packet: Buffer): Connect | OtherVersion | undefined {
  return readConnect(packet, 2, packet.length);
}

describe('CONNECT', () => {
  test('is read field by field', () => {
    const connect = read(connectPacket(FULL));
    assert.ok(connect !== undefined && 'clientId' in connect);
    const { will, password, ...rest } = connect;
    assert.deepEqual(rest, {
      clientId: 'client',
      isClean: true,
      keepAliveS: 0x0102,
      username: 'monitor-1',
    });
    assert.equal(will?.topic, 'devices/é/events');
    assert.deepEqual([String(will?.payload), String(password)], ['gone', 'token']);
  });

  test('with nothing but a client id has no will, no user name, no password', () => {
    const { will, username, password, clientId, isClean } = read(
      connectPacket({ clientId: '', isClean: false }),
    ) as Connect;
    assert.deepEqual([will, username, password], [undefined, undefined, undefined]);
    assert.deepEqual([clientId, isClean], ['', false]);
  });

  test('cut anywhere is malformed, and so is a byte too many', () => {
    const whole = connectPacket(FULL);
    for (let length = 2; length < whole.length; length += 1)
      assert.equal(read(whole.subarray(0, length)), undefined, `${length} bytes`);
    assert.equal(read(Buffer.concat([whole, Buffer.of(0)])), undefined);
  });

  const VERSIONS = [
    { name: 'MQTT', level: 3 },
    { name: 'MQTT', level: 5 },
    { name: 'MQTT', level: 0 },
    { name: 'MQTT', level: 0x84 },
    { name: 'MQIsdp', level: 3 },
  ];
  for (const { name, level } of VERSIONS) {
    test(`of ${name} level ${level} is of another version, whatever follows`, () => {
      assert.deepEqual(read(connectPacket({ name, level })), { level });
      assert.deepEqual(read(connectPacket({ name, level }).subarray(0, 5 + name.length)), {
        level,
      });
    });
  }

  test('of another protocol is malformed', () => {
    for (const name of ['', 'mqtt', 'MQTT ', 'HTTP', 'MQ\0T']) {
      assert.equal(read(connectPacket({ name })), undefined, name);
    }
  });

  const FLAGS = [
    { flags: 0x03, why: 'the reserved flag' },
    { flags: 0x1e, why: 'a will of QoS 3' },
    { flags: 0x0a, why: "a will's QoS without a will" },
    { flags: 0x22, why: "a will's retain without a will" },
    { flags: 0x42, why: 'a password without a user name' },
  ];
  for (const { flags, why } of FLAGS) {
    test(`with ${why} is malformed`, () => {
      const will = (flags & 4) === 0 ? undefined : FULL.will;
      const password = (flags & 0x40) === 0 ? undefined : 'token';
      const rest = { ...(will && { will }), ...(password && { password }) };
      assert.equal(read(connectPacket({ ...rest, flags })), undefined);
    });
  }

  for (const [what, bytes] of [
    ['ends within a character', [0x61, 0xc3]],
    ['holds half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['writes a slash in two bytes', [0xc0, 0xaf]],
    ['holds U+0000', [0x61, 0x00]],
    ['holds a byte of no encoding', [0xff]],
  ] as const) {
    test(`with text that ${what} is malformed`, () => {
      assert.equal(read(connectPacket({ ...FULL, clientId: bytes })), undefined);
      assert.equal(read(connectPacket({ ...FULL, username: bytes })), undefined);
      assert.equal(
        read(connectPacket({ ...FULL, will: { topic: bytes, payload: '' } })),
        undefined,
      );
    });
  }

  test('of any bytes is read or refused, never thrown over', () => {
    const whole = connectPacket(FULL);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, end) => {
        const bent = Buffer.from(whole);
        bent[at] = byte;
        readConnect(bent, 2, Math.max(2, end));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        for (const readIt of [readConnect, readSubscribe, readUnsubscribe])
          readIt(Buffer.from(bytes), 0, bytes.length);
      }),
    );
  });
});
