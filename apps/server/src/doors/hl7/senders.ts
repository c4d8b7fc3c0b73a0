/**
 * Who may send HL7 v2 here: a list that an administrator writes, and nobody else is heard. A sender is
 * known by what it calls itself (MSH-3, MSH-4) *and* by where it stands: its address, its client
 * certificate, or both. What it says of itself alone proves nothing.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Hl7Header } from '@ausculta/codecs/hl7-header';
import { components, type Hl7Delimiters, plain } from '@ausculta/codecs/hl7-message';
import { type DeviceId, parseDeviceId } from '@ausculta/vitals/identity';
import { PATIENT_CATEGORIES, type PatientCategory } from '@ausculta/vitals/subject';
import { z } from 'zod';

export interface Hl7Sender {
  /** The registered device that this sender is: what nobody else can be found for is its own. */
  readonly device: DeviceId;
  readonly application: string;
  readonly facility: string | undefined;
  readonly addresses: BlockList | undefined;
  /** SHA-256 of the client certificate, in lower-case hexadecimal. */
  readonly certificate: string | undefined;
  /** Ids of registered devices, or their beginnings with a star, that a gateway may speak for. */
  readonly speaksFor: readonly string[] | undefined;
  /** Whether PID-3 must name the patient who is assigned to the device. */
  readonly checksPatient: boolean;
  /**
   * By unit (PV1-3.1; * is any other): the patients of its beds, as an administrator has said. The
   * sender is believed about the beds of these units.
   */
  readonly beds: ReadonlyMap<string, PatientCategory> | undefined;
  /** Whether it says who is admitted, and where they lie (ADT). */
  readonly admits: boolean;
  /** Where the sender's clock is read off, for times that name no zone. */
  readonly utcOffsetMinutes: number | undefined;
}

/** The other end of a connection. */
export interface Peer {
  readonly address: string;
  readonly certificate: string | undefined;
}

const network = z.string().refine((text) => readNetwork(text) !== undefined);

const SenderForm = z
  .strictObject({
    device: z.string().transform((text, context) => {
      const id = parseDeviceId(text);
      if (id !== undefined) return id;
      context.addIssue({ code: 'custom', message: 'is no device id' });
      return z.NEVER;
    }),
    application: z.string().min(1),
    facility: z.string().min(1).optional(),
    addresses: z.array(network).default([]),
    certificate: z
      .string()
      .regex(/^([0-9A-Fa-f]{2}:?){32}$/)
      .transform((text) => text.replaceAll(':', '').toLowerCase())
      .optional(),
    speaksFor: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\*?$/)).optional(),
    checksPatient: z.boolean().default(true),
    admits: z.boolean().default(false),
    beds: z.record(z.string().min(1), z.enum(PATIENT_CATEGORIES)).optional(),
    utcOffsetMinutes: z.int().min(-840).max(840).optional(),
  })
  .refine(({ addresses, certificate }) => addresses.length > 0 || certificate !== undefined, {
    message: 'needs addresses, a certificate, or both',
  });

const SendersForm = z.strictObject({ senders: z.array(SenderForm).min(1) });

/** The list of a file's text; a text says what is wrong with it, and where. */
export function readSenders(text: string): readonly Hl7Sender[] | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const parsed = SendersForm.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.') || 'it'}: ${issue?.message}`;
  }
  return parsed.data.senders.map(({ addresses, facility, certificate, beds, ...rest }) => ({
    ...rest,
    facility,
    certificate,
    beds: beds && new Map(Object.entries(beds)),
    addresses: addresses.length === 0 ? undefined : blockListOf(addresses),
    speaksFor: rest.speaksFor,
    utcOffsetMinutes: rest.utcOffsetMinutes,
  }));
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
export function isExpected(senders: readonly Hl7Sender[], peer: Peer): boolean {
  return senders.some((sender) => standsWhereItMay(sender, peer));
}

export function findSender(
  senders: readonly Hl7Sender[],
  peer: Peer,
  { header, delimiters }: { readonly header: Hl7Header; readonly delimiters: Hl7Delimiters },
): Hl7Sender | undefined {
  const isCalled = (field: string, name: string) =>
    components(field, delimiters).some((part) => plain(part, delimiters) === name);
  return senders.find(
    (sender) =>
      standsWhereItMay(sender, peer) &&
      isCalled(header.sendingApplication, sender.application) &&
      (sender.facility === undefined || isCalled(header.sendingFacility, sender.facility)),
  );
}

function standsWhereItMay({ addresses, certificate }: Hl7Sender, peer: Peer): boolean {
  if (certificate !== undefined && certificate !== peer.certificate) return false;
  if (addresses === undefined) return certificate !== undefined;
  return addresses.check(peer.address, isIPv6(peer.address) ? 'ipv6' : 'ipv4');
}

/** Whom a bed of this unit holds; undefined where the sender is not believed about it. */
export function categoryOfBed({ beds }: Hl7Sender, unit: string): PatientCategory | undefined {
  return beds?.get(unit) ?? beds?.get('*');
}

export function maySpeakFor({ device, speaksFor = [] }: Hl7Sender, id: DeviceId): boolean {
  return (
    id === device ||
    speaksFor.some((own) => (own.endsWith('*') ? id.startsWith(own.slice(0, -1)) : id === own))
  );
}
