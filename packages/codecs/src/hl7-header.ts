import { components, field, type Hl7Message, plain } from './hl7-message.ts';
import { type Hl7Time, readHl7Time } from './hl7-time.ts';

/** What MSH says: who sends to whom, what it is, and how it is to be answered. */
export interface Hl7Header {
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  readonly time: Hl7Time | undefined;
  /** "ORU", and what triggered it: "R01". */
  readonly type: string;
  readonly trigger: string;
  readonly structure: string;
  readonly controlId: string;
  /** P production, T training, D debugging. */
  readonly processing: string;
  readonly version: string;
  /** MSH-15 and MSH-16: AL always, NE never, ER on errors, SU on success; '' is the original mode. */
  readonly acceptAck: string;
  readonly applicationAck: string;
  /** First component of MSH-21, such as IHE_PCD_001. */
  readonly profile: string;
}

export function readHeader(message: Hl7Message, utcOffsetMinutes = 0): Hl7Header {
  const { segments, delimiters } = message;
  const msh = segments[0];
  const [type = '', trigger = '', structure = ''] = components(field(msh, 9), delimiters);
  return {
    sendingApplication: field(msh, 3),
    sendingFacility: field(msh, 4),
    receivingApplication: field(msh, 5),
    receivingFacility: field(msh, 6),
    time: readHl7Time(components(field(msh, 7), delimiters)[0] ?? '', utcOffsetMinutes),
    type,
    trigger,
    structure,
    controlId: plain(field(msh, 10), delimiters),
    processing: components(field(msh, 11), delimiters)[0] ?? '',
    version: components(field(msh, 12), delimiters)[0] ?? '',
    acceptAck: field(msh, 15),
    applicationAck: field(msh, 16),
    profile: components(field(msh, 21), delimiters)[0] ?? '',
  };
}

/** Of what is no message: its answer must do without. */
export const NO_HEADER: Hl7Header = {
  sendingApplication: '',
  sendingFacility: '',
  receivingApplication: '',
  receivingFacility: '',
  time: undefined,
  type: '',
  trigger: '',
  structure: '',
  controlId: '',
  processing: '',
  version: '',
  acceptAck: '',
  applicationAck: '',
  profile: '',
};

/** 2.3 of 1997 to 2.8.2; an empty version is taken for the oldest. */
export function isKnownVersion(version: string): boolean {
  return version === '' || /^2\.[3-8](\.[0-9]+)?$/.test(version);
}

/** From this version on, ERR says in coded fields what is wrong (section 2.15.5). */
export function isAtLeast25(version: string): boolean {
  return /^2\.[5-9]/.test(version);
}

/** The raw fields that a reader of the message sees first, as they stand. */
export function hl7Fields(message: Hl7Message): Record<string, unknown> {
  const { segments } = message;
  const first = (id: string) => segments.find((segment) => segment.id === id);
  const [msh, pid, pv1, msa] = [segments[0], first('PID'), first('PV1'), first('MSA')];
  return {
    segments: segments.map(({ id }) => id),
    sendingApplication: field(msh, 3),
    messageTime: field(msh, 7),
    messageType: field(msh, 9),
    controlId: field(msh, 10),
    version: field(msh, 12),
    profile: field(msh, 21),
    ...(pid && { patientIdentifier: field(pid, 3), patientName: field(pid, 5) }),
    ...(pv1 && { location: field(pv1, 3) }),
    ...(msa && { ack: field(msa, 1), ackControlId: field(msa, 2) }),
    obx: segments
      .filter(({ id }) => id === 'OBX')
      .map((obx) => ({
        type: field(obx, 2),
        code: field(obx, 3),
        subId: field(obx, 4),
        value: field(obx, 5),
        units: field(obx, 6),
        range: field(obx, 7),
        flags: field(obx, 8),
        status: field(obx, 11),
        time: field(obx, 14),
        equipment: field(obx, 18),
      })),
  };
}
