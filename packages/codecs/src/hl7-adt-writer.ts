import type { Sex } from '@ausculta/vitals/subject';
import type { AdtAction } from './hl7-adt.ts';
import { escapeText } from './hl7-message.ts';
import type { Hl7Location } from './hl7-patient.ts';
import { writeHl7Time } from './hl7-time.ts';

/** What an admission system says of one patient, for simulators and gateways: HL7 v2.6. */
export interface AdtNotice {
  readonly action: keyof typeof EVENTS;
  readonly recordNumber: string;
  readonly familyName?: string;
  readonly givenName?: string;
  /** "1961", "1961-03" or "1961-03-01". */
  readonly birthDate?: string;
  readonly sex?: Sex;
  readonly location?: Hl7Location;
  readonly priorLocation?: Hl7Location;
  readonly visitNumber?: string;
  readonly recordedMs: number;
  readonly occurredMs?: number;
  /** Of a merge: the number that is no longer to be used. */
  readonly mergedNumber?: string;
}

export interface AdtSender {
  readonly application: string;
  readonly facility: string;
  readonly controlId: string;
}

const EVENTS = {
  admit: ['A01', 'ADT_A01'],
  transfer: ['A02', 'ADT_A02'],
  discharge: ['A03', 'ADT_A03'],
  update: ['A08', 'ADT_A01'],
  'cancel-admit': ['A11', 'ADT_A09'],
  'cancel-transfer': ['A12', 'ADT_A12'],
  'cancel-discharge': ['A13', 'ADT_A01'],
  merge: ['A40', 'ADT_A39'],
} as const satisfies Partial<Record<AdtAction, readonly [event: string, structure: string]>>;

const SEX_LETTERS: Readonly<Record<Sex, string>> = {
  female: 'F',
  male: 'M',
  other: 'O',
  unknown: '',
};

export function writeAdt(notice: AdtNotice, sender: AdtSender): string {
  const [event, structure] = EVENTS[notice.action];
  const { recordNumber, familyName = '', givenName = '', birthDate = '', sex = 'unknown' } = notice;
  const recorded = writeHl7Time(notice.recordedMs);
  const occurred = notice.occurredMs === undefined ? '' : writeHl7Time(notice.occurredMs);
  const name =
    familyName + givenName === '' ? '' : `${escapeText(familyName)}^${escapeText(givenName)}^^^^^L`;
  const [application, facility, controlId] = [
    escapeText(sender.application),
    escapeText(sender.facility),
    escapeText(sender.controlId),
  ];
  const { location, priorLocation, visitNumber, mergedNumber } = notice;
  const visit =
    visitNumber === undefined ? '' : `${'|'.repeat(13)}${escapeText(visitNumber)}^^^^VN`;
  const segments = [
    `MSH|^~\\&|${application}|${facility}|||${recorded}||ADT^${event}^${structure}|${controlId}|P|2.6||||||UNICODE UTF-8`,
    `EVN||${recorded}||||${occurred}`,
    `PID|1||${escapeText(recordNumber)}^^^^MR||${name}||${birthDate.replaceAll('-', '')}|${SEX_LETTERS[sex]}`,
    ...(mergedNumber === undefined ? [] : [`MRG|${escapeText(mergedNumber)}^^^^MR`]),
    // The visit number is the nineteenth field.
    `PV1|1|I|${place(location)}|||${place(priorLocation)}${visit}`,
  ];
  return segments.map((segment) => `${segment}\r`).join('');
}

function place(location: Hl7Location | undefined): string {
  if (location === undefined) return '';
  const { unit, room, bed, facility } = location;
  return [unit, room, bed, facility].map((part) => escapeText(part)).join('^');
}
