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

/** The same for all readings of one device, metric and epoch that are placed by one offset. */
export type LinksOf = (reading: PlacedReading) => DeviceLinks;

/** Without more knowledge a device is known by its name. */
export function linkByName({ deviceId }: Pick<PlacedReading, 'deviceId'>): DeviceLinks {
  const identifier = { system: SYSTEM.DEVICE, value: deviceId };
  return { device: { reference: `Device/${deviceTag(deviceId)}`, identifier } };
}

/**
 * Readings as FHIR R4 Observations, in the order given. A cuff's pressures of one device and stamp
 * become one blood pressure panel, at the place of the first.
 */
export function toObservations(
  readings: readonly PlacedReading[],
  linksOf: LinksOf = linkByName,
): Observation[] {
  const idOf = observationIds();
  return measurementsOf(readings).map((measurement) => {
    const [first] = measurement as [PlacedReading];
    const make = isCuffPressure(first.metric) ? toPanel : toObservation;
    return make(measurement, idOf(first), linksOf(first));
  });
}

/** What becomes one Observation each: a reading, or the pressures of a cuff. */
export function measurementsOf(
  readings: readonly PlacedReading[],
): readonly (readonly PlacedReading[])[] {
  const panels = new Map<string, PlacedReading[]>();
  const found: PlacedReading[][] = [];
  for (const reading of readings) {
    const { metric, deviceId, epoch, stampMs } = reading;
    const panel = isCuffPressure(metric) ? `${deviceId} ${epoch} ${stampMs}` : undefined;
    const opened = panel === undefined ? undefined : panels.get(panel);
    if (opened !== undefined) {
      opened.push(reading);
      continue;
    }
    const measurement = [reading];
    found.push(measurement);
    if (panel !== undefined) panels.set(panel, measurement);
  }
  return found;
}

/** The id of a measurement by its first reading; a device is hashed once. */
export function observationIds(): (first: PlacedReading) => string {
  const tags = new Map<string, string>();
  return ({ metric, deviceId, epoch, stampMs }) => {
    const device = tags.get(deviceId) ?? deviceTag(deviceId);
    tags.set(deviceId, device);
    return readingId({ device, name: measurementName(metric), epoch, stampMs });
  };
}

/** A panel's place in ids, where a reading has its metric. */
const PANEL = 'nibp';
const CUFF_KEYS = ['nibp-systolic', 'nibp-diastolic', 'nibp-mean'];

/** The metrics that an id of this name stands for. */
export function metricKeysOfId(name: string): readonly string[] {
  if (name === PANEL) return CUFF_KEYS;
  return CUFF_KEYS.includes(name) ? [] : [name];
}

/** What a metric's measurements are called in ids: all pressures of a cuff are one. */
export function measurementName(metric: Metric): string {
  return isCuffPressure(metric) ? PANEL : metric.key;
}

export function isCuffPressure(metric: Metric): boolean {
  return CUFF_KEYS.includes(metric.key);
}

/** Profiles of R4's vital signs, by the LOINC code that each requires. */
const PROFILES: ReadonlyMap<string, string> = new Map(
  VITAL_SIGNS.map((sign) => [sign.loinc, profileUrl(sign)]),
);

function toObservation(
  measurement: readonly PlacedReading[],
  id: string,
  links: DeviceLinks,
): Observation {
  const [reading] = measurement as [PlacedReading];
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
    const reading = pressureOf(readings, key);
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

/** Of several values of one stamp the last received counts. */
function pressureOf(readings: readonly PlacedReading[], key: string): PlacedReading | undefined {
  return readings.findLast(({ metric }) => metric.key === key);
}

/** The readings whose numbers an Observation holds, in their order in it. */
export function shownIn(measurement: readonly PlacedReading[]): readonly PlacedReading[] {
  const [first] = measurement as [PlacedReading];
  if (!isCuffPressure(first.metric)) return [first];
  return CUFF_KEYS.flatMap((key) => pressureOf(measurement, key) ?? []);
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

export function extensionsOf({
  gateway,
  coincident,
}: NonNullable<DeviceLinks['personal']>): Extension[] {
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
