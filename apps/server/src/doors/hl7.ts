/**
 * The HL7 v2 door: MLLP over TCP or TLS, off until an administrator gives it a port and a list of
 * senders. A positive acknowledgement comes only after the message is durable; AE says that it must be
 * mended first, AR that it may be sent again.
 */
import { type Hl7Decoded, type Hl7Group, readHl7 } from '@ausculta/codecs/hl7';
import { type Hl7Outcome, writeAck } from '@ausculta/codecs/hl7-ack';
import { type Hl7Header, NO_HEADER, readHeader } from '@ausculta/codecs/hl7-header';
import { type Hl7Message, parseHl7 } from '@ausculta/codecs/hl7-message';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { AdmissionDesk } from '../admissions/admission-desk.ts';
import type { BedFeeds } from '../admissions/bed-feeds.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { WHOLE_MESSAGE } from '../line/entry.ts';
import type { TlsSource } from '../tls-source.ts';
import { settleBeds } from './hl7/bed-places.ts';
import { Hl7Connection } from './hl7/connection.ts';
import { type MessagePart, partsOf } from './hl7/message-parts.ts';
import { type Attempt, Patience } from './hl7/patience.ts';
import { categoryOfBed, findSender, type Hl7Sender } from './hl7/senders.ts';
import { type Answer, type IntakePorts, takeIn } from './intake.ts';
import { type Listening, listen } from './listener.ts';
import type { Peer } from './peers.ts';

/** Interface engines keep one connection, bedside monitors one each. */
const CONNECTIONS_MAX = 500;

const OURSELVES = 'AUSCULTA';

/** HL7 before 2.7 lets a control id have twenty characters. */
const CONTROL_ID_LENGTH = 20;

export interface Hl7DoorOptions {
  readonly host: string;
  readonly port: number;
  readonly senders: readonly Hl7Sender[];
  readonly tls: TlsSource | undefined;
}

export interface Hl7Ports {
  readonly intake: IntakePorts;
  readonly deviceById: (id: string) => RegisteredDevice | undefined;
  /** Whether one of these numbers is that of who wears the device now, or nobody can contradict it. */
  readonly isMeant: (device: RegisteredDevice, numbers: readonly string[]) => boolean;
  readonly beds: Pick<BedFeeds, 'introduce' | 'settle' | 'deviceOfBed'>;
  readonly desk: Pick<AdmissionDesk, 'take'>;
  readonly newId: () => string;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
}

export function openHl7Door(options: Hl7DoorOptions, ports: Hl7Ports): Promise<Listening> {
  const { senders } = options;
  const patience = new Patience(ports);
  const onProblem = (error: unknown) => ports.intake.onProblem('take an HL7 connection', error);
  return listen(
    { ...options, list: senders, connectionsMax: CONNECTIONS_MAX },
    {
      onProblem,
      open: (socket, peer, onEnd) =>
        new Hl7Connection(socket, peer, {
          take: (bytes, from) => take(bytes, { peer: from, senders, ports }),
          refuse: (fault) => acknowledge(NO_HEADER, { fault }, ports).answer ?? '',
          patience,
          onEnd,
        }),
    },
  );
}

const UNLISTED = 'MSH-3, MSH-4 and the address are not together in the list of senders';

interface Surroundings {
  readonly peer: Peer;
  readonly senders: readonly Hl7Sender[];
  readonly ports: Hl7Ports;
}

/** The acknowledgement of one message, once it is durable or refused. */
async function take(bytes: Uint8Array, { peer, senders, ports }: Surroundings): Promise<Attempt> {
  const parsed = parseHl7(bytes);
  if (!parsed.ok) return acknowledge(NO_HEADER, { fault: parsed.fault }, ports);
  const { delimiters } = parsed.value;
  const header = readHeader(parsed.value);
  const sender = findSender(senders, peer, { header, delimiters });
  const own = sender && ports.deviceById(sender.device);
  if (sender === undefined || own === undefined) {
    const refused =
      sender === undefined ? fail('CREDENTIALS_REFUSED', UNLISTED) : fail('DEVICE_UNKNOWN');
    return acknowledge(header, { fault: refused.fault }, ports);
  }
  const receivedMs = ports.nowMs();
  const parts = await readParts(parsed.value, { sender, own, ports, bytes, receivedMs });
  if (parts.kind === 'ack') return { answer: undefined, isTooSoon: false };
  if (parts.kind === 'again') return acknowledge(header, { fault: parts.fault }, ports);
  const taken = parts.parts.map(
    ({ device, decoded }) =>
      new Promise<Answer>((resolve) => {
        const message = { device, door: 'hl7', bytes, receivedMs, decoded, waits: false };
        takeIn(message, ports.intake, resolve);
      }),
  );
  return acknowledge(header, outcomeOf(await Promise.all(taken)), ports);
}

type Parts =
  | { readonly kind: 'ack' }
  | { readonly kind: 'parts'; readonly parts: readonly MessagePart[] }
  /** Who wears what could not be written down: the sender has to send it again. */
  | { readonly kind: 'again'; readonly fault: Fault };

const COMES_AGAIN = new Set<Fault['code']>(['STORE_UNAVAILABLE', 'STORE_FULL', 'RATE_EXCEEDED']);

interface Received {
  readonly sender: Hl7Sender;
  readonly own: RegisteredDevice;
  readonly ports: Hl7Ports;
  readonly bytes: Uint8Array;
  readonly receivedMs: number;
}

async function readParts(message: Hl7Message, received: Received): Promise<Parts> {
  const { sender, own, ports } = received;
  const { utcOffsetMinutes } = sender;
  const decoded = readHl7(message, utcOffsetMinutes === undefined ? {} : { utcOffsetMinutes });
  if (!decoded.ok) return kept(own, decoded.fault);
  if (decoded.value.kind === 'ack') return { kind: 'ack' };
  const { deviceById, isMeant, beds } = ports;
  const deviceOfBed = ({ visit }: Hl7Group): RegisteredDevice | undefined => {
    const device = visit?.location && beds.deviceOfBed(own, visit.location);
    return device?.isDisabled ? undefined : device;
  };
  const context = { sender, own, deviceById, isMeant, deviceOfBed };
  const admission = decoded.value.kind === 'patient' && sender.admits ? decoded.value : undefined;
  // Who lies where comes first: the parts are placed by it.
  const settling = admission
    ? takeAdmission(admission, received)
    : settleBeds(decoded.value, context, beds);
  const fault = await settling?.catch((error: unknown) => {
    ports.intake.onProblem('see who lies in a bed', error);
    return fail('STORE_UNAVAILABLE').fault;
  });
  if (fault !== undefined) {
    // What was not written has to come again; anything else is wrong with the message.
    return COMES_AGAIN.has(fault.code) ? { kind: 'again', fault } : kept(own, fault);
  }
  return { kind: 'parts', parts: admission ? [] : partsOf(decoded.value, context) };
}

async function takeAdmission(
  decoded: Extract<Hl7Decoded, { kind: 'patient' }>,
  { sender, own, ports, bytes, receivedMs }: Received,
): Promise<Fault | undefined> {
  if (ports.intake.isFull()) return fail('STORE_FULL').fault;
  // Each may make a patient, whose key is written before anything goes on.
  if (!own.allowance.take({ kind: 'nothing', bytes: bytes.length }, receivedMs))
    return fail('RATE_EXCEEDED').fault;
  const taken = await ports.desk.take({
    organisationId: own.organisationId,
    senderId: own.id,
    messageId: ports.intake.contentId(own.id, bytes),
    adt: decoded.adt,
    sentMs: decoded.header.time?.stampMs,
    receivedMs,
    categoryOf: (unit) => categoryOfBed(sender, unit) ?? 'unknown',
  });
  return taken.ok ? undefined : taken.fault;
}

function kept(own: RegisteredDevice, fault: Fault): Parts {
  return { kind: 'parts', parts: [unreadable(own, fault)] };
}

function unreadable(device: RegisteredDevice, fault: Fault): MessagePart {
  return { device, decoded: { kind: 'nothing', faults: [{ index: WHOLE_MESSAGE, fault }] } };
}

/**
 * What was not made durable has to come again. What is durable is accepted, if any of it found its
 * place; else it is parked, and the sender hears why, as an error that sending again will not mend.
 */
function outcomeOf(answers: readonly Answer[]): Hl7Outcome {
  const again = answers.find(({ fault }) => fault !== undefined)?.fault;
  if (again !== undefined) return { fault: again };
  const [first] = answers.flatMap(({ faults }) => faults);
  const isStored = answers.some(({ stored }) => stored > 0);
  return first === undefined || isStored ? {} : { fault: first.fault, isParked: true };
}

function acknowledge(header: Hl7Header, outcome: Hl7Outcome, ports: Hl7Ports): Attempt {
  const answer = writeAck(header, outcome, {
    nowMs: ports.nowMs(),
    controlId: ports.newId().replaceAll('-', '').slice(0, CONTROL_ID_LENGTH),
    sendingApplication: OURSELVES,
  });
  return { answer, isTooSoon: outcome.fault?.code === 'RATE_EXCEEDED' };
}
