/**
 * A message of one sender, cut by whose readings it holds: a monitor speaks for itself, a gateway for
 * the devices that OBX-18 names. Nothing is given to a patient whom the message does not mean.
 */
import type { Hl7Decoded, Hl7Group } from '@ausculta/codecs/hl7';
import { UNSUPPORTED_MESSAGE } from '@ausculta/codecs/hl7-ack';
import type { Hl7Order } from '@ausculta/codecs/hl7-observation';
import { type Fault, fail } from '@ausculta/vitals/fault';
import { parseDeviceId } from '@ausculta/vitals/identity';
import type { ReportedReading } from '@ausculta/vitals/reading';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { isBed } from '../../admissions/bed.ts';
import type { RegisteredDevice } from '../../devices/known-device.ts';
import { type PartFault, WHOLE_MESSAGE } from '../../line/entry.ts';
import { isMeasurable } from '../decode.ts';
import type { Decoded } from '../intake.ts';
import { categoryOfBed, type Hl7Sender, maySpeakFor } from './senders.ts';

/** What goes through intake at once: of one device, of one kind. */
export interface MessagePart {
  readonly device: RegisteredDevice;
  readonly decoded: Decoded;
}

export interface MessageContext {
  readonly sender: Hl7Sender;
  /** The sender's own device. */
  readonly own: RegisteredDevice;
  readonly deviceById: (id: string) => RegisteredDevice | undefined;
  /** Whether one of these numbers is that of who wears the device now, or nobody can contradict it. */
  readonly isMeant: (device: RegisteredDevice, numbers: readonly string[]) => boolean;
  /** The device that stands for the bed of a group, where its gateway names none. */
  readonly deviceOfBed: (group: Hl7Group) => RegisteredDevice | undefined;
}

interface Collected {
  readonly readings: ReportedReading[];
  readonly runs: WaveformRun[];
  readonly faults: PartFault[];
}

export function partsOf(decoded: Hl7Decoded, context: MessageContext): readonly MessagePart[] {
  // Alarms of a bedside device, orders and who lies where have no room to go to yet: their sender hears it.
  if (decoded.kind !== 'observations') {
    return decoded.kind === 'ack' ? [] : [refused(context.own, unsupported())];
  }
  const collected = new Map<RegisteredDevice, Collected>();
  let index = 0;
  for (const group of decoded.groups) index = collectGroup(group, { context, collected, index });
  // MSH-7 is the clock of who sent the message. Of a gateway's devices it says nothing.
  const { time } = decoded.header;
  const isExact = time?.precision === 'second' || time?.precision === 'millisecond';
  const sentMs = isExact && context.sender.speaksFor === undefined ? time.stampMs : undefined;
  // None at all: a monitor without a patient reports its channels, and nothing is wrong with that.
  return [...collected].flatMap(([device, each]) => partsOfDevice(device, each, sentMs));
}

function partsOfDevice(
  device: RegisteredDevice,
  { readings, runs, faults }: Collected,
  sentMs: number | undefined,
): MessagePart[] {
  const parts: MessagePart[] = [];
  if (readings.length > 0) {
    parts.push({ device, decoded: { kind: 'readings', readings, sentMs, faults } });
  } else if (faults.length > 0) parts.push({ device, decoded: { kind: 'nothing', faults } });
  if (runs.length > 0) parts.push({ device, decoded: { kind: 'waveforms', runs, faults: [] } });
  return parts;
}

/** Whose readings a group holds: for each the device, or undefined where nobody can say. */
export function devicesOf(
  group: Hl7Group,
  context: MessageContext,
): Set<RegisteredDevice | undefined> {
  const found = new Set<RegisteredDevice | undefined>();
  for (const { readings, waveforms, observations } of group.orders) {
    for (const { equipment } of readings) found.add(deviceOf(equipment, group, context));
    if (waveforms.length > 0) found.add(deviceOf(equipmentOf(observations), group, context));
  }
  return found;
}

interface Collecting {
  readonly context: MessageContext;
  readonly collected: Map<RegisteredDevice, Collected>;
  /** Observations before this group. */
  readonly index: number;
}

/** Answers the index of the next group's first observation. */
function collectGroup(group: Hl7Group, { context, collected, index }: Collecting): number {
  const numbers = (group.patient?.identifiers ?? []).map(({ id }) => id);
  const isChecked = context.sender.checksPatient && numbers.length > 0;
  // Asked once a device: a message may name thousands of numbers beside thousands of values.
  const meant = new Map<RegisteredDevice, boolean>();
  const isMeant = (device: RegisteredDevice): boolean => {
    const is = meant.get(device) ?? (!isChecked || context.isMeant(device, numbers));
    meant.set(device, is);
    return is;
  };
  const into = (device: RegisteredDevice) => {
    const known = collected.get(device) ?? { readings: [], runs: [], faults: [] };
    collected.set(device, known);
    return known;
  };
  const refuse = (at: number, fault: Fault) => into(context.own).faults.push({ index: at, fault });
  let first = index;
  for (const order of group.orders) {
    const faulty = order.faults.map(({ index: at, fault }) => ({ index: first + at, fault }));
    if (faulty.length > 0) into(context.own).faults.push(...faulty);
    for (const reading of order.readings) {
      const device = deviceOf(reading.equipment, group, context);
      if (device === undefined) refuse(first, fail('DEVICE_UNKNOWN', 'OBX-18').fault);
      else if (isMeant(device)) into(device).readings.push(reading);
      else refuse(first, fail('PATIENT_DIFFERS', 'PID-3').fault);
    }
    if (order.retracted.length > 0) refuse(first, fail('PAYLOAD_MALFORMED', WITHDRAWN).fault);
    const equipment = equipmentOf(order.observations);
    for (const run of order.waveforms) {
      const device = deviceOf(equipment, group, context);
      if (!isMeasurable(run)) refuse(first, fail('STAMP_INVALID', 'a waveform').fault);
      else if (device === undefined) refuse(first, fail('DEVICE_UNKNOWN', 'OBX-18').fault);
      else if (isMeant(device)) into(device).runs.push(run);
      else refuse(first, fail('PATIENT_DIFFERS', 'PID-3').fault);
    }
    first += order.observations.length;
  }
  return first;
}

const WITHDRAWN = 'values that are taken back (OBX-11 D or W) cannot be withdrawn yet';

function equipmentOf(observations: Hl7Order['observations']): string | undefined {
  return observations.find((each) => each.equipment !== undefined)?.equipment;
}

/**
 * The registered device of an OBX-18, "id^namespace^universal id^EUI-64". A monitor's modules are the
 * monitor: only a gateway speaks for others, and where it is believed about beds, for those.
 */
function deviceOf(
  equipment: string | undefined,
  group: Hl7Group,
  { sender, own, deviceById, deviceOfBed }: MessageContext,
): RegisteredDevice | undefined {
  if (sender.speaksFor === undefined) return own;
  const isAtBed = isBedOf(sender, group);
  if (equipment === undefined || equipment === '') return isAtBed ? deviceOfBed(group) : own;
  const [entity = '', , universal = ''] = equipment.split('^');
  for (const text of [universal, entity]) {
    const id = parseDeviceId(text.trim());
    if (id === undefined || !maySpeakFor(sender, id)) continue;
    const device = deviceById(id);
    if (device !== undefined && device.organisationId === own.organisationId) return device;
  }
  return isAtBed ? deviceOfBed(group) : undefined;
}

/** Whether a group comes from a bed about which its sender is believed. */
function isBedOf(sender: Hl7Sender, { visit }: Hl7Group): boolean {
  const place = visit?.location;
  return isBed(place) && categoryOfBed(sender, place.unit) !== undefined;
}

function refused(device: RegisteredDevice, fault: Fault): MessagePart {
  return { device, decoded: { kind: 'nothing', faults: [{ index: WHOLE_MESSAGE, fault }] } };
}

function unsupported(): Fault {
  return fail('PAYLOAD_MALFORMED', UNSUPPORTED_MESSAGE).fault;
}
