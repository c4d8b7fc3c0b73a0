import { type Fault, fail, ok, type Result } from '@ausculta/vitals/fault';
import type { ReportedReading } from '@ausculta/vitals/reading';
import type { DecodedReadings, PartFault } from './decoded.ts';
import { readSensorGlucose } from './glucose-sensor.ts';
import { readStamp } from './iso-time.ts';
import {
  EXPORT_BYTES_MAX,
  EXPORT_PARTS_MAX,
  isObject,
  type JsonObject,
  parseJson,
} from './json-message.ts';
import { readMeasuredText } from './measured-text.ts';

/**
 * Documents of a Nightscout site, one or an array, as its API gives them: entries of a sensor (sgv, in
 * mg/dL whatever the site shows) and of a meter (mbg), treatments (insulin, carbohydrates, a finger
 * prick), and the pump's charge in a device status. Numbers may come as text. Anything else in a
 * document is the looping app's own and nobody's measurement.
 */
export function decodeNightscout(bytes: Uint8Array): Result<DecodedReadings> {
  const parsed = parseJson(bytes, EXPORT_BYTES_MAX);
  if (!parsed.ok) return parsed;
  const documents = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  if (documents.length > EXPORT_PARTS_MAX) {
    return fail('PAYLOAD_TOO_LARGE', `more than ${EXPORT_PARTS_MAX} documents`);
  }
  const readings: ReportedReading[] = [];
  const faults: PartFault[] = [];
  for (const [index, document] of documents.entries()) {
    const fault = takeDocument(document, readings);
    if (fault !== undefined) faults.push({ index, fault });
  }
  return ok({ readings, faults });
}

/** Takes in what a document measures; answers why when that is nothing, or not to be read. */
function takeDocument(document: unknown, into: ReportedReading[]): Fault | undefined {
  if (!isObject(document)) return fail('PAYLOAD_MALFORMED', 'a document is no object').fault;
  const stampMs = readTime(document);
  if (stampMs === undefined) return fail('STAMP_INVALID', 'no time of a known form').fault;
  const measured = measuredIn(document);
  if (measured.length === 0)
    return fail('METRIC_UNKNOWN', 'a document without a measurement').fault;
  for (const { metric, unit, given } of measured) {
    const value = metric === SENSOR ? readSensor(given) : readNumber(given, metric);
    if (!value.ok) return value.fault;
    into.push({ metric, unit, stampMs, ...value.value });
  }
  return undefined;
}

/** Milliseconds where the document has them, else ISO 8601; zones are written +0200 as well. */
function readTime({ date, mills, created_at, dateString }: JsonObject): number | undefined {
  for (const time of [date, mills, created_at, dateString]) {
    if (time === undefined || time === null) continue;
    return readStamp(
      typeof time === 'string' ? time.replace(/([+-]\d{2})(\d{2})$/, '$1:$2') : time,
    );
  }
  return undefined;
}

const SENSOR = 'glucose-interstitial';

interface Measured {
  readonly metric: string;
  readonly unit: string;
  readonly given: unknown;
}

function measuredIn(document: JsonObject): Measured[] {
  const measured: Measured[] = [];
  const add = (metric: string, unit: string, given: unknown) => {
    if (given !== undefined && given !== null && given !== '')
      measured.push({ metric, unit, given });
  };
  const { type, eventType, pump } = document;
  if (type === 'sgv') add(SENSOR, 'mg/dL', document.sgv);
  else if (type === 'mbg') add('glucose-capillary', 'mg/dL', document.mbg);
  else if (eventType !== undefined) addTreatment(document, add);
  else if (isObject(pump) && isObject(pump.battery)) add('battery', '%', pump.battery.percent);
  return measured;
}

const GLUCOSE: ReadonlyMap<unknown, string> = new Map([
  ['Finger', 'glucose-capillary'],
  ['Sensor', SENSOR],
]);

function addTreatment(
  { insulin, carbs, glucose, glucoseType, units }: JsonObject,
  add: (metric: string, unit: string, given: unknown) => void,
): void {
  add('insulin-bolus', '[iU]', insulin);
  add('carbohydrates', 'g', carbs);
  // A sensor's value beside a treatment is a copy of its entry, and may be in other units.
  const metric = GLUCOSE.get(glucoseType) ?? 'glucose-blood';
  if (metric === SENSOR) return;
  const isMolar = typeof units === 'string' && units.toLowerCase().startsWith('mmol');
  add(metric, isMolar ? 'mmol/L' : 'mg/dL', glucose);
}

function readSensor(given: unknown): Result<{ value: number; flags: number }> {
  const number = readNumber(given, SENSOR);
  return number.ok && number.value.flags === 0 ? readSensorGlucose(number.value.value) : number;
}

function readNumber(given: unknown, metric: string): Result<{ value: number; flags: number }> {
  if (typeof given === 'number') return ok({ value: given, flags: 0 });
  if (typeof given !== 'string') return fail('PAYLOAD_MALFORMED', 'a value is no number');
  const read = readMeasuredText(given, metric);
  return read.ok ? ok({ value: read.value.value, flags: read.value.flags }) : read;
}
