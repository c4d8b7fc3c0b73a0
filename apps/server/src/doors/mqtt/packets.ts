/**
 * MQTT 3.1.1 packets that pass for every message, read and written by hand, and the short answers. What
 * comes once in a connection is read in `connect.ts` and `subscriptions.ts`.
 */

/**
 * The first byte of a packet (2.2): its type, with the flags that 2.2.2 fixes for it. PUBLISH alone has
 * flags of its own.
 */
export const HEADER = {
  CONNECT: 0x10,
  PUBLISH: 0x30,
  PUBACK: 0x40,
  PUBREC: 0x50,
  PUBREL: 0x62,
  PUBCOMP: 0x70,
  SUBSCRIBE: 0x82,
  UNSUBSCRIBE: 0xa2,
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

export const isPublish = (header: number): boolean => (header & 0xf0) === HEADER.PUBLISH;

/**
 * 3.3: undefined where it breaks a MUST of the standard, which ends the connection (4.8). Text that is
 * forbidden in a topic is left to the caller, who knows every topic that may come.
 */
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

/** 3.2: no session is ever present, because none is kept. */
export function connack(returnCode: number): Buffer {
  return Buffer.from([0x20, 2, 0, returnCode]);
}

/** 3.2 in version 5: the answer to a client that speaks it, "unsupported protocol version". */
export const CONNACK_VERSION_5_REFUSED: Buffer = Buffer.from([0x20, 3, 0, 0x84, 0]);

export function suback(packetId: number, granted: readonly number[]): Buffer {
  const length = remainingLength(2 + granted.length);
  return Buffer.from([0x90, ...length, packetId >> 8, packetId & 0xff, ...granted]);
}

export function unsuback(packetId: number): Buffer {
  return Buffer.from([0xb0, 2, packetId >> 8, packetId & 0xff]);
}

/** A message to a device, at QoS 0. */
export function publication(topic: string, payload: string): Buffer {
  const topicBytes = Buffer.from(topic);
  const payloadBytes = Buffer.from(payload);
  const length = remainingLength(2 + topicBytes.length + payloadBytes.length);
  const head = [HEADER.PUBLISH, ...length, topicBytes.length >> 8, topicBytes.length & 0xff];
  return Buffer.concat([Buffer.from(head), topicBytes, payloadBytes]);
}

/** The four bytes of an acknowledgement, as one number. */
export function acknowledgement(header: number, packetId: number): number {
  return (header << 24) | (2 << 16) | packetId;
}

/** The first `count` acknowledgements, in their order, as one piece to write. */
export function acknowledgements(each: readonly number[], count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count * 4);
  for (let i = 0; i < count; i += 1) bytes.writeInt32BE(each[i] as number, i * 4);
  return bytes;
}

/** 2.2.3: seven bits a byte, the lowest first. */
function remainingLength(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>= 7;
  } while (rest > 0);
  return bytes;
}

/** Where the body of a packet begins whose length is whole. */
export function bodyOf(packet: Buffer): number {
  let at = 1;
  while ((packet[at] ?? 0) > 127) at += 1;
  return at + 1;
}
