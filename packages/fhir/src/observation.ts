import { BLOOD_PRESSURE_PANEL } from '@ausculta/vitals/catalogue-pressure';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { Reading } from '@ausculta/vitals/reading';
import type { Coding, Observation, ObservationComponent } from '@medplum/fhirtypes';
import { certainty, valueElement } from './observation-value.ts';
import { sha256Hex } from './sha-256.ts';
import { SYSTEM } from './systems.ts';

/** A reading with all that makes it an Observation. `timeMs` is corrected, `stampMs` the device's. */
export interface PlacedReading extends Reading {
  readonly metric: Metric;
  readonly subjectId: SubjectId;
  readonly deviceId: DeviceId;
  readonly epoch: number;
  readonly timeMs: number;
}

/**
 * Readings as FHIR R4 Observations, in the order given. A cuff's pressures of one device and stamp
 * become one blood pressure panel, at the place of the first.
 */
export function toObservations(readings: readonly PlacedReading[]): Observation[] {
  const panels = new Map<string, PlacedReading[]>();
  const made: (Observation | PlacedReading[])[] = [];
  for (const reading of readings) {
    if (!isCuffPressure(reading.metric)) {
      made.push(toObservation(reading));
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
  return made.map((one) => (Array.isArray(one) ? toPanel(one) : one));
}

const PANEL = 'nibp';
const CUFF_KEYS = ['nibp-systolic', 'nibp-diastolic', 'nibp-mean'];

export function isCuffPressure(metric: Metric): boolean {
  return CUFF_KEYS.includes(metric.key);
}

/**
 * The id is made of device, metric, epoch and stamp: the same reading has the same id for ever, and
 * whose it is may change (a re-attribution) without a new one. 40 hex digits, of FHIR's 64 allowed.
 */
function idOf(reading: PlacedReading, name: string): string {
  const { deviceId, epoch, stampMs } = reading;
  return sha256Hex(JSON.stringify([deviceId, name, epoch, stampMs])).slice(0, 40);
}

/** Profiles of R4's vital signs, by the LOINC code that each requires. */
const PROFILES: ReadonlyMap<string, string> = new Map([
  ['8867-4', 'heartrate'],
  ['9279-1', 'resprate'],
  ['2708-6', 'oxygensat'],
  ['8310-5', 'bodytemp'],
  ['29463-7', 'bodyweight'],
  ['8302-2', 'bodyheight'],
  ['39156-5', 'bmi'],
  [BLOOD_PRESSURE_PANEL.loinc, 'bp'],
]);

function toObservation(reading: PlacedReading): Observation {
  const { metric } = reading;
  return {
    ...frame(reading, [reading], metric.key, categoryOf(metric), metric.loinc[0]),
    code: { coding: codingsOf(metric), text: metric.label },
    ...valueElement(metric, reading),
  };
}

/** The bp profile wants both components; one that was not measured says so. */
function toPanel(readings: readonly PlacedReading[]): Observation {
  const [first] = readings as [PlacedReading];
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
    ...frame(first, readings, PANEL, 'vital-signs', loinc),
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
  first: PlacedReading,
  all: readonly PlacedReading[],
  name: string,
  category: string | undefined,
  loinc: string | undefined,
): Omit<Observation, 'code'> {
  const flags = all.reduce((sum, reading) => sum | reading.flags, 0);
  const { security, interpretation, status } = certainty(flags);
  const profile = loinc === undefined ? undefined : PROFILES.get(loinc);
  return {
    resourceType: 'Observation',
    id: idOf(first, name),
    meta: {
      ...(profile && { profile: [`http://hl7.org/fhir/StructureDefinition/${profile}`] }),
      ...(security.length > 0 && { security }),
    },
    status,
    ...(category && {
      category: [{ coding: [{ system: SYSTEM.OBSERVATION_CATEGORY, code: category }] }],
    }),
    subject: { reference: `Patient/${first.subjectId}` },
    effectiveDateTime: new Date(first.timeMs).toISOString(),
    ...(interpretation.length > 0 && { interpretation }),
    device: { identifier: { system: SYSTEM.DEVICE, value: first.deviceId } },
  };
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
