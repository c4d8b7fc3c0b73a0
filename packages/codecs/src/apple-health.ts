import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { ReportedReading } from '@ausculta/vitals/reading';
import type { DecodedReadings, PartFault } from './decoded.ts';
import { readIsoTime } from './iso-time.ts';
import { EXPORT_BYTES_MAX, EXPORT_PARTS_MAX } from './json-message.ts';
import { attributeIn, scanXml, type XmlAttributes } from './xml-scanner.ts';

/** A quantity type of HealthKit in our words. */
interface Quantity {
  readonly metric: string;
  /** Fractions are written with the unit "%": 0.97 is 97 %. */
  readonly isFraction?: true;
}

const QUANTITIES: ReadonlyMap<string, Quantity> = new Map<string, Quantity>([
  ['HeartRate', { metric: 'heart-rate' }],
  ['RestingHeartRate', { metric: 'resting-heart-rate' }],
  ['HeartRateVariabilitySDNN', { metric: 'hrv-sdnn' }],
  ['OxygenSaturation', { metric: 'spo2', isFraction: true }],
  ['PeripheralPerfusionIndex', { metric: 'perfusion-index', isFraction: true }],
  ['RespiratoryRate', { metric: 'resp-rate' }],
  ['BodyTemperature', { metric: 'body-temperature' }],
  ['BloodPressureSystolic', { metric: 'nibp-systolic' }],
  ['BloodPressureDiastolic', { metric: 'nibp-diastolic' }],
  ['BloodGlucose', { metric: 'glucose-blood' }],
  ['BodyMass', { metric: 'weight' }],
  ['Height', { metric: 'height' }],
  ['BodyMassIndex', { metric: 'bmi' }],
  ['BodyFatPercentage', { metric: 'body-fat', isFraction: true }],
  ['StepCount', { metric: 'steps' }],
  ['ActiveEnergyBurned', { metric: 'energy-expended' }],
  ['AppleExerciseTime', { metric: 'activity-duration' }],
  ['DietaryCarbohydrates', { metric: 'carbohydrates' }],
  ['InsulinDelivery', { metric: 'insulin-bolus' }],
  ['ForcedExpiratoryVolume1', { metric: 'fev1' }],
  ['ForcedVitalCapacity', { metric: 'fvc' }],
  ['PeakExpiratoryFlowRate', { metric: 'peak-expiratory-flow' }],
]);

/** HealthKit's names of units where UCUM has another; "count" is the metric's own. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['count/min', '/min'],
  ['count/s', '/s'],
  ['degC', 'Cel'],
  ['degF', '[degF]'],
  ['mmHg', 'mm[Hg]'],
  ['lb', '[lb_av]'],
  ['in', '[in_i]'],
  ['ft', '[ft_i]'],
  ['Cal', 'kcal'],
  ['IU', '[iU]'],
]);

const PREFIX = 'HKQuantityTypeIdentifier';
/** Metadata of an insulin delivery: 1 is basal, which is no bolus. */
const INSULIN_REASON = 'HKInsulinDeliveryReason';
const LIMITS = {
  charactersMax: EXPORT_BYTES_MAX,
  elementsMax: 4 * EXPORT_PARTS_MAX,
  // Apple's own export begins with one.
  passesDocumentType: true,
};

/**
 * The export.xml of Apple Health: a Record for each sample, those of a Correlation a second time inside
 * it. A sum over a stretch (steps) stands at its end. What the catalogue does not have, sleep stages
 * and stairs among it, is told with its position.
 */
export function decodeAppleHealth(bytes: Uint8Array): Result<DecodedReadings> {
  if (bytes.length > EXPORT_BYTES_MAX) return fail('PAYLOAD_TOO_LARGE', 'an export');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail('PAYLOAD_MALFORMED', 'not UTF-8');
  }
  const records = new Records();
  const scanned = scanXml(text, LIMITS, records);
  if (!scanned.ok) return scanned;
  if (!records.isHealthData) return fail('PAYLOAD_MALFORMED', 'no HealthData');
  if (records.count > EXPORT_PARTS_MAX) return fail('PAYLOAD_TOO_LARGE', 'an export');
  return ok({ readings: records.readings, faults: records.faults });
}

class Records {
  readonly readings: ReportedReading[] = [];
  readonly faults: PartFault[] = [];
  isHealthData = false;
  count = 0;
  #depth = 0;
  #correlationDepth = 0;
  #record: { readonly attributes: XmlAttributes; readonly depth: number } | undefined;
  #isBasal = false;

  readonly open = (name: string, attributes: XmlAttributes): void => {
    this.#depth++;
    if (this.#depth === 1) this.isHealthData = name === 'HealthData';
    else if (name === 'Correlation' && this.#correlationDepth === 0) {
      this.#correlationDepth = this.#depth;
    } else if (name === 'Record' && this.#correlationDepth === 0) {
      this.#record = { attributes, depth: this.#depth };
      this.#isBasal = false;
    } else if (name === 'MetadataEntry' && attributeIn(attributes, 'key') === INSULIN_REASON) {
      this.#isBasal = attributeIn(attributes, 'value') === '1';
    }
  };

  readonly text = (): void => {};

  readonly close = (): void => {
    if (this.#record?.depth === this.#depth) {
      this.#take(this.#record.attributes);
      this.#record = undefined;
    }
    if (this.#correlationDepth === this.#depth) this.#correlationDepth = 0;
    this.#depth--;
  };

  #take(attributes: XmlAttributes): void {
    const index = this.count++;
    if (this.count > EXPORT_PARTS_MAX) return;
    const read = readRecord(attributes, this.#isBasal);
    if (read.ok) this.readings.push(read.value);
    else this.faults.push({ index, fault: read.fault });
  }
}

function readRecord(attributes: XmlAttributes, isBasal: boolean): Result<ReportedReading> {
  const type = attributeIn(attributes, 'type');
  const quantity = type.startsWith(PREFIX) ? QUANTITIES.get(type.slice(PREFIX.length)) : undefined;
  if (quantity === undefined || isBasal) return fail('METRIC_UNKNOWN');
  const stampMs = readTime(attributeIn(attributes, 'endDate'));
  if (stampMs === undefined) return fail('STAMP_INVALID', 'endDate');
  const text = attributeIn(attributes, 'value');
  const value = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) return fail('VALUE_NOT_FINITE', 'value');
  const { metric, isFraction } = quantity;
  const unit = readUnit(attributeIn(attributes, 'unit'));
  return ok({
    metric,
    ...(unit !== undefined && { unit }),
    stampMs,
    value: isFraction ? Number((value * 100).toPrecision(12)) : value,
    flags: 0,
  });
}

/** "2026-01-15 08:30:00 +0100" */
function readTime(text: string): number | undefined {
  const found = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/.exec(text);
  return found === null ? undefined : readIsoTime(`${found[1]}T${found[2]}${found[3]}:${found[4]}`);
}

function readUnit(text: string): string | undefined {
  if (text === '' || text === 'count') return undefined;
  // Glucose: "mmol<180.1558800000541>/L", with the weight of a mole of it.
  return UNITS.get(text) ?? text.replace(/<[\d.]+>/, '');
}
