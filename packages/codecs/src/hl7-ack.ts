import type { Fault, FaultCode } from '@ausculta/vitals/fault';
import { FAULTS } from '@ausculta/vitals/fault';
import { type Hl7Header, isAtLeast25 } from './hl7-header.ts';
import { components, escapeText, field, type Hl7Message } from './hl7-message.ts';
import { writeHl7Time } from './hl7-time.ts';

/** What became of a message, to be said to its sender. */
export interface Hl7Outcome {
  /** Absent: all of it is durable. */
  readonly fault?: Fault;
  /** The message is kept for a person: whatever the fault, sending it again mends nothing. */
  readonly isParked?: true;
  /** Where the fault lies, as ERR-2 counts: segment, its number among its like, field. */
  readonly place?: { readonly segment: string; readonly sequence: number; readonly field?: number };
}

export interface AckContext {
  readonly nowMs: number;
  readonly controlId: string;
  readonly sendingApplication: string;
  readonly sendingFacility?: string;
}

/** HL7 table 0357: the rows that we say. */
const TABLE_0357 = {
  100: 'Segment sequence error',
  102: 'Data type error',
  103: 'Table value not found',
  200: 'Unsupported message type',
  204: 'Unknown key identifier',
  207: 'Application internal error',
} as const;

type ErrorCode = keyof typeof TABLE_0357;

const ERRORS: Partial<Record<FaultCode, ErrorCode>> = {
  METRIC_UNKNOWN: 103,
  UNIT_UNKNOWN: 103,
  VALUE_NOT_FINITE: 102,
  STAMP_INVALID: 102,
  DEVICE_UNKNOWN: 204,
  DEVICE_UNASSIGNED: 204,
  PATIENT_DIFFERS: 204,
  PATIENT_UNKNOWN: 204,
  MOVEMENT_REFUSED: 207,
  MOVEMENT_LATE: 207,
};
const UNSUPPORTED_TYPE = 200;
const INTERNAL = 207;
const SEQUENCE = 100;

/**
 * The acknowledgement of a message, or undefined where its sender wants none (section 2.9). In the
 * enhanced mode (MSH-15 or MSH-16 is given) a CA says that the message is safe with us, and comes
 * only after it is; an application answer is AA. An R is for what may succeed later, an E for what
 * must be mended first.
 */
export function writeAck(
  header: Hl7Header,
  outcome: Hl7Outcome,
  context: AckContext,
): string | undefined {
  const { acceptAck, applicationAck } = header;
  const isEnhanced = acceptAck !== '' || applicationAck !== '';
  const isWanted = (condition: string) => wants(condition, outcome.fault === undefined);
  const accept = isEnhanced && isWanted(acceptAck);
  if (isEnhanced && !accept && !isWanted(applicationAck)) return undefined;
  const { sendingApplication, sendingFacility = '' } = context;
  const version = header.version === '' ? '2.3' : header.version;
  const trigger = header.trigger === '' ? '' : `^${header.trigger}`;
  const structure = isAtLeast25(version) ? (trigger === '' ? '' : '^ACK') : '';
  const lines = [
    [
      'MSH',
      '^~\\&',
      escapeText(sendingApplication),
      escapeText(sendingFacility),
      header.sendingApplication,
      header.sendingFacility,
      writeHl7Time(context.nowMs),
      '',
      `ACK${trigger}${structure}`,
      escapeText(context.controlId),
      header.processing === '' ? 'P' : header.processing,
      version,
      '',
      '',
      ...(isEnhanced ? ['NE', 'NE'] : ['', '']),
      '',
      'UNICODE UTF-8',
    ],
    ['MSA', ackCode(outcome, accept ? 'C' : 'A'), escapeText(header.controlId)],
  ];
  if (outcome.fault !== undefined) lines.push(writeErr(outcome, outcome.fault, version));
  return lines.map((fields) => `${fields.join('|')}\r`).join('');
}

function wants(condition: string, isFine: boolean): boolean {
  return condition === 'AL' || (condition === 'SU' && isFine) || (condition === 'ER' && !isFine);
}

function ackCode({ fault, isParked }: Hl7Outcome, mode: 'A' | 'C'): string {
  if (fault === undefined) return `${mode}A`;
  return FAULTS[fault.code].retry === 'later' && isParked !== true ? `${mode}R` : `${mode}E`;
}

/** From 2.5 on ERR is coded; before, ERR-1 holds place and code together. */
function writeErr(outcome: Hl7Outcome, fault: Fault, version: string): string[] {
  const code = errorOf(fault);
  const text = TABLE_0357[code];
  const { segment = '', sequence = '', field: number = '' } = outcome.place ?? {};
  if (!isAtLeast25(version)) {
    return ['ERR', `${segment}^${sequence}^${number}^${code}&${text}&HL70357`];
  }
  const place = segment === '' ? '' : `${segment}^${sequence}${number === '' ? '' : `^${number}`}`;
  const words = FAULTS[fault.code].why;
  const detail = fault.detail === undefined ? words : `${words} (${fault.detail})`;
  return [
    'ERR',
    '',
    place,
    `${code}^${text}^HL70357`,
    'E',
    '',
    '',
    escapeText(fault.code),
    escapeText(detail),
  ];
}

function errorOf(fault: Fault): ErrorCode {
  if (fault.detail === UNSUPPORTED_MESSAGE) return UNSUPPORTED_TYPE;
  const known = ERRORS[fault.code];
  if (known !== undefined) return known;
  return FAULTS[fault.code].retry === 'later' ? INTERNAL : SEQUENCE;
}

export const UNSUPPORTED_MESSAGE = 'this type of message is not understood';

/** What an ACK said, to the side that sent the message. */
export interface Hl7Ack {
  /** AA, AE, AR, CA, CE or CR. */
  readonly code: string;
  readonly controlId: string;
  readonly isAccepted: boolean;
  /** Whether the same message may succeed later. */
  readonly isRetried: boolean;
  /** Codes of table 0357 in ERR segments. */
  readonly errors: readonly string[];
}

export function readAck({ segments, delimiters }: Hl7Message): Hl7Ack | undefined {
  const msa = segments.find(({ id }) => id === 'MSA');
  if (msa === undefined) return undefined;
  const code = field(msa, 1);
  const errors = segments
    .filter(({ id }) => id === 'ERR')
    .map((err) => {
      const old = components(field(err, 1), delimiters)[3] ?? '';
      return components(field(err, 3), delimiters)[0] || (old.split('&')[0] ?? '');
    });
  return {
    code,
    controlId: field(msa, 2),
    isAccepted: code === 'AA' || code === 'CA',
    isRetried: code === 'AR' || code === 'CR',
    errors,
  };
}
