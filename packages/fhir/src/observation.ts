import { BLOOD_PRESSURE_PANEL } from '@ausculta/vitals/catalogue-pressure';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { Reading } from '@ausculta/vitals/reading';
import type {
  Coding,
  Device,
  DeviceMetric,
  Extension,
  Observation,
  ObservationComponent,
  Reference,
} from '@medplum/fhirtypes';
import { certainty, valueElement } from './observation-value.ts';
import { deviceTag, readingId } from './reading-id.ts';
import { EXTENSION, SYSTEM } from './systems.ts';
import { profileUrl, VITAL_SIGNS } from './vital-signs.ts';

/** A reading with all that makes it an Observation. `timeMs` is corrected, `stampMs` the device's. */
export interface PlacedReading extends Reading {
  readonly metric: Metric;
  readonly subjectId: SubjectId;
  readonly deviceId: DeviceId;
  readonly epoch: number;
  readonly timeMs: number;
}

/** What stands beside a device's readings: how to reach it, and by which guide it is to be told of. */
export interface DeviceLinks {
  /** Device/… of a personal device, DeviceMetric/… at the point of care. */
  readonly device: Reference<Device | DeviceMetric>;
  /** Given for a personal health device (HL7's PHD guide): who passed the reading on. */
  readonly personal?: {
    readonly gateway: Reference;
    /** The Observation that says what the device's clock showed. */
    readonly coincident?: Reference;
  };
}

type LinksOf = (reading: PlacedReading) => DeviceLinks;

/** Without more knowledge a device is known by its name. */
function linkByName({ deviceId }: PlacedReading): DeviceLinks {
  return { device: { identifier: { system: SYSTEM.DEVICE, value: deviceId } } };
}

/**
 * Readings as FHIR R4 Observations, in the order given. A cuff's pressures of one device and stamp
 * become one blood pressure panel, at the place of the first.
 */
export function toObservations(
  readings: readonly PlacedReading[],
  linksOf: LinksOf = linkByName,
): Observation[] {
  const tags = new Map<string, string>();
  const idOf = ({ deviceId, epoch, stampMs }: PlacedReading, name: string) => {
    const device = tags.get(deviceId) ?? deviceTag(deviceId);
    tags.set(deviceId, device);
    return readingId({ device, name, epoch, stampMs });
  };
  const panels = new Map<string, PlacedReading[]>();
  const made: (Observation | PlacedReading[])[] = [];
  for (const reading of readings) {
    if (!isCuffPressure(reading.metric)) {
      made.push(toObservation(reading, idOf(reading, reading.metric.key), linksOf(reading)));
      continue;
    }
    const id = idOf(reading, PANEL);
    const panel = panels.get(id);
    if (panel !== undefined) {
      panel.push(reading);
      continue;
    }
    const opened = [reading];
    panels.set(id, opened);
    made.push(opened);
  }
  return made.map((one) => {
    if (!Array.isArray(one)) return one;
    const [first] = one as [PlacedReading];
    return toPanel(one, idOf(first, PANEL), linksOf(first));
  });
}

/** A panel's place in ids, where a reading has its metric. */
export const PANEL = 'nibp';
const CUFF_KEYS = ['nibp-systolic', 'nibp-diastolic', 'nibp-mean'];

export function isCuffPressure(metric: Metric): boolean {
  return CUFF_KEYS.includes(metric.key);
}

/** Profiles of R4's vital signs, by the LOINC code that each requires. */
const PROFILES: ReadonlyMap<string, string> = new Map(
  VITAL_SIGNS.map((sign) => [sign.loinc, profileUrl(sign)]),
);

function toObservation(reading: PlacedReading, id: string, links: DeviceLinks): Observation {
  const { metric } = reading;
  return {
    ...frame(id, [reading], links, [categoryOf(metric), metric.loinc[0]]),
    code: { coding: codingsOf(metric), text: metric.label },
    ...valueElement(metric, reading),
  };
}

/** The bp profile wants both components; one that was not measured says so. */
function toPanel(readings: readonly PlacedReading[], id: string, links: DeviceLinks): Observation {
  const component = CUFF_KEYS.flatMap((key): ObservationComponent[] => {
    const reading = readings.findLast((one) => one.metric.key === key);
    if (reading !== undefined) {
      const code = { coding: codingsOf(reading.metric), text: reading.metric.label };
      return [{ code, ...valueElement(reading.metric, reading) }];
    }
    const loinc = REQUIRED_COMPONENTS.get(key);
    if (loinc === undefined) return [];
    const dataAbsentReason = { coding: [{ system: SYSTEM.DATA_ABSENT, code: 'unknown' }] };
    return [{ code: { coding: [{ system: SYSTEM.LOINC, code: loinc }] }, dataAbsentReason }];
  });
  const { loinc, mdc } = BLOOD_PRESSURE_PANEL;
  const coding = [
    { system: SYSTEM.LOINC, code: loinc },
    { system: SYSTEM.MDC, code: String(mdc.code) },
  ];
  return {
    ...frame(id, readings, links, ['vital-signs', loinc]),
    code: { coding, text: 'Blood pressure (cuff)' },
    component,
  };
}

const REQUIRED_COMPONENTS: ReadonlyMap<string, string> = new Map([
  ['nibp-systolic', '8480-6'],
  ['nibp-diastolic', '8462-4'],
]);

/** What every Observation has: identity, trust, whose, when, by what. */
function frame(
  id: string,
  all: readonly PlacedReading[],
  { device, personal }: DeviceLinks,
  [category, loinc]: readonly [category: string | undefined, loinc: string | undefined],
): Omit<Observation, 'code'> {
  const [first] = all as [PlacedReading];
  const flags = all.reduce((sum, reading) => sum | reading.flags, 0);
  const { security, interpretation, status } = certainty(flags);
  const profile = loinc === undefined ? undefined : PROFILES.get(loinc);
  const categories = [
    ...(category === undefined ? [] : [{ system: SYSTEM.OBSERVATION_CATEGORY, code: category }]),
    ...(personal === undefined ? [] : [{ system: SYSTEM.PHD_CATEGORY, code: 'phd' }]),
  ];
  return {
    resourceType: 'Observation',
    id,
    meta: {
      ...(profile && { profile: [profile] }),
      ...(security.length > 0 && { security }),
    },
    ...(personal && { extension: extensionsOf(personal) }),
    status,
    ...(categories.length > 0 && { category: categories.map((coding) => ({ coding: [coding] })) }),
    subject: { reference: `Patient/${first.subjectId}` },
    effectiveDateTime: new Date(first.timeMs).toISOString(),
    ...(interpretation.length > 0 && { interpretation }),
    device,
  };
}

function extensionsOf({ gateway, coincident }: NonNullable<DeviceLinks['personal']>): Extension[] {
  const clock = coincident && { url: EXTENSION.COINCIDENT, valueReference: coincident };
  return [{ url: EXTENSION.GATEWAY, valueReference: gateway }, ...(clock ? [clock] : [])];
}

/** LOINC first, as the profiles want; then the MDC term we send; then our own key. */
export function codingsOf(metric: Metric): Coding[] {
  const term = metric.mdc.find(({ verified }) => verified);
  return [
    ...metric.loinc.map((code) => ({ system: SYSTEM.LOINC, code })),
    ...(term === undefined ? [] : [{ system: SYSTEM.MDC, code: String(term.code) }]),
    { system: SYSTEM.METRIC, code: metric.key },
  ];
}

const LABORATORY = ['glucose', 'ketone-capillary', 'inr'];
const ACTIVITY = ['steps', 'steps-day', 'energy-expended', 'activity-duration', 'sleep-duration'];
const EXAM = ['consciousness', 'glasgow-coma-score', 'pain-score', 'urine-output'];

/** Undefined for rooms, batteries, settings and doses: they are no signs of life. */
export function categoryOf(metric: Metric): string | undefined {
  if (LABORATORY.includes(metric.vital)) return 'laboratory';
  if (ACTIVITY.includes(metric.vital)) return 'activity';
  if (EXAM.includes(metric.vital)) return 'exam';
  const isOfPatient = metric.kind === 'numeric' && !/^(ambient|infusion)-/.test(metric.key);
  return isOfPatient ? 'vital-signs' : undefined;
}
