/** SUBSCRIBE and UNSUBSCRIBE (MQTT 3.1.1, 3.8 and 3.10): one shape, but for the QoS that is asked for. */
import { Fields } from './fields.ts';

export interface Subscriptions {
  readonly packetId: number;
  /** At least one, none of them empty. */
  readonly filters: readonly string[];
}

/** A device has one topic to listen to; this is more than any should ask for. */
const FILTERS_MAX = 256;

const QOS_MAX = 2;

/** Undefined where it breaks a MUST of the standard, or asks for more than anybody needs. */
export function readSubscribe(bytes: Buffer, from: number, to: number): Subscriptions | undefined {
  return read(new Fields(bytes, from, to), (fields) => {
    const qos = fields.byte();
    // 3.8.3-4: the upper six bits are reserved, and there is no QoS 3.
    return qos !== undefined && qos <= QOS_MAX;
  });
}

export function readUnsubscribe(
  bytes: Buffer,
  from: number,
  to: number,
): Subscriptions | undefined {
  return read(new Fields(bytes, from, to), () => true);
}

function read(fields: Fields, isRestValid: (fields: Fields) => boolean): Subscriptions | undefined {
  const packetId = fields.uint16();
  const filters: string[] = [];
  while (!fields.isAtEnd) {
    const filter = fields.text();
    // 4.7.3-1: a filter has at least one character.
    if (filter === undefined || filter === '' || !isRestValid(fields)) return undefined;
    if (filters.push(filter) > FILTERS_MAX) return undefined;
  }
  // 2.3.1-1, 3.8.3-3 and 3.10.3-2: neither packet id 0 nor a packet without filters.
  return packetId === undefined || packetId === 0 || filters.length === 0
    ? undefined
    : { packetId, filters };
}
