/**
 * Who may stand at a door that has no sign-in of its own: whoever is on an administrator's list, known
 * by its address, its client certificate, or both. What it says of itself alone proves nothing.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';
import { parseDeviceId } from '@ausculta/vitals/identity';
import { z } from 'zod';

/** The other end of a connection. */
export interface Peer {
  readonly address: string;
  readonly certificate: string | undefined;
}

/** Where somebody of the list may stand. */
export interface Standing {
  readonly addresses: BlockList | undefined;
  /** SHA-256 of the client certificate, in lower-case hexadecimal. */
  readonly certificate: string | undefined;
}

export const DeviceIdForm = z.string().transform((text, context) => {
  const id = parseDeviceId(text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'is no device id' });
  return z.NEVER;
});

/** The zones of the world reach fourteen hours from UTC at most. */
const UTC_OFFSET_MAX_MINUTES = 14 * 60;

export const UtcOffsetForm = z
  .int()
  .min(-UTC_OFFSET_MAX_MINUTES)
  .max(UTC_OFFSET_MAX_MINUTES)
  .optional();

/** The fields of an entry that say where it may stand. */
export const STANDING_FIELDS = {
  addresses: z.array(z.string().refine((text) => readNetwork(text) !== undefined)).default([]),
  certificate: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}:?){32}$/)
    .transform((text) => text.replaceAll(':', '').toLowerCase())
    .optional(),
};

interface StandingGiven {
  readonly addresses: readonly string[];
  readonly certificate?: string | undefined;
}

/** What `refine` is given: an entry that could stand anywhere would be known by what it says alone. */
export const STANDS_SOMEWHERE = [
  ({ addresses, certificate }: StandingGiven): boolean =>
    addresses.length > 0 || certificate !== undefined,
  { message: 'needs addresses, a certificate, or both' },
] as const;

export function standingOf({ addresses, certificate }: StandingGiven): Standing {
  return { certificate, addresses: addresses.length === 0 ? undefined : blockListOf(addresses) };
}

/** The list of a file's text; a text says what is wrong with it, and where. */
export function readList<T>(text: string, form: z.ZodType<T>): T | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const parsed = form.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `${issue?.path.join('.') || 'it'}: ${issue?.message}`;
}

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** An address, or a network by its prefix: 10.0.0.0/24. */
function readNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (prefix === undefined) return { address, prefix: bits, family };
  const isPrefix = /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
  return isPrefix ? { address, prefix: Number(prefix), family } : undefined;
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const found = readNetwork(text);
    if (found !== undefined) list.addSubnet(found.address, found.prefix, found.family);
  }
  return list;
}

/** Whether anybody on the list may stand there: a stranger is not even listened to. */
export function isExpected(list: readonly Standing[], peer: Peer): boolean {
  return list.some((one) => mayStandThere(one, peer));
}

export function mayStandThere({ addresses, certificate }: Standing, peer: Peer): boolean {
  if (certificate !== undefined && certificate !== peer.certificate) return false;
  if (addresses === undefined) return certificate !== undefined;
  return addresses.check(peer.address, isIPv6(peer.address) ? 'ipv6' : 'ipv4');
}
