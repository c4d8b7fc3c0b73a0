import { FLAG } from '@ausculta/vitals/reading';
import { type DeviceReport, type Measurement, ReportBuilder, times } from './device-report.ts';
import {
  type BloodPressureMeasurement,
  CUFF_STATUS,
  type IntermediateCuffPressure,
} from './gatt-blood-pressure.ts';
import { CGM_STATUS, CGM_WARNING, type CgmMeasurement, type CgmRecord } from './gatt-cgm.ts';
import { GLUCOSE_STATUS, type GlucoseMeasurement } from './gatt-glucose.ts';
import type { GlucoseContext } from './gatt-glucose-context.ts';
import type { HeartRateMeasurement } from './gatt-heart-rate.ts';
import {
  type ContinuousMeasurement,
  OXIMETER_SENSOR,
  OXIMETER_STATUS,
  type SpotCheckMeasurement,
} from './gatt-oximeter.ts';
import type { BodyComposition, WeightMeasurement } from './gatt-scale.ts';
import type { TemperatureMeasurement } from './gatt-thermometer.ts';
import { type LocalTime, localTimeMs } from './gatt-time.ts';

/** What a characteristic's bytes do not say of themselves. */
export interface GattContext {
  /** When the notification came: the stamp of what is measured now, by a device without a clock. */
  readonly receivedAtMs: number;
  /** The place where the device's local time is read off; without it, local time counts as UTC. */
  readonly utcOffsetMinutes?: number;
  /** The start of the CGM session, from 2AAA; without it only the newest record can be placed. */
  readonly sessionStartMs?: number;
  /** The stamp of the measurement that a glucose context belongs to. */
  readonly measurementStampMs?: number;
}

/** Of a slot that the device does not know, nothing is known. */
const USER_UNKNOWN = 255;

function userSlot(userId: number | undefined): number | undefined {
  return userId === USER_UNKNOWN ? undefined : userId;
}

function stampOf(time: LocalTime | undefined, context: GattContext): number | undefined {
  if (time === undefined) return context.receivedAtMs;
  return localTimeMs(time, context.utcOffsetMinutes ?? 0);
}

export function heartRateReport(fields: HeartRateMeasurement, context: GattContext): DeviceReport {
  const report = new ReportBuilder();
  const { bpm, sensorContact, rrRaw1024 = [] } = fields;
  // A belt without contact tells its last rate or 0. The value is kept, with its doubt (safety S1).
  const flags = sensorContact === false ? FLAG.QUESTIONABLE : 0;
  const stampMs = context.receivedAtMs;
  report.add(bpm, { metric: 'heart-rate', unit: '/min', stampMs, flags });
  // Each interval ends where the next begins, and the newest ends now.
  let endMs = stampMs - rrRaw1024.reduce((sum, raw) => sum + raw, 0) / 1.024;
  for (const raw of rrRaw1024) {
    endMs += raw / 1.024;
    report.add(Math.round(raw / 1.024), {
      metric: 'rr-interval',
      unit: 'ms',
      stampMs: Math.round(endMs),
      flags,
    });
  }
  return report.report(sensorContact === null ? undefined : sensorContact ? 'on' : 'off');
}

export function cuffReport(fields: IntermediateCuffPressure, context: GattContext): DeviceReport {
  const report = new ReportBuilder();
  report.add(fields.cuff, { metric: 'cuff-pressure', ...cuffMeasurement(fields, context) });
  return report.report();
}

export function bloodPressureReport(
  fields: BloodPressureMeasurement,
  context: GattContext,
): DeviceReport {
  const report = new ReportBuilder();
  const measurement = cuffMeasurement(fields, context);
  const { status = 0, pulseRate } = fields;
  report.add(fields.systolic, { metric: 'nibp-systolic', ...measurement });
  report.add(fields.diastolic, { metric: 'nibp-diastolic', ...measurement });
  report.add(fields.map, { metric: 'nibp-mean', ...measurement });
  if (pulseRate === undefined) return report.report();
  const pulse: Measurement = { ...measurement, metric: 'pulse-rate-nibp', unit: '/min' };
  if (status & CUFF_STATUS.PULSE_ABOVE_RANGE) report.addOneSided(pulseRate, FLAG.ABOVE, pulse);
  else if (status & CUFF_STATUS.PULSE_BELOW_RANGE) report.addOneSided(pulseRate, FLAG.BELOW, pulse);
  else report.add(pulseRate, pulse);
  return report.report();
}

const CUFF_DOUBT =
  CUFF_STATUS.BODY_MOVEMENT | CUFF_STATUS.CUFF_TOO_LOOSE | CUFF_STATUS.IMPROPER_POSITION;

function cuffMeasurement(
  fields: BloodPressureMeasurement | IntermediateCuffPressure,
  context: GattContext,
): Omit<Measurement, 'metric'> {
  const { unit, timestamp, userId, status = 0 } = fields;
  return {
    unit: unit === 'kPa' ? 'kPa' : 'mm[Hg]',
    stampMs: stampOf(timestamp, context),
    flags: status & CUFF_DOUBT ? FLAG.QUESTIONABLE : 0,
    userSlot: userSlot(userId),
  };
}

/** By type. A finger or a toe is skin: a cool hand must not be read as hypothermia. */
const TEMPERATURE_METRICS: Readonly<Record<number, string>> = {
  3: 'body-temperature-tympanic',
  4: 'skin-temperature',
  5: 'body-temperature-core',
  6: 'body-temperature-oral',
  7: 'body-temperature-rectal',
  8: 'skin-temperature',
  9: 'body-temperature-tympanic',
};

export function temperatureReport(
  fields: TemperatureMeasurement,
  context: GattContext,
): DeviceReport {
  const report = new ReportBuilder();
  const { temperature, unit, timestamp, type = 0 } = fields;
  const metric = TEMPERATURE_METRICS[type] ?? 'body-temperature';
  report.add(temperature, { metric, unit, stampMs: stampOf(timestamp, context) });
  return report.report();
}

const OXIMETER_DOUBT =
  OXIMETER_STATUS.EARLY_ESTIMATE |
  OXIMETER_STATUS.CALIBRATION_ONGOING |
  OXIMETER_STATUS.UNAVAILABLE |
  OXIMETER_STATUS.QUESTIONABLE |
  OXIMETER_STATUS.INVALID;

/** Everything but a slow display and an analysis under way. */
const SENSOR_DOUBT =
  0xffff & ~(OXIMETER_SENSOR.EXTENDED_DISPLAY_UPDATE | OXIMETER_SENSOR.ANALYSIS_ONGOING);

const SENSOR_OFF = OXIMETER_SENSOR.NOT_ON_PATIENT | OXIMETER_SENSOR.DISCONNECTED;

export function oximeterReport(
  fields: SpotCheckMeasurement & ContinuousMeasurement,
  context: GattContext,
): DeviceReport {
  const report = new ReportBuilder();
  const { measurementStatus: status = 0, deviceSensorStatus: sensor, clockNotSet } = fields;
  const isDoubtful = (status & OXIMETER_DOUBT) !== 0 || ((sensor ?? 0) & SENSOR_DOUBT) !== 0;
  const isMadeUp = (status & (OXIMETER_STATUS.DEMONSTRATION | OXIMETER_STATUS.TESTING)) !== 0;
  const measurement = {
    stampMs: stampOf(clockNotSet ? undefined : fields.timestamp, context),
    flags: (isDoubtful ? FLAG.QUESTIONABLE : 0) | (isMadeUp ? FLAG.SIMULATED : 0),
  };
  report.add(fields.spo2, { metric: 'spo2', unit: '%', ...measurement });
  report.add(fields.pulseRate, { metric: 'pulse-rate-oximeter', unit: '/min', ...measurement });
  if (fields.pulseAmplitudeIndex !== undefined) {
    const metric = 'perfusion-index';
    report.add(fields.pulseAmplitudeIndex, { metric, unit: '%', ...measurement });
  }
  if (sensor === undefined) return report.report();
  return report.report((sensor & SENSOR_OFF) !== 0 ? 'off' : 'on');
}

/** By sample type; every other is blood whose source is not known. */
const GLUCOSE_METRICS: Readonly<Record<number, string>> = {
  1: 'glucose-capillary',
  2: 'glucose-capillary',
  9: 'glucose-interstitial',
};
const CONTROL_TYPE = 10;
const CONTROL_LOCATION = 4;

const GLUCOSE_DOUBT =
  GLUCOSE_STATUS.SENSOR_MALFUNCTION |
  GLUCOSE_STATUS.SAMPLE_INSUFFICIENT |
  GLUCOSE_STATUS.STRIP_INSERTION_ERROR |
  GLUCOSE_STATUS.STRIP_TYPE_INCORRECT |
  GLUCOSE_STATUS.TEMPERATURE_TOO_HIGH |
  GLUCOSE_STATUS.TEMPERATURE_TOO_LOW |
  GLUCOSE_STATUS.STRIP_PULLED |
  GLUCOSE_STATUS.DEVICE_FAULT |
  GLUCOSE_STATUS.TIME_FAULT;

export function glucoseReport(fields: GlucoseMeasurement, context: GattContext): DeviceReport {
  const report = new ReportBuilder();
  const { concentrationRaw, unit, type = 0, location, sensorStatus: status = 0 } = fields;
  if (type === CONTROL_TYPE || location === CONTROL_LOCATION) {
    report.fault({ code: 'METRIC_UNKNOWN', detail: 'a control solution is no patient’s glucose' });
    return report.report();
  }
  const baseMs = stampOf(fields.baseTime, context);
  const measurement: Measurement = {
    metric: GLUCOSE_METRICS[type] ?? 'glucose-blood',
    unit: unit === 'mol/L' ? 'mmol/L' : 'mg/dL',
    stampMs: baseMs === undefined ? undefined : baseMs + (fields.timeOffsetMin ?? 0) * 60_000,
    flags: status & GLUCOSE_DOUBT ? FLAG.QUESTIONABLE : 0,
    sequence: fields.sequence,
  };
  const value =
    concentrationRaw === undefined
      ? undefined
      : times(concentrationRaw, unit === 'mol/L' ? 1_000 : 100_000);
  if (status & GLUCOSE_STATUS.RESULT_ABOVE_RANGE)
    report.addOneSided(value, FLAG.ABOVE, measurement);
  else if (status & GLUCOSE_STATUS.RESULT_BELOW_RANGE)
    report.addOneSided(value, FLAG.BELOW, measurement);
  else if (value !== undefined) report.add(value, measurement);
  return report.report();
}

/** Only the carbohydrates are a reading; the rest explains the measurement of the same number. */
export function glucoseContextReport(fields: GlucoseContext, context: GattContext): DeviceReport {
  const report = new ReportBuilder();
  const { measurementStampMs: stampMs } = context;
  if (fields.carbohydrateKg !== undefined && stampMs !== undefined) {
    const measurement = { metric: 'carbohydrates', unit: 'g', stampMs, sequence: fields.sequence };
    report.add(times(fields.carbohydrateKg, 1_000), measurement);
  }
  return report.report();
}

const CGM_DOUBT =
  CGM_STATUS.SENSOR_TYPE_INCORRECT | CGM_STATUS.SENSOR_MALFUNCTION | CGM_STATUS.DEVICE_FAULT;

export function cgmReport({ records, faults = [] }: CgmMeasurement, context: GattContext) {
  const report = new ReportBuilder();
  const newest = Math.max(...records.map(({ timeOffsetMin }) => timeOffsetMin));
  for (const record of records) {
    const stampMs = cgmStampMs(record, newest, context);
    if (stampMs === undefined) {
      report.fault({ code: 'STAMP_INVALID', detail: 'the start of the session is not known' });
      continue;
    }
    const measurement: Measurement = {
      metric: 'glucose-interstitial',
      unit: 'mg/dL',
      stampMs,
      flags: (record.sensorStatus ?? 0) & CGM_DOUBT ? FLAG.QUESTIONABLE : 0,
      sequence: record.timeOffsetMin,
    };
    const warning = record.warning ?? 0;
    if (warning & CGM_WARNING.ABOVE_DEVICE_RANGE)
      report.addOneSided(record.concentration, FLAG.ABOVE, measurement);
    else if (warning & CGM_WARNING.BELOW_DEVICE_RANGE)
      report.addOneSided(record.concentration, FLAG.BELOW, measurement);
    else report.add(record.concentration, measurement);
  }
  report.faults.push(...faults);
  return report.report();
}

function cgmStampMs(record: CgmRecord, newest: number, context: GattContext): number | undefined {
  const { sessionStartMs, receivedAtMs } = context;
  if (sessionStartMs !== undefined) return sessionStartMs + record.timeOffsetMin * 60_000;
  return record.timeOffsetMin === newest ? receivedAtMs : undefined;
}

export function weightReport(fields: WeightMeasurement, context: GattContext): DeviceReport {
  const report = new ReportBuilder();
  const { unit, weight, userId, bmi, height } = fields;
  const who = { stampMs: stampOf(fields.timestamp, context), userSlot: userSlot(userId) };
  addMass(report, weight, 'weight', { unit, ...who });
  if (bmi) report.add(bmi, { metric: 'bmi', unit: 'kg/m2', ...who });
  addHeight(report, height, { unit, ...who });
  return report.report();
}

export function bodyCompositionReport(fields: BodyComposition, context: GattContext): DeviceReport {
  const report = new ReportBuilder();
  const { massUnit: unit, bodyFatPercent, userId } = fields;
  const who = { stampMs: stampOf(fields.timestamp, context), userSlot: userSlot(userId) };
  if (bodyFatPercent !== null)
    report.add(bodyFatPercent, { metric: 'body-fat', unit: '%', ...who });
  addMass(report, fields.bodyWaterMass, 'body-water', { unit, ...who });
  addMass(report, fields.weight, 'weight', { unit, ...who });
  addHeight(report, fields.height, { unit, ...who });
  return report.report();
}

interface Scaled extends Omit<Measurement, 'metric'> {
  readonly unit: 'kg' | 'lb';
}

function addMass(
  report: ReportBuilder,
  mass: number | null | undefined,
  metric: string,
  { unit, ...who }: Scaled,
): void {
  if (mass === null || mass === undefined) return;
  report.add(mass, { metric, unit: unit === 'lb' ? '[lb_av]' : 'kg', ...who });
}

/** A height of 0 is what scales send for a user who never entered one; so is a BMI of 0. */
function addHeight(
  report: ReportBuilder,
  height: number | undefined,
  { unit, ...who }: Scaled,
): void {
  if (!height) return;
  report.add(height, { metric: 'height', unit: unit === 'lb' ? '[in_i]' : 'm', ...who });
}
