/**
 * MQTT 3.1.1 packets as this door reads and writes them. PUBLISH and the acknowledgements pass for every
 * message, so they are read by hand; the rare ones are read and written by mqtt-packet.
 */
import mqttPacket, { type IConnectPacket, type Packet } from 'mqtt-packet';

/** Packet types (MQTT 3.1.1, 2.2.1), as the upper half of the first byte. */
export const TYPE = {
  CONNECT: 0x10,
  PUBLISH: 0x30,
  PUBACK: 0x40,
  PUBREC: 0x50,
  PUBREL: 0x60,
  PUBCOMP: 0x70,
  SUBSCRIBE: 0x80,
  UNSUBSCRIBE: 0xa0,
  PINGREQ: 0xc0,
  DISCONNECT: 0xe0,
} as const;

/** CONNACK return codes (3.2.2.3). */
export const CONNACK = {
  ACCEPTED: 0,
  PROTOCOL_REFUSED: 1,
  IDENTIFIER_REFUSED: 2,
  BAD_CREDENTIALS: 4,
} as const;

/** SUBACK return codes (3.9.3). */
export const SUBACK = { QOS_0: 0, REFUSED: 0x80 } as const;

export const PINGRESP: Buffer = Buffer.from([0xd0, 0]);

export interface Publish {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  /** 0 at QoS 0. */
  readonly packetId: number;
  /** A view into the bytes that were read. */
  readonly payload: Buffer;
}

/** 3.3: undefined where it breaks a MUST of the standard, which ends the connection (4.8). */
export function readPublish(
  header: number,
  bytes: Buffer,
  from: number,
  to: number,
): Publish | undefined {
  const qos = ((header >> 1) & 3) as 0 | 1 | 2 | 3;
  const isRepeat = (header & 8) !== 0;
  if (qos === 3 || (qos === 0 && isRepeat) || from + 2 > to) return undefined;
  const topicAt = from + 2;
  const topicEnd = topicAt + bytes.readUInt16BE(from);
  const payloadAt = qos === 0 ? topicEnd : topicEnd + 2;
  if (topicEnd === topicAt || payloadAt > to) return undefined;
  const packetId = qos === 0 ? 0 : bytes.readUInt16BE(topicEnd);
  if (qos !== 0 && packetId === 0) return undefined;
  const topic = bytes.toString('utf8', topicAt, topicEnd);
  return { topic, qos, packetId, payload: bytes.subarray(payloadAt, to) };
}

/** The packet id of PUBREL, PUBACK and their like; undefined when it is not whole or 0. */
export function readPacketId(bytes: Buffer, from: number, to: number): number | undefined {
  if (to - from !== 2) return undefined;
  const packetId = bytes.readUInt16BE(from);
  return packetId === 0 ? undefined : packetId;
}

/** A whole packet by the library: undefined where it finds it malformed. */
export function readByLibrary(
  header: number,
  bytes: Buffer,
  from: number,
  to: number,
): Packet | undefined {
  const parser = mqttPacket.parser();
  let packet: Packet | undefined;
  let isMalformed = false;
  parser.on('packet', (read: Packet) => {
    packet = read;
  });
  parser.on('error', () => {
    isMalformed = true;
  });
  parser.parse(
    Buffer.concat([Buffer.of(header, ...remainingLength(to - from)), bytes.subarray(from, to)]),
  );
  return isMalformed ? undefined : packet;
}

export type Connect = IConnectPacket;

export function connack(returnCode: number): Buffer {
  return Buffer.from([0x20, 2, 0, returnCode]);
}

/** 3.2 in version 5: the answer to a client that speaks it, "unsupported protocol version". */
export const CONNACK_VERSION_5_REFUSED: Buffer = Buffer.from([0x20, 3, 0, 0x84, 0]);

export function suback(packetId: number, granted: readonly number[]): Buffer {
  return mqttPacket.generate({ cmd: 'suback', messageId: packetId, granted: [...granted] });
}

export function unsuback(packetId: number): Buffer {
  return mqttPacket.generate({ cmd: 'unsuback', messageId: packetId } as Packet);
}

/** A message to a device, at QoS 0. */
export function publication(topic: string, payload: string): Buffer {
  return mqttPacket.generate({
    cmd: 'publish',
    topic,
    payload,
    qos: 0,
    dup: false,
    retain: false,
  });
}

/** Acknowledgements of two bytes each, in their order, as one piece to write. */
export function acknowledgements(types: readonly number[], packetIds: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(types.length * 4);
  for (let i = 0; i < types.length; i += 1) {
    const at = i * 4;
    bytes[at] = types[i] as number;
    bytes[at + 1] = 2;
    bytes.writeUInt16BE(packetIds[i] as number, at + 2);
  }
  return bytes;
}

function remainingLength(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>= 7;
  } while (rest > 0);
  return bytes;
}
