import type { Sex } from '@ausculta/vitals/subject';
import type { Building } from './building.ts';
import {
  components,
  field,
  type Hl7Delimiters,
  type Hl7Segment,
  plain,
  repetitions,
} from './hl7-message.ts';
import { readHl7Time } from './hl7-time.ts';

export interface Hl7Identifier {
  readonly id: string;
  /** The namespace of the assigning authority, or its universal id where it has no name. */
  readonly authority: string;
  /** MR medical record, PI internal, VN visit, … of table 0203. */
  readonly type: string;
}

export interface Hl7Patient {
  readonly identifiers: readonly Hl7Identifier[];
  readonly familyName: string;
  readonly givenName: string;
  /** As precise as it was sent: "1961", "1961-03" or "1961-03-01". */
  readonly birthDate?: string;
  readonly sex: Sex;
  readonly accountNumber?: string;
}

export interface Hl7Location {
  readonly unit: string;
  readonly room: string;
  readonly bed: string;
  readonly facility: string;
}

export interface Hl7Visit {
  /** I inpatient, E emergency, O outpatient, … of table 0004. */
  readonly patientClass: string;
  readonly location?: Hl7Location;
  readonly priorLocation?: Hl7Location;
  readonly visitNumber?: string;
  readonly admittedMs?: number;
  readonly dischargedMs?: number;
}

export function readPatient(pid: Hl7Segment, delimiters: Hl7Delimiters): Hl7Patient {
  const name = components(field(pid, 5), delimiters);
  const [familyName = ''] = (name[0] ?? '').split(delimiters.subcomponent);
  const birthDate = readBirthDate(components(field(pid, 7), delimiters)[0] ?? '');
  const account = readIdentifiers(field(pid, 18), delimiters)[0]?.id;
  // Before 2.3.1, PID-2 and PID-4 held identifiers of their own.
  const listed = readIdentifiers(field(pid, 3), delimiters);
  return {
    identifiers: listed.length > 0 ? listed : readIdentifiers(field(pid, 2), delimiters),
    familyName: plain(familyName, delimiters),
    givenName: plain(name[1] ?? '', delimiters),
    ...(birthDate !== undefined && { birthDate }),
    sex: readSex(field(pid, 8)),
    ...(account !== undefined && { accountNumber: account }),
  };
}

/** A list of CX; those without an id are left out. */
export function readIdentifiers(text: string, delimiters: Hl7Delimiters): Hl7Identifier[] {
  const identifiers: Hl7Identifier[] = [];
  for (const repetition of repetitions(text, delimiters)) {
    const [id = '', , , authority = '', type = ''] = repetition.split(delimiters.component);
    const plainId = plain(id, delimiters).trim();
    if (plainId === '') continue;
    const [namespace = '', universal = ''] = authority.split(delimiters.subcomponent);
    identifiers.push({
      id: plainId,
      authority: plain(namespace || universal, delimiters),
      type: plain(type, delimiters).trim(),
    });
  }
  return identifiers;
}

function readBirthDate(text: string): string | undefined {
  const time = readHl7Time(text, 0);
  if (time === undefined) return undefined;
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)];
  if (time.precision === 'year') return year;
  return time.precision === 'month' ? `${year}-${month}` : `${year}-${month}-${day}`;
}

function readSex(text: string): Sex {
  switch (text[0]) {
    case 'F':
      return 'female';
    case 'M':
      return 'male';
    case 'O':
    case 'A':
    case 'N':
      return 'other';
    default:
      return 'unknown';
  }
}

export function readVisit(pv1: Hl7Segment, delimiters: Hl7Delimiters, offset: number): Hl7Visit {
  const visit: Building<Hl7Visit> = { patientClass: plain(field(pv1, 2), delimiters) };
  const location = readLocation(field(pv1, 3), delimiters);
  const prior = readLocation(field(pv1, 6), delimiters);
  const visitNumber = readIdentifiers(field(pv1, 19), delimiters)[0]?.id;
  const admitted = readHl7Time(components(field(pv1, 44), delimiters)[0] ?? '', offset);
  const discharged = readHl7Time(components(field(pv1, 45), delimiters)[0] ?? '', offset);
  if (location) visit.location = location;
  if (prior) visit.priorLocation = prior;
  if (visitNumber !== undefined) visit.visitNumber = visitNumber;
  if (admitted) visit.admittedMs = admitted.stampMs;
  if (discharged) visit.dischargedMs = discharged.stampMs;
  return visit;
}

function readLocation(text: string, delimiters: Hl7Delimiters): Hl7Location | undefined {
  const parts = components(text, delimiters).map((part) =>
    plain(part.split(delimiters.subcomponent)[0] ?? '', delimiters),
  );
  const [unit = '', room = '', bed = '', facility = ''] = parts;
  if (unit + room + bed + facility === '') return undefined;
  return { unit, room, bed, facility };
}
