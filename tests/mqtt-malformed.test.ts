/**
 * What no client may say, each with the clause that forbids it: the connection ends, nothing is
 * stored, the server lives on, and so does everybody else's connection.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type ConnectFields,
  connectPacket,
  field,
  PINGREQ,
  packet,
  publishPacket,
  subscribePacket,
  uint16,
  unsubscribePacket,
} from './support/mqtt-bytes.ts';
import { RawMqtt } from './support/raw-mqtt.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

interface Case {
  readonly name: string;
  /** OWN stands for the device's topic of readings. */
  readonly bytes: (own: string) => Buffer;
  /** What is answered before the end, in hexadecimal digits. */
  readonly answer?: string;
}

const BAD_TEXTS = [
  { what: 'a lone continuation byte', bytes: [0x80] },
  { what: 'half a character', bytes: [0xe2, 0x82] },
  { what: 'half a surrogate pair', bytes: [0xed, 0xa0, 0x80] },
  { what: 'an overlong slash', bytes: [0xc0, 0xaf] },
  { what: 'a character beyond U+10FFFF', bytes: [0xf4, 0x90, 0x80, 0x80] },
  { what: 'U+0000', bytes: [0x61, 0x00, 0x62] },
];

const READING = JSON.stringify({ values: { 'heart-rate': 70 } });
const SERVER_ONLY = [0x20, 0x40, 0x50, 0x70, 0x90, 0xb0, 0xd0];

function firstPackets(): Case[] {
  const credentials: ConnectFields = { username: 'nobody', password: 'token' };
  const whole = connectPacket({ ...credentials, will: { topic: 't', payload: 'w' } });
  const as = (name: string, fields: ConnectFields, answer?: string): Case => ({
    name,
    bytes: () => connectPacket({ ...credentials, ...fields }),
    ...(answer !== undefined && { answer }),
  });
  return [
    ...[0, 1, 2, 3, 6, 7, 0x83, 0x84, 0xff].map((level) =>
      as(`CONNECT of level ${level}, which is answered (3.1.2-2)`, { level }, '20020001'),
    ),
    as('CONNECT of version 5, in its own words', { level: 5 }, '2003008400'),
    as('CONNECT of MQTT 3.1', { name: 'MQIsdp', level: 3 }, '20020001'),
    as(
      'CONNECT without an id that wants a session (3.1.3-8)',
      { clientId: '', isClean: false },
      '20020002',
    ),
    as('CONNECT of nobody', {}, '20020004'),
    ...['', 'M', 'mqtt', 'MQTTT', 'HTTP'].map((name) =>
      as(`CONNECT of the protocol "${name}" (3.1.2-1)`, { name }),
    ),
    ...[0x01, 0xc3, 0xff].map((flags) => as(`CONNECT with flags ${flags} (3.1.2-3)`, { flags })),
    ...[0x08, 0x10, 0x18, 0x20, 0x38].map((flags) =>
      as(`CONNECT with a will's flags ${flags} and no will`, { flags: 0xc2 | flags }),
    ),
    as('CONNECT with a will of QoS 3 (3.1.2-14)', {
      flags: 0xde,
      will: { topic: 't', payload: '' },
    }),
    as('CONNECT with a password alone (3.1.2-22)', { flags: 0x42 }),
    as('CONNECT with a field too many', { flags: 0x82 }),
    as('CONNECT with a field too few', { flags: 0xc6 }),
    ...BAD_TEXTS.flatMap(({ what, bytes }) => [
      as(`CONNECT with ${what} in its client id`, { clientId: bytes }),
      as(`CONNECT with ${what} in its user name`, { username: bytes }),
      as(`CONNECT with ${what} in its will topic`, { will: { topic: bytes, payload: '' } }),
      as(`CONNECT with ${what} in its protocol name`, { name: bytes }),
    ]),
    ...[1, 2, 4, 8].map((flag) => ({
      name: `CONNECT with the header's flag ${flag} (2.2.2-2)`,
      bytes: () => Buffer.concat([Buffer.of(0x10 | flag), whole.subarray(1)]),
    })),
    ...Array.from({ length: whole.length - 2 }, (_, length) => ({
      name: `CONNECT of a body cut to ${length} bytes`,
      bytes: () => packet(0x10, whole.subarray(2, 2 + length)),
    })),
    ...[0x00, 0x20, 0x30, 0x32, 0x34, 0x40, 0x62, 0x82, 0xa2, 0xc0, 0xe0, 0xf0].map((header) => ({
      name: `a first packet that begins with ${header.toString(16)} (3.1.0-1)`,
      bytes: () => packet(header, field('t'), uint16(1)),
    })),
    {
      name: 'a length of five bytes (2.2.3)',
      bytes: () => Buffer.from([0x10, 128, 128, 128, 128]),
    },
    { name: 'a CONNECT of 16 KiB', bytes: () => connectPacket({ clientId: 'x'.repeat(16_384) }) },
    { name: 'HTTP', bytes: () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n') },
    {
      name: "TLS's first words",
      bytes: () => Buffer.from('16030100ba010000b6030300000000000000000000000000', 'hex'),
    },
  ];
}

const raw = (name: string, bytes: Buffer): Case => ({ name, bytes: () => bytes });

function publishes(): Case[] {
  const publish = (name: string, header: number, ...rest: readonly Buffer[]): Case => ({
    name,
    bytes: (own) => packet(header, field(own), ...rest),
  });
  const [id, body] = [uint16(1), Buffer.from(READING)];
  return [
    ...[0x36, 0x37, 0x3e, 0x3f].map((header) =>
      publish(`PUBLISH of QoS 3, ${header.toString(16)} (3.3.1-4)`, header, id, body),
    ),
    ...[0x38, 0x39].map((header) =>
      publish(`PUBLISH repeated at QoS 0, ${header.toString(16)} (3.3.1-2)`, header, body),
    ),
    ...[0x32, 0x34].map((header) =>
      publish(`PUBLISH ${header.toString(16)} of packet id 0 (2.3.1-1)`, header, uint16(0), body),
    ),
    ...[0x32, 0x34].flatMap((header) => [
      publish(`PUBLISH ${header.toString(16)} without its packet id`, header),
      publish(`PUBLISH ${header.toString(16)} with half a packet id`, header, Buffer.of(1)),
    ]),
    ...[0x30, 0x32, 0x34].flatMap((header) => [
      raw(`PUBLISH ${header.toString(16)} of nothing`, packet(header)),
      raw(`PUBLISH ${header.toString(16)} of one byte`, packet(header, [0])),
      raw(
        `PUBLISH ${header.toString(16)} without a topic (4.7.3-1)`,
        packet(header, field(''), id, body),
      ),
      raw(
        `PUBLISH ${header.toString(16)} whose topic is longer than itself`,
        packet(header, [0xff, 0xff], body),
      ),
    ]),
    ...['#', '+', 'devices/+/readings', '/', '$SYS/x'].map((topic) =>
      raw(`PUBLISH to ${topic} (3.3.2-2)`, publishPacket({ topic, payload: READING })),
    ),
    ...['OWN/', '/OWN', 'OWN ', 'OWN/#', '\uFEFFOWN'].map((like) => ({
      name: `PUBLISH to ${like}, which is nearly its own`,
      bytes: (own: string) => publishPacket({ topic: like.replace('OWN', own), payload: READING }),
    })),
    ...BAD_TEXTS.flatMap(({ what, bytes }) => [
      {
        name: `PUBLISH with ${what} after its topic (1.5.3)`,
        bytes: (own: string) => publishPacket({ topic: [...Buffer.from(own), ...bytes] }),
      },
    ]),
  ];
}

function otherPackets(): Case[] {
  const id = uint16(1);
  return [
    { name: 'a second CONNECT (3.1.0-2)', bytes: () => connectPacket({ username: 'x' }) },
    ...BAD_TEXTS.flatMap(({ what, bytes }) => [
      raw(`SUBSCRIBE with ${what}`, packet(0x82, id, field(bytes), [0])),
      raw(`UNSUBSCRIBE with ${what}`, packet(0xa2, id, field(bytes))),
    ]),
    ...SERVER_ONLY.map((header) =>
      raw(`what only a server says: ${header.toString(16)}`, packet(header, id)),
    ),
    ...[0x00, 0x0f, 0xf0, 0xff].map((header) =>
      raw(`the reserved type ${header.toString(16)} (2.2.1)`, packet(header, id)),
    ),
    ...[0x60, 0x61, 0x63, 0x66, 0x6a].map((header) =>
      raw(`PUBREL as ${header.toString(16)} (3.6.1-1)`, packet(header, id)),
    ),
    ...[[], [1], [0, 0], [0, 1, 2]].map((bytes) =>
      raw(`PUBREL with a body of [${bytes}]`, packet(0x62, bytes)),
    ),
    ...[0x80, 0x81, 0x83, 0x86, 0x8a].map((header) =>
      raw(`SUBSCRIBE as ${header.toString(16)} (3.8.1-1)`, packet(header, id, field('x'), [0])),
    ),
    raw('SUBSCRIBE of nothing', packet(0x82)),
    raw('SUBSCRIBE of half a packet id', packet(0x82, [1])),
    raw('SUBSCRIBE without a filter (3.8.3-3)', subscribePacket(1)),
    raw('SUBSCRIBE of packet id 0 (2.3.1-1)', subscribePacket(0, 'x')),
    raw('SUBSCRIBE to an empty filter (4.7.3-1)', subscribePacket(1, '')),
    raw('SUBSCRIBE without a QoS', packet(0x82, id, field('x'))),
    raw('SUBSCRIBE with half a filter', packet(0x82, id, [0, 9, 120])),
    ...[3, 4, 0x40, 0x80, 0xff].map((qos) =>
      raw(`SUBSCRIBE of QoS ${qos} (3.8.3-4)`, packet(0x82, id, field('x'), [qos])),
    ),
    raw('SUBSCRIBE to very many', subscribePacket(1, ...Array.from({ length: 5_000 }, () => '#'))),
    ...[0xa0, 0xa1, 0xa3, 0xa6, 0xaa].map((header) =>
      raw(`UNSUBSCRIBE as ${header.toString(16)} (3.10.1-1)`, packet(header, id, field('x'))),
    ),
    raw('UNSUBSCRIBE of nothing', packet(0xa2)),
    raw('UNSUBSCRIBE without a filter (3.10.3-2)', unsubscribePacket(1)),
    raw('UNSUBSCRIBE of packet id 0', unsubscribePacket(0, 'x')),
    raw('UNSUBSCRIBE with half a filter', packet(0xa2, id, [0, 9, 120])),
    ...[0xc1, 0xc2, 0xc8, 0xe1, 0xe2, 0xe8].map((header) =>
      raw(`PINGREQ or DISCONNECT as ${header.toString(16)} (2.2.2-2, 3.14.1-1)`, packet(header)),
    ),
    raw('PINGREQ with a body', packet(0xc0, [0])),
    raw('DISCONNECT with a body', packet(0xe0, [0])),
    raw('a length of five bytes (2.2.3)', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f])),
    raw('a length of 256 MiB', Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])),
  ];
}

const FIRST = firstPackets();
const LATER = [...publishes(), ...otherPackets()];

describe('malformed packets', () => {
  let here: ServerHere;
  let device: TestDevice;
  let bystander: RawMqtt;
  before(async () => {
    here = await startServerHere();
    device = await here.server.addPatient();
    const neighbour = await here.server.addPatient();
    bystander = await RawMqtt.signIn(here.server.mqttPort, neighbour);
  });
  after(async () => {
    bystander[Symbol.dispose]();
    await here[Symbol.asyncDispose]();
  });

  for (const { name, bytes, answer = '' } of FIRST) {
    test(`first: ${name}`, async () => {
      using peer = await RawMqtt.open(here.server.mqttPort);
      peer.send(bytes('t'), connectPacket({ username: device.id, password: device.token }));
      await peer.ended;
      assert.equal(peer.received.toString('hex'), answer);
    });
  }

  for (const { name, bytes } of LATER) {
    test(`later: ${name}`, async () => {
      using peer = await RawMqtt.signIn(here.server.mqttPort, device);
      peer.send(bytes(`devices/${device.id}/readings`), PINGREQ);
      await peer.ended;
      assert.equal(peer.received.length, 0);
    });
  }

  test('are many, store nothing, and leave everybody else as they were', async (t) => {
    const count = FIRST.length + LATER.length;
    t.diagnostic(`${count} malformed packets`);
    assert.ok(count >= 170);
    bystander.send(PINGREQ);
    assert.deepEqual(await bystander.hex(1), ['d000']);
    assert.deepEqual(await here.server.readings(device.subjectId, 'heart-rate'), []);
    // Of a message that claims to be too large, its beginning is kept, once its connection is over.
    const parked = await eventually('what was parked', async () => {
      const list = await here.server.get<{ parked: unknown[] }>('/api/parked');
      return list.parked.length > 0 ? list.parked : undefined;
    });
    assert.equal(parked.length, 1);
    assert.deepEqual(here.problems, []);
  });
});
