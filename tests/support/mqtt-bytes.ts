/** MQTT 3.1.1 packets byte by byte, right ones and wrong ones, made without the code under test. */

type Bytes = Uint8Array | readonly number[];

/** A string or binary field: its length in two bytes, then its bytes. */
export function field(content: string | Bytes): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from([...content]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

/** The fixed header's length, in as few bytes as it takes. */
export function lengthBytes(length: number): Buffer {
  const bytes: number[] = [];
  for (let rest = length; ; ) {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
    if (rest === 0) return Buffer.from(bytes);
  }
}

export function packet(header: number, ...parts: readonly Bytes[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([header]), lengthBytes(body.length), body]);
}

export interface ConnectFields {
  readonly name?: string | Bytes;
  readonly level?: number;
  /** Instead of the flags that the other fields mean. */
  readonly flags?: number;
  readonly isClean?: boolean;
  readonly keepAliveS?: number;
  readonly clientId?: string | Bytes;
  readonly will?: { readonly topic: string | Bytes; readonly payload: string };
  readonly username?: string | Bytes;
  readonly password?: string;
}

export function connectPacket(fields: ConnectFields = {}): Buffer {
  const { name = 'MQTT', level = 4, isClean = true, keepAliveS = 0, clientId = 'raw' } = fields;
  const { will, username, password } = fields;
  const meant =
    (isClean ? 0x02 : 0) |
    (will === undefined ? 0 : 0x04) |
    (password === undefined ? 0 : 0x40) |
    (username === undefined ? 0 : 0x80);
  return packet(
    0x10,
    field(name),
    [level, fields.flags ?? meant],
    uint16(keepAliveS),
    field(clientId),
    will === undefined ? [] : Buffer.concat([field(will.topic), field(will.payload)]),
    username === undefined ? [] : field(username),
    password === undefined ? [] : field(password),
  );
}

export interface PublishFields {
  readonly topic: string | Bytes;
  readonly payload?: string | Uint8Array;
  readonly qos?: 0 | 1 | 2;
  readonly packetId?: number;
  readonly isRepeat?: boolean;
}

export function publishPacket(fields: PublishFields): Buffer {
  const { topic, payload = '', qos = 1, packetId = 1, isRepeat = false } = fields;
  const header = 0x30 | (qos << 1) | (isRepeat ? 8 : 0);
  return packet(header, field(topic), qos === 0 ? [] : uint16(packetId), Buffer.from(payload));
}

export const pubrel = (packetId: number): Buffer => packet(0x62, uint16(packetId));

export function subscribePacket(packetId: number, ...filters: readonly string[]): Buffer {
  return packet(0x82, uint16(packetId), ...filters.flatMap((filter) => [field(filter), [0]]));
}

export function unsubscribePacket(packetId: number, ...filters: readonly string[]): Buffer {
  return packet(0xa2, uint16(packetId), ...filters.map(field));
}

export const PINGREQ: Buffer = Buffer.from([0xc0, 0]);
export const DISCONNECT: Buffer = Buffer.from([0xe0, 0]);

/** The whole packets at the beginning of a stream. */
export function splitPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at + 1 < bytes.length; ) {
    let length = 0;
    let bodyAt = at + 1;
    for (let unit = 1; ; unit *= 128) {
      const byte = bytes[bodyAt];
      if (byte === undefined) return packets;
      bodyAt += 1;
      length += (byte & 127) * unit;
      if (byte < 128) break;
    }
    if (bodyAt + length > bytes.length) break;
    packets.push(bytes.subarray(at, bodyAt + length));
    at = bodyAt + length;
  }
  return packets;
}
