import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { FLAG } from '@ausculta/vitals/reading';
import { type Hl7Ack, readAck, UNSUPPORTED_MESSAGE } from './hl7-ack.ts';
import { type Hl7Adt, readAdt } from './hl7-adt.ts';
import { type Hl7Alert, readAlert } from './hl7-alert.ts';
import { type Hl7Header, isKnownVersion, readHeader } from './hl7-header.ts';
import { type Hl7Message, type Hl7Segment, parseHl7 } from './hl7-message.ts';
import { type Hl7Order, OrderReader } from './hl7-observation.ts';
import { type Hl7Patient, type Hl7Visit, readPatient, readVisit } from './hl7-patient.ts';
import { type Hl7Readings, readOrder } from './hl7-readings.ts';

export interface Hl7Context {
  /** The sender's zone, for times that name none while MSH-7 names none either. */
  readonly utcOffsetMinutes?: number;
}

/** What belongs to one patient of a message: one PID up to the next. */
export interface Hl7Group {
  /** Absent: the sender does not know who lies there; the bed may still be known (safety S17). */
  readonly patient?: Hl7Patient;
  readonly visit?: Hl7Visit;
  readonly orders: readonly (Hl7Order & Hl7Readings)[];
  readonly alerts: readonly Hl7Alert[];
}

/** An HL7 v2 message by what it is for. */
export type Hl7Decoded = { readonly header: Hl7Header; readonly message: Hl7Message } & (
  | { readonly kind: 'observations'; readonly groups: readonly Hl7Group[] }
  | { readonly kind: 'alerts'; readonly groups: readonly Hl7Group[] }
  | { readonly kind: 'patient'; readonly adt: Hl7Adt; readonly groups: readonly Hl7Group[] }
  | { readonly kind: 'ack'; readonly ack: Hl7Ack }
  /** RGV^O15 and other orders: who and which device are read, the rest stands in the message. */
  | { readonly kind: 'order'; readonly groups: readonly Hl7Group[] }
);

/**
 * Reads versions 2.3 to 2.8: ORU^R01 (IHE DEC, waveforms, laboratories), ORU^R40 (alerts), ORU^R42
 * (pump events), ADT, ORA^R41 and ACK. Senders are taken as they are: rows without sub-ids, vendors'
 * codes, missing types. What one row has wrong costs that row alone.
 */
export function decodeHl7(bytes: Uint8Array, context: Hl7Context = {}): Result<Hl7Decoded> {
  const parsed = parseHl7(bytes);
  return parsed.ok ? readHl7(parsed.value, context) : parsed;
}

export function readHl7(message: Hl7Message, context: Hl7Context = {}): Result<Hl7Decoded> {
  const header = readHeader(message, context.utcOffsetMinutes);
  if (!isKnownVersion(header.version)) return fail('PAYLOAD_MALFORMED', 'the version of HL7');
  // Section 2.5.5.2: MSH-7's zone holds for every time of the message without one.
  const offset = header.time?.offsetMinutes ?? context.utcOffsetMinutes ?? 0;
  const whole = { header, message };
  switch (header.type) {
    case 'ORU':
    case 'ORA': {
      const isAlert = header.trigger === 'R40' || header.trigger === 'R41';
      const groups = readGroups(message, header, offset);
      return ok({ ...whole, kind: isAlert ? 'alerts' : 'observations', groups });
    }
    case 'ADT': {
      const adt = readAdt(message, header, offset);
      return ok({ ...whole, kind: 'patient', adt, groups: readGroups(message, header, offset) });
    }
    case 'RGV':
    case 'RRG':
    case 'ORM':
    case 'OMG':
      return ok({ ...whole, kind: 'order', groups: readGroups(message, header, offset) });
    case 'ACK': {
      const ack = readAck(message);
      return ack === undefined
        ? fail('PAYLOAD_MALFORMED', 'an ACK without MSA')
        : ok({ ...whole, kind: 'ack', ack });
    }
    default:
      return fail('PAYLOAD_MALFORMED', UNSUPPORTED_MESSAGE);
  }
}

interface OpenGroup {
  readonly pid?: Hl7Segment;
  pv1?: Hl7Segment;
  readonly orders: OrderReader;
}

function readGroups(message: Hl7Message, header: Hl7Header, offset: number): Hl7Group[] {
  const { segments, delimiters } = message;
  const open: OpenGroup[] = [];
  let group: OpenGroup | undefined;
  const current = () => {
    if (group === undefined) {
      group = { orders: new OrderReader(delimiters, offset) };
      open.push(group);
    }
    return group;
  };
  for (const segment of segments) {
    if (segment.id === 'PID') {
      group = { pid: segment, orders: new OrderReader(delimiters, offset) };
      open.push(group);
    } else if (segment.id === 'PV1') {
      current().pv1 ??= segment;
    } else if (segment.id === 'OBR') {
      current().orders.takeObr(segment);
    } else if (segment.id === 'OBX') {
      current().orders.takeObx(segment);
    }
  }
  return open.map((each) => readGroup(each, { message, header, offset }));
}

interface Whole {
  readonly message: Hl7Message;
  readonly header: Hl7Header;
  readonly offset: number;
}

function readGroup({ pid, pv1, orders }: OpenGroup, { message, header, offset }: Whole): Hl7Group {
  const { delimiters } = message;
  const isAlert = header.trigger === 'R40' || header.trigger === 'R41';
  // T is training and D debugging: nobody's real values.
  const flags = header.processing === 'T' || header.processing === 'D' ? FLAG.SIMULATED : 0;
  const alerts = isAlert ? orders.orders.map((order) => readAlert(order, delimiters)) : [];
  return {
    ...(pid && { patient: readPatient(pid, delimiters) }),
    ...(pv1 && { visit: readVisit(pv1, delimiters, offset) }),
    orders: orders.orders.map((order) => ({
      ...order,
      ...(isAlert ? NOTHING_MEASURED : readOrder(order, delimiters, flags)),
    })),
    alerts: alerts.filter((alert) => alert !== undefined),
  };
}

/** An alert's value is the alert's: the monitor sends the reading itself in its own message. */
const NOTHING_MEASURED: Hl7Readings = { readings: [], waveforms: [], retracted: [], faults: [] };
