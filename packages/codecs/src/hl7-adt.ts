import type { Building } from './building.ts';
import type { Hl7Header } from './hl7-header.ts';
import { components, field, type Hl7Message, type Hl7Segment } from './hl7-message.ts';
import {
  type Hl7Identifier,
  type Hl7Patient,
  type Hl7Visit,
  readIdentifiers,
  readPatient,
  readVisit,
} from './hl7-patient.ts';
import { readHl7Time } from './hl7-time.ts';

/** What an ADT message asks for, in one word. */
export type AdtAction =
  | 'admit'
  | 'transfer'
  | 'discharge'
  | 'register'
  | 'pre-admit'
  | 'change-class'
  | 'update'
  | 'leave'
  | 'return'
  | 'cancel-admit'
  | 'cancel-transfer'
  | 'cancel-discharge'
  | 'cancel-other'
  | 'swap'
  | 'merge'
  | 'link'
  | 'delete'
  | 'other';

const ACTIONS: Readonly<Record<string, AdtAction>> = {
  A01: 'admit',
  A02: 'transfer',
  A03: 'discharge',
  A04: 'register',
  A05: 'pre-admit',
  A06: 'change-class',
  A07: 'change-class',
  A08: 'update',
  A09: 'leave',
  A10: 'return',
  A11: 'cancel-admit',
  A12: 'cancel-transfer',
  A13: 'cancel-discharge',
  A17: 'swap',
  A18: 'merge',
  A21: 'leave',
  A22: 'return',
  A23: 'delete',
  A24: 'link',
  A25: 'cancel-other',
  A26: 'cancel-other',
  A27: 'cancel-other',
  A28: 'update',
  A29: 'delete',
  A30: 'merge',
  A31: 'update',
  A32: 'cancel-other',
  A33: 'cancel-other',
  A34: 'merge',
  A35: 'merge',
  A36: 'merge',
  A37: 'other',
  A38: 'cancel-other',
  A39: 'merge',
  A40: 'merge',
};

export interface Hl7Adt {
  readonly event: string;
  readonly action: AdtAction;
  /** EVN-2: when it was entered; EVN-6: when it happened. */
  readonly recordedMs?: number;
  readonly occurredMs?: number;
  /** Two where a message swaps or links two patients, one else. */
  readonly persons: readonly AdtPerson[];
}

export interface AdtPerson {
  readonly patient: Hl7Patient;
  readonly visit?: Hl7Visit;
  /** MRG-1: the identifiers that are no longer to be used; they belong to `patient` now. */
  readonly merged?: readonly Hl7Identifier[];
}

/** What happened, read from MSH-9: real senders forget to change EVN-1, which is deprecated. */
export function readAdt(message: Hl7Message, header: Hl7Header, utcOffsetMinutes: number): Hl7Adt {
  const { segments, delimiters } = message;
  const evn = segments.find(({ id }) => id === 'EVN');
  const event = header.trigger || field(evn, 1);
  const time = (n: number) =>
    readHl7Time(components(field(evn, n), delimiters)[0] ?? '', utcOffsetMinutes)?.stampMs;
  const recordedMs = time(2);
  const occurredMs = time(6);
  return {
    event,
    action: ACTIONS[event] ?? 'other',
    ...(recordedMs !== undefined && { recordedMs }),
    ...(occurredMs !== undefined && { occurredMs }),
    persons: readPersons(message, utcOffsetMinutes),
  };
}

function readPersons({ segments, delimiters }: Hl7Message, utcOffsetMinutes: number): AdtPerson[] {
  const persons: AdtPerson[] = [];
  let person: Building<AdtPerson> | undefined;
  const take = (segment: Hl7Segment) => {
    if (segment.id === 'PID') {
      person = { patient: readPatient(segment, delimiters) };
      persons.push(person);
    } else if (segment.id === 'PV1' && person !== undefined) {
      person.visit ??= readVisit(segment, delimiters, utcOffsetMinutes);
    } else if (segment.id === 'MRG' && person !== undefined) {
      person.merged = readIdentifiers(field(segment, 1), delimiters);
    }
  };
  for (const segment of segments) take(segment);
  return persons;
}
