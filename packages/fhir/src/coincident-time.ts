/**
 * What a personal device's clock showed at a moment that its gateway knew: HL7's PHD guide,
 * coincident time stamp. Whoever has both can place every stamp of the device.
 */
import type { Device, Observation, Reference } from '@medplum/fhirtypes';
import { deviceTag } from './reading-id.ts';
import { SYSTEM } from './systems.ts';

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

export function toCoincidentObservation(moment: ClockMoment): Observation {
  const { device, gateway, gatewayMs, sensor } = moment;
  const clock = sensor.kind === 'faulty' ? 'absolute' : sensor.kind;
  return {
    resourceType: 'Observation',
    id: `${deviceTag(device.reference ?? '')}.clock.${gatewayMs.toString(36)}`,
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
