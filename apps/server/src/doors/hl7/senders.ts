/**
 * Who may send HL7 v2 here: a list that an administrator writes, and nobody else is heard. A sender is
 * known by what it calls itself (MSH-3, MSH-4) *and* by where it stands: its address, its client
 * certificate, or both. What it says of itself alone proves nothing.
 */
import type { Hl7Header } from '@ausculta/codecs/hl7-header';
import { components, type Hl7Delimiters, plain } from '@ausculta/codecs/hl7-message';
import type { DeviceId } from '@ausculta/vitals/identity';
import { PATIENT_CATEGORIES, type PatientCategory } from '@ausculta/vitals/subject';
import { z } from 'zod';
import {
  DeviceIdForm,
  mayStandThere,
  type Peer,
  readList,
  STANDING_FIELDS,
  STANDS_SOMEWHERE,
  type Standing,
  standingOf,
  UtcOffsetForm,
} from '../peers.ts';

export interface Hl7Sender extends Standing {
  /** The registered device that this sender is: what nobody else can be found for is its own. */
  readonly device: DeviceId;
  readonly application: string;
  readonly facility: string | undefined;
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

const SenderForm = z
  .strictObject({
    ...STANDING_FIELDS,
    device: DeviceIdForm,
    application: z.string().min(1),
    facility: z.string().min(1).optional(),
    speaksFor: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\*?$/)).optional(),
    checksPatient: z.boolean().default(true),
    admits: z.boolean().default(false),
    beds: z.record(z.string().min(1), z.enum(PATIENT_CATEGORIES)).optional(),
    utcOffsetMinutes: UtcOffsetForm,
  })
  .refine(...STANDS_SOMEWHERE);

const SendersForm = z.strictObject({ senders: z.array(SenderForm).min(1) });

/** The list of a file's text; a text says what is wrong with it, and where. */
export function readSenders(text: string): readonly Hl7Sender[] | string {
  const list = readList(text, SendersForm);
  if (typeof list === 'string') return list;
  return list.senders.map(({ addresses, facility, certificate, beds, ...rest }) => ({
    ...rest,
    ...standingOf({ addresses, certificate }),
    facility,
    beds: beds && new Map(Object.entries(beds)),
    speaksFor: rest.speaksFor,
    utcOffsetMinutes: rest.utcOffsetMinutes,
  }));
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
      mayStandThere(sender, peer) &&
      isCalled(header.sendingApplication, sender.application) &&
      (sender.facility === undefined || isCalled(header.sendingFacility, sender.facility)),
  );
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
