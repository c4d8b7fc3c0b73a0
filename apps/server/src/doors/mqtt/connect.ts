/** CONNECT (MQTT 3.1.1, 3.1): what a client says of itself before anything else. */
import { Fields } from './fields.ts';

export interface Connect {
  readonly clientId: string;
  readonly isClean: boolean;
  /** 0: the client may be silent for as long as it likes. */
  readonly keepAliveS: number;
  readonly will: Will | undefined;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
}

export interface Will {
  readonly topic: string;
  /** A view into the bytes that were read. */
  readonly payload: Buffer;
}

const NAME = 'MQTT';
const LEVEL = 4;

/** MQTT 3.1 went by this name; its clients know the same refusal. */
const NAME_BEFORE = 'MQIsdp';

/** The connect flags (3.1.2.3). */
const FLAG = {
  RESERVED: 0x01,
  CLEAN: 0x02,
  WILL: 0x04,
  WILL_QOS: 0x18,
  WILL_RETAIN: 0x20,
  PASSWORD: 0x40,
  USERNAME: 0x80,
} as const;

/** A client of another version: the rest of what it says may mean anything. */
export interface OtherVersion {
  readonly level: number;
}

/** Undefined where it breaks a MUST of the standard. */
export function readConnect(
  bytes: Buffer,
  from: number,
  to: number,
): Connect | OtherVersion | undefined {
  const fields = new Fields(bytes, from, to);
  const name = fields.text();
  const level = fields.byte();
  if (level === undefined || (name !== NAME && name !== NAME_BEFORE)) return undefined;
  if (name !== NAME || level !== LEVEL) return { level };
  const flags = fields.byte();
  return flags === undefined || !areFlagsValid(flags) ? undefined : readRest(flags, fields);
}

function areFlagsValid(flags: number): boolean {
  if ((flags & FLAG.RESERVED) !== 0) return false; // 3.1.2-3
  const hasWill = (flags & FLAG.WILL) !== 0;
  // 3.1.2-13 to 3.1.2-15: a will has QoS 0, 1 or 2; without one there are no QoS and no retain.
  if (hasWill && (flags & FLAG.WILL_QOS) === FLAG.WILL_QOS) return false;
  if (!hasWill && (flags & (FLAG.WILL_QOS | FLAG.WILL_RETAIN)) !== 0) return false;
  // 3.1.2-22: no password without a user name.
  return (flags & FLAG.USERNAME) !== 0 || (flags & FLAG.PASSWORD) === 0;
}

function readRest(flags: number, fields: Fields): Connect | undefined {
  const keepAliveS = fields.uint16();
  const clientId = fields.text();
  const will = (flags & FLAG.WILL) === 0 ? undefined : readWill(fields);
  const username = (flags & FLAG.USERNAME) === 0 ? undefined : fields.text();
  const password = (flags & FLAG.PASSWORD) === 0 ? undefined : fields.binary();
  if (!fields.isAtEnd || keepAliveS === undefined || clientId === undefined) return undefined;
  return { clientId, isClean: (flags & FLAG.CLEAN) !== 0, keepAliveS, will, username, password };
}

function readWill(fields: Fields): Will | undefined {
  const topic = fields.text();
  const payload = fields.binary();
  return topic === undefined || payload === undefined ? undefined : { topic, payload };
}
