import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { findMetric } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import type { Building } from './building.ts';
import type { PartFault } from './decoded.ts';
import type { DeviceReading } from './device-report.ts';
import { readIsoTime } from './iso-time.ts';
import { readMeasuredText } from './measured-text.ts';
import { attributeOf, childOf, parseXml, type XmlElement } from './xml-element.ts';
import { escapeXml } from './xml-scanner.ts';

/**
 * CLSI POCT1-A, the device messaging layer of point-of-care meters: HEL (who I am), OBS (results),
 * ACK, REQ, EOT, END. Values stand in the attribute V; coded ones name their system in SN.
 */
export interface PoctMessage {
  /** "OBS.R01"; a vendor's own topics are read by their frame alone. */
  readonly type: string;
  readonly controlId: string;
  readonly version: string;
  readonly createdMs?: number;
  /** Everything a HEL or DST says of the device: "model_id" → "StatStrip". */
  readonly device?: Readonly<Record<string, string>>;
  readonly services: readonly PoctService[];
  /** ACK: what is acknowledged, and how. */
  readonly ack?: { readonly type: string; readonly controlId: string };
}

/** One use of the meter: one patient, or a control or calibration of nobody. */
export interface PoctService {
  /** OBS a patient's test, LQC a liquid control, CVR, … */
  readonly role: string;
  readonly observedMs?: number;
  readonly patientId?: string;
  readonly location?: string;
  readonly operatorId?: string;
  readonly specimen?: string;
  readonly observations: readonly PoctObservation[];
}

export interface PoctObservation {
  readonly code: string;
  readonly name: string;
  /** LN is LOINC. */
  readonly system: string;
  readonly value: string;
  readonly unit: string;
  readonly interpretation: string;
  /** A accepted, R rejected, … by the operator. */
  readonly status: string;
  readonly normal?: PoctLimits;
  readonly critical?: PoctLimits;
}

export interface PoctLimits {
  readonly low?: number;
  readonly high?: number;
}

export interface PoctDecoded {
  readonly message: PoctMessage;
  readonly readings: readonly (DeviceReading & { readonly patientId?: string })[];
  readonly faults: readonly PartFault[];
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function decodePoct(bytes: Uint8Array): Result<PoctDecoded> {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return fail('PAYLOAD_MALFORMED', 'not UTF-8');
  }
  const parsed = parseXml(text);
  if (!parsed.ok) return parsed;
  const header = childOf(parsed.value, 'HDR');
  if (header === undefined) return fail('PAYLOAD_MALFORMED', 'no HDR');
  const message = readMessage(parsed.value, header);
  return ok({ message, ...readReadings(message) });
}

function value(parent: XmlElement | undefined, name: string): string {
  const element = childOf(parent, name);
  return attributeOf(element, 'V') || element?.text.trim() || '';
}

function readMessage(root: XmlElement, header: XmlElement): PoctMessage {
  const createdMs = readIsoTime(value(header, 'HDR.creation_dttm'));
  const device = childOf(root, 'DEV') ?? childOf(root, 'DST');
  const ack = childOf(root, 'ACK');
  return {
    type: value(header, 'HDR.message_type') || root.name,
    controlId: value(header, 'HDR.control_id'),
    version: value(header, 'HDR.version_id'),
    ...(createdMs !== undefined && { createdMs }),
    ...(device && { device: readDevice(device) }),
    ...(ack && {
      ack: { type: value(ack, 'ACK.type_cd'), controlId: value(ack, 'ACK.ack_control_id') },
    }),
    services: root.children.filter(({ name }) => name === 'SVC').map(readService),
  };
}

function readDevice(device: XmlElement): Record<string, string> {
  const said = device.children
    .filter(({ name }) => name.includes('.'))
    .map(({ name }) => [name.slice(name.indexOf('.') + 1), value(device, name)] as const);
  return Object.fromEntries(said);
}

function readService(service: XmlElement): PoctService {
  const patient = childOf(service, 'PT');
  const control = childOf(service, 'CTC');
  const observations: PoctObservation[] = [];
  for (const parent of [patient, control, service]) {
    for (const child of parent?.children ?? []) {
      if (child.name === 'OBS') observations.push(readObservation(child));
    }
  }
  const read: Building<PoctService> = { role: value(service, 'SVC.role_cd'), observations };
  const observedMs = readIsoTime(value(service, 'SVC.observation_dttm'));
  if (observedMs !== undefined) read.observedMs = observedMs;
  const patientId = value(patient, 'PT.patient_id');
  if (patientId !== '') read.patientId = patientId;
  const location = value(patient, 'PT.location');
  if (location !== '') read.location = location;
  const operatorId = value(childOf(service, 'OPR'), 'OPR.operator_id');
  if (operatorId !== '') read.operatorId = operatorId;
  const specimen = value(childOf(service, 'SPC'), 'SPC.type_cd');
  if (specimen !== '') read.specimen = specimen;
  return read;
}

function readObservation(observation: XmlElement): PoctObservation {
  const id = childOf(observation, 'OBS.observation_id');
  const measured = childOf(observation, 'OBS.value');
  const normal = readLimits(value(observation, 'OBS.normal_lo-hi_limit'));
  const critical = readLimits(value(observation, 'OBS.critical_lo-hi_limit'));
  return {
    code: attributeOf(id, 'V'),
    name: attributeOf(id, 'DN'),
    system: attributeOf(id, 'SN'),
    value: value(observation, 'OBS.value') || value(observation, 'OBS.qualitative_value'),
    unit: attributeOf(measured, 'U'),
    interpretation: value(observation, 'OBS.interpretation_cd'),
    status: value(observation, 'OBS.status_cd'),
    ...(normal && { normal }),
    ...(critical && { critical }),
  };
}

/** An interval: "[80;120]", open where a side is empty. */
function readLimits(text: string): PoctLimits | undefined {
  const found = /^[[\]]([^;[\]]{0,20});([^;[\]]{0,20})[[\]]$/.exec(text);
  if (found === null) return undefined;
  const [low, high] = [Number.parseFloat(found[1] ?? ''), Number.parseFloat(found[2] ?? '')];
  return { ...(Number.isFinite(low) && { low }), ...(Number.isFinite(high) && { high }) };
}

/** LOINC of test strips in meters' messages: blood whose source the meter does not know. */
const STRIPS: ReadonlyMap<string, string> = new Map([['2341-6', 'glucose-blood']]);

/** Readings of patients only; controls and calibrations are in the message and are nobody's. */
function readReadings({ services }: PoctMessage): Omit<PoctDecoded, 'message'> {
  const readings: (DeviceReading & { readonly patientId?: string })[] = [];
  const faults: PartFault[] = [];
  let index = -1;
  for (const { role, observedMs, patientId, observations } of services) {
    if (role !== 'OBS' && role !== '') continue;
    for (const observation of observations) {
      index++;
      const reading = readReading(observation);
      if (!reading.ok) faults.push({ index, fault: reading.fault });
      else {
        readings.push({
          ...reading.value,
          ...(observedMs !== undefined && { stampMs: observedMs }),
          ...(patientId !== undefined && { patientId }),
        });
      }
    }
  }
  return { readings, faults };
}

function readReading({
  code,
  system,
  value: text,
  unit,
  ...rest
}: PoctObservation): Result<DeviceReading> {
  const named = system === 'LN' ? findMetric(STRIPS.get(code) ?? code) : undefined;
  if (named === undefined) return fail('METRIC_UNKNOWN');
  const measured = readMeasuredText(text, named.metric.key);
  if (!measured.ok) return measured;
  return ok({
    metric: named.metric.key,
    unit: measured.value.unit ?? (unit || named.unit),
    value: measured.value.value,
    // What the operator rejected is kept and doubted, not hidden.
    flags: measured.value.flags | (rest.status === 'R' ? FLAG.QUESTIONABLE : 0),
  });
}

/** AA accepted, AE an error, AR refused: the answer to every message of a meter. */
export function writePoctAck(answer: {
  readonly type: 'AA' | 'AE' | 'AR';
  readonly acknowledged: string;
  readonly controlId: string;
  readonly nowMs: number;
}): string {
  const { type, acknowledged } = answer;
  return frame('ACK.R01', answer, [
    `<ACK><ACK.type_cd V="${type}"/><ACK.ack_control_id V="${escapeXml(acknowledged)}"/></ACK>`,
  ]);
}

/** Asks a meter for the results that it has not sent yet. */
export function writePoctRequest(request: {
  readonly controlId: string;
  readonly nowMs: number;
}): string {
  return frame('REQ.R01', request, ['<REQ><REQ.request_cd V="ROBS"/></REQ>']);
}

function frame(
  type: string,
  { controlId, nowMs }: { readonly controlId: string; readonly nowMs: number },
  body: readonly string[],
): string {
  const created = new Date(nowMs).toISOString().replace('Z', '+00:00');
  const header = [
    `<HDR.message_type V="${type}" SN="POCT1" SV="1"/>`,
    `<HDR.control_id V="${escapeXml(controlId)}"/>`,
    '<HDR.version_id V="POCT1"/>',
    `<HDR.creation_dttm V="${created}"/>`,
  ];
  return `<${type}><HDR>${header.join('')}</HDR>${body.join('')}</${type}>`;
}
