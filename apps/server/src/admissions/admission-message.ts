/** What an admission message asks for, and of whom: before anything is known of the house. */
import { UNSUPPORTED_MESSAGE } from '@ausculta/codecs/hl7-ack';
import type { AdtAction, AdtPerson, Hl7Adt } from '@ausculta/codecs/hl7-adt';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { AuditAct } from '../vault/audit.ts';
import { isBed } from './bed.ts';
import type { Movement, Notice } from './movement.ts';
import { recordNumbers } from './person.ts';

export interface AdmissionMessage {
  readonly organisationId: OrganisationId;
  /** The device that the sender is: who is to be asked about it. */
  readonly senderId: string;
  /** Names the message: the same bytes of the same sender, the same id. */
  readonly messageId: string;
  readonly adt: Hl7Adt;
  /** MSH-7, for a message whose EVN says nothing. */
  readonly sentMs: number | undefined;
  readonly receivedMs: number;
  readonly categoryOf: (unit: string) => PatientCategory;
}

/** What changes one person's record. */
export type Told = Movement | 'update';

const TAKEN: Partial<Record<AdtAction, Told | 'merge' | 'swap'>> = {
  admit: 'admit',
  transfer: 'transfer',
  discharge: 'discharge',
  update: 'update',
  merge: 'merge',
  swap: 'swap',
  'cancel-admit': 'cancel-admit',
  'cancel-transfer': 'cancel-transfer',
  'cancel-discharge': 'cancel-discharge',
};

/** What the audit calls it. */
export const AUDITED_AS: Record<Told, AuditAct> = {
  admit: 'patient-admitted',
  transfer: 'patient-transferred',
  discharge: 'patient-discharged',
  update: 'patient-updated',
  'cancel-admit': 'admission-cancelled',
  'cancel-transfer': 'transfer-cancelled',
  'cancel-discharge': 'discharge-cancelled',
};

/** A person of a message, with the numbers that name them. */
export interface Named {
  readonly person: AdtPerson;
  readonly numbers: readonly string[];
}

export interface Asked {
  readonly what: Told | 'merge' | 'swap';
  readonly first: Named;
  /** Of a swap. */
  readonly second: Named | undefined;
}

export function readAsked({ adt }: AdmissionMessage): Result<Asked> {
  const what = TAKEN[adt.action];
  if (what === undefined) return fail('PAYLOAD_MALFORMED', UNSUPPORTED_MESSAGE);
  const named = adt.persons.map((person) => {
    return { person, numbers: recordNumbers(person.patient.identifiers) };
  });
  const [first, second] = named;
  const count = what === 'swap' ? 2 : 1;
  if (first === undefined || named.length !== count) {
    return fail('PAYLOAD_MALFORMED', `PID: ${count}`);
  }
  const isNameless = named.some(({ numbers }) => numbers.length === 0);
  return isNameless ? fail('PAYLOAD_MALFORMED', 'PID-3') : ok({ what, first, second });
}

/** EVN-2; nothing that has been recorded is newer than when it came. */
export function recordedOf({ adt, sentMs, receivedMs }: AdmissionMessage): number {
  return Math.min(adt.recordedMs ?? sentMs ?? receivedMs, receivedMs);
}

export function happenedAt(message: AdmissionMessage): number {
  return Math.min(message.adt.occurredMs ?? recordedOf(message), message.receivedMs);
}

export function noticeOf(message: AdmissionMessage, { visit }: AdtPerson, what: Movement): Notice {
  const { location, priorLocation, visitNumber } = visit ?? {};
  return {
    what,
    atMs: happenedAt(message),
    recordedMs: recordedOf(message),
    receivedMs: message.receivedMs,
    bed: isBed(location) ? location : undefined,
    priorBed: isBed(priorLocation) ? priorLocation : undefined,
    visitNumber,
  };
}
