/**
 * What a personal device's clock showed at a moment that its gateway knew: HL7's PHD guide,
 * coincident time stamp. Whoever has both can place every stamp of the device.
 */
import type { Device, Observation, Reference } from '@medplum/fhirtypes';
import { GATEWAY_ID } from './device.ts';
import { deviceTag, parseReadingId, type ReadingKey, readingId } from './reading-id.ts';
import { EXTENSION, SYSTEM } from './systems.ts';

export interface ClockMoment {
  readonly device: Reference<Device>;
  readonly gateway: Reference<Device>;
  readonly gatewayMs: number;
  /** A clock that tells the time of day, or one that counts from when it was switched on. */
  readonly sensor:
    | { readonly kind: 'absolute' | 'base-offset'; readonly atMs: number }
    | { readonly kind: 'relative' | 'high-resolution'; readonly elapsedUs: number }
    | { readonly kind: 'faulty' };
}

/** IEEE 11073-10101: MDC_ATTR_TIME_ABS, _TIME_BO, _TIME_REL, _TIME_REL_HI_RES. */
const CLOCKS = {
  absolute: '67975',
  'base-offset': '68226',
  relative: '67983',
  'high-resolution': '68072',
} as const;

const PROFILE = 'http://hl7.org/fhir/uv/phd/StructureDefinition/PhdCoincidentTimeStampObservation';

export function toCoincidentObservation(id: string, moment: ClockMoment): Observation {
  const { device, gateway, gatewayMs, sensor } = moment;
  const clock = sensor.kind === 'faulty' ? 'absolute' : sensor.kind;
  return {
    resourceType: 'Observation',
    id,
    meta: { profile: [PROFILE] },
    status: 'final',
    code: { coding: [{ system: SYSTEM.MDC, code: CLOCKS[clock] }] },
    subject: device,
    effectiveDateTime: new Date(gatewayMs).toISOString(),
    ...shown(sensor),
    device: gateway,
  };
}

function shown(
  sensor: ClockMoment['sensor'],
): Pick<Observation, 'valueDateTime' | 'valueQuantity' | 'dataAbsentReason'> {
  switch (sensor.kind) {
    case 'absolute':
    case 'base-offset':
      return { valueDateTime: new Date(sensor.atMs).toISOString() };
    case 'relative':
    case 'high-resolution':
      return {
        valueQuantity: { value: sensor.elapsedUs, unit: 'us', system: SYSTEM.UCUM, code: 'us' },
      };
    case 'faulty':
      return { dataAbsentReason: { coding: [{ system: SYSTEM.DATA_ABSENT, code: 'unknown' }] } };
    default:
      return sensor satisfies never;
  }
}

/** From this stamp of an epoch on, a device's readings are placed so much later than it says. */
export interface ClockCorrection {
  readonly deviceId: string;
  readonly epoch: number;
  readonly fromStampMs: number;
  readonly offsetMs: number;
}

/** Where a reading's id has its metric; no metric is called so. */
const CLOCK = 'clock';

export function correctionId({
  deviceId,
  epoch,
  fromStampMs,
}: Omit<ClockCorrection, 'offsetMs'>): string {
  const device = deviceTag(deviceId);
  return readingId({ device, name: CLOCK, epoch, stampMs: fromStampMs });
}

/** Undefined for what is no id of a correction; whether there is such a one is not known here. */
export function parseCorrectionId(id: string): Omit<ReadingKey, 'name'> | undefined {
  const key = parseReadingId(id);
  return key?.name === CLOCK ? key : undefined;
}

/**
 * What is known of a clock that was wrong is by how much, and from which of its stamps on: that is told as the
 * moment at which the two were looked at. A clock that drifts has another one whenever it is corrected anew.
 */
export function correctionObservation(correction: ClockCorrection): Observation {
  const { deviceId, fromStampMs, offsetMs } = correction;
  const told = toCoincidentObservation(correctionId(correction), {
    device: { reference: `Device/${deviceTag(deviceId)}` },
    gateway: { reference: `Device/${GATEWAY_ID}` },
    gatewayMs: fromStampMs + offsetMs,
    sensor: isOfCalendar(fromStampMs)
      ? { kind: 'absolute', atMs: fromStampMs }
      : { kind: 'faulty' },
  });
  const text =
    'Readings from this time of the device on are placed by the difference, until the next.';
  return { ...told, note: [{ text }] };
}

/** FHIR has four digits for a year. */
function isOfCalendar(ms: number): boolean {
  return /^\d{4}-/.test(new Date(ms).toISOString());
}

/** The ids of the corrections that an Observation, as text, refers to. */
export function correctionsIn(text: string): string[] {
  if (!text.includes(EXTENSION.COINCIDENT)) return [];
  const { extension = [] } = JSON.parse(text) as Observation;
  return extension.flatMap(({ url, valueReference }) => {
    const [type, id = ''] = valueReference?.reference?.split('/') ?? [];
    const isOurs = type === 'Observation' && parseCorrectionId(id) !== undefined;
    return url === EXTENSION.COINCIDENT && isOurs ? [id] : [];
  });
}

/** Undefined for what is none, or does not say when: the sensor's clock was the better one. */
export function readCoincident(observation: Observation): ClockMoment | undefined {
  const { code, subject, device, effectiveDateTime } = observation;
  const mdc = code.coding?.find(({ system }) => system === SYSTEM.MDC)?.code;
  const kind = clockOf(mdc);
  const gatewayMs = Date.parse(effectiveDateTime ?? '');
  if (kind === undefined || !subject || !device || !Number.isFinite(gatewayMs)) return undefined;
  const sensor = readSensor(kind, observation);
  const between = { device: subject as Reference<Device>, gateway: device as Reference<Device> };
  return sensor && { ...between, gatewayMs, sensor };
}

type Clock = keyof typeof CLOCKS;

function clockOf(mdc: string | undefined): Clock | undefined {
  return (Object.keys(CLOCKS) as Clock[]).find((clock) => CLOCKS[clock] === mdc);
}

function readSensor(
  kind: Clock,
  { valueDateTime, valueQuantity, dataAbsentReason }: Observation,
): ClockMoment['sensor'] | undefined {
  if (dataAbsentReason !== undefined) return { kind: 'faulty' };
  if (kind === 'absolute' || kind === 'base-offset') {
    const atMs = Date.parse(valueDateTime ?? '');
    return Number.isFinite(atMs) ? { kind, atMs } : undefined;
  }
  const { value, code } = valueQuantity ?? {};
  return value !== undefined && code === 'us' ? { kind, elapsedUs: value } : undefined;
}
