// MQTT 3.1.1 by hand: a PUBLISH of fixed length whose few changing bytes are patched in place, so that
// the generator spends its time sending and not building.
import { SENT_METRICS, sentSteps } from './values.ts';

const PUBLISH_QOS_1 = 0x32;
const CONNECT = 0x10;
const CLEAN_SESSION_USER_PASSWORD = 0xc2;
const STAMP_DIGITS = 13;
const ZERO = 0x30;
const POINT = 0x2e;

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** MQTT 2.2.3: seven bits a byte, the top bit says that more follow. */
function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

export function connectPacket({ id, token }: { id: string; token: string }): Buffer {
  const body = Buffer.concat([
    withLength('MQTT'),
    // Level 4 is 3.1.1; no keep-alive, a leg is over in seconds.
    Buffer.from([4, CLEAN_SESSION_USER_PASSWORD, 0, 0]),
    withLength(id),
    withLength(id),
    withLength(token),
  ]);
  return Buffer.concat([Buffer.from([CONNECT]), remainingLength(body.length), body]);
}

/** Any payload in a PUBLISH of its own. */
export function publishPacket(deviceId: string, packetId: number, payload: Uint8Array): Buffer {
  const topic = withLength(`devices/${deviceId}/readings`);
  const id = Buffer.from([packetId >> 8, packetId & 0xff]);
  const length = remainingLength(topic.length + id.length + payload.length);
  return Buffer.concat([Buffer.from([PUBLISH_QOS_1]), length, topic, id, payload]);
}

/** Where the changing bytes of a packet lie, from its start. */
interface Layout {
  readonly bytes: Buffer;
  readonly packetIdAt: number;
  readonly stampAt: number;
  readonly valuesAt: readonly number[];
}

function layOut(deviceId: string): Layout {
  const values = SENT_METRICS.map(({ key, digits }) => `"${key}":${'0'.repeat(digits)}`).join(',');
  const payload = `{"time":${'0'.repeat(STAMP_DIGITS)},"values":{${values}}}`;
  const topic = withLength(`devices/${deviceId}/readings`);
  const length = topic.length + 2 + payload.length;
  const head = Buffer.concat([Buffer.from([PUBLISH_QOS_1]), remainingLength(length), topic]);
  const payloadAt = head.length + 2;
  return {
    bytes: Buffer.concat([head, Buffer.alloc(2), Buffer.from(payload)]),
    packetIdAt: head.length,
    stampAt: payloadAt + '{"time":'.length,
    valuesAt: SENT_METRICS.map(
      ({ key }) => payloadAt + payload.indexOf(`"${key}":`) + key.length + 3,
    ),
  };
}

/** `slots` packets of one device side by side: neighbours leave in one write. */
export interface PacketRing {
  readonly packetBytes: number;
  readonly bytes: Buffer;
  /** Fills a slot; its packet id is slot + 1. */
  fill(slot: number, message: { device: number; sequence: number; stampMs: number }): void;
}

export function packetRing(deviceId: string, slots: number): PacketRing {
  const layout = layOut(deviceId);
  const packetBytes = layout.bytes.length;
  const bytes = Buffer.alloc(packetBytes * slots);
  for (let slot = 0; slot < slots; slot += 1) {
    const at = slot * packetBytes;
    layout.bytes.copy(bytes, at);
    bytes.writeUInt16BE(slot + 1, at + layout.packetIdAt);
  }
  return {
    packetBytes,
    bytes,
    fill(slot, { device, sequence, stampMs }) {
      const at = slot * packetBytes;
      putDigits(bytes, at + layout.stampAt, stampMs, STAMP_DIGITS);
      for (let metric = 0; metric < SENT_METRICS.length; metric += 1) {
        const { digits, scale } = SENT_METRICS[metric] as (typeof SENT_METRICS)[number];
        const steps = sentSteps(device, sequence, metric);
        putDecimal(bytes, at + (layout.valuesAt[metric] as number), { steps, scale, digits });
      }
    },
  };
}

function putDigits(bytes: Buffer, at: number, value: number, digits: number): void {
  let rest = value;
  for (let index = digits - 1; index >= 0; index -= 1) {
    const next = Math.floor(rest / 10);
    bytes[at + index] = ZERO + (rest - next * 10);
    rest = next;
  }
}

/** 368 steps of a tenth as "36.8"; whole numbers have no point. */
function putDecimal(
  bytes: Buffer,
  at: number,
  { steps, scale, digits }: { steps: number; scale: number; digits: number },
): void {
  if (scale === 1) {
    putDigits(bytes, at, steps, digits);
    return;
  }
  const decimals = scale === 10 ? 1 : 2;
  const wholeDigits = digits - decimals - 1;
  putDigits(bytes, at, Math.floor(steps / scale), wholeDigits);
  bytes[at + wholeDigits] = POINT;
  putDigits(bytes, at + wholeDigits + 1, steps % scale, decimals);
}
