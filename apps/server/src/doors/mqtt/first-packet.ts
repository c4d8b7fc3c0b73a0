/** What becomes of a connection by its first packet, which has to be CONNECT (3.1.0-1). */
import type { RegisteredDevice } from '../../devices/known-device.ts';
import type { SignedIn } from '../../pki/device-sign-in.ts';
import { type Connect, readConnect } from './connect.ts';
import { CONNACK, CONNACK_VERSION_5_REFUSED, connack, HEADER } from './packets.ts';

/** Who it is by what it has shown: a device, or one that may ask for its first certificate and nothing else. */
export type Identified =
  | ({ readonly kind: 'device' } & SignedIn)
  | { readonly kind: 'claim'; readonly device: RegisteredDevice; readonly code: string };

type Entrance =
  | { readonly kind: 'open'; readonly who: Identified; readonly connect: Connect }
  | { readonly kind: 'refused'; readonly answer: Buffer };

interface Packet {
  readonly header: number;
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Undefined for a stranger that does not speak MQTT: it is not answered. */
export function readFirst(
  { header, bytes, from, to }: Packet,
  identify: (connect: Connect) => Identified | undefined,
): Entrance | undefined {
  const connect = header === HEADER.CONNECT ? readConnect(bytes, from, to) : undefined;
  if (connect === undefined) return undefined;
  if ('level' in connect) {
    // 3.1.2-2; a client of version 5 would not understand the answer of 3.1.1.
    const isVersion5 = connect.level === 5;
    return refused(isVersion5 ? CONNACK_VERSION_5_REFUSED : connack(CONNACK.PROTOCOL_REFUSED));
  }
  // 3.1.3-8: without an id there is nothing that a session could be kept for.
  if (connect.clientId === '' && !connect.isClean)
    return refused(connack(CONNACK.IDENTIFIER_REFUSED));
  const who = identify(connect);
  return who === undefined
    ? refused(connack(CONNACK.BAD_CREDENTIALS))
    : { kind: 'open', who, connect };
}

const refused = (answer: Buffer): Entrance => ({ kind: 'refused', answer });
