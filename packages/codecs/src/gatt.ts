import { fail, type Result } from '@ausculta/vitals/fault';
import { type DeviceReport, ReportBuilder } from './device-report.ts';
import * as bloodPressure from './gatt-blood-pressure.ts';
import * as cgm from './gatt-cgm.ts';
import * as cgmControl from './gatt-cgm-control.ts';
import * as cgmSession from './gatt-cgm-session.ts';
import * as device from './gatt-device.ts';
import * as glucose from './gatt-glucose.ts';
import * as glucoseContext from './gatt-glucose-context.ts';
import * as heartRate from './gatt-heart-rate.ts';
import * as oximeter from './gatt-oximeter.ts';
import * as racp from './gatt-racp.ts';
import * as readings from './gatt-readings.ts';
import * as scale from './gatt-scale.ts';
import * as thermometer from './gatt-thermometer.ts';
import { decodeDateTime, encodeDateTime } from './gatt-time.ts';
import { OctetReader } from './octets.ts';

/**
 * The health characteristics of the Bluetooth SIG, by their 16-bit number: "2a37". Decoders read what
 * a device sends; what a collector writes to a control point has decoders of its own beside them.
 *
 * Octets after the fields that the flags announce belong to a later version of a measurement and are
 * left alone, as the profiles ask; a value of one fixed form is refused when it is longer.
 */
interface Characteristic<Fields extends object> {
  readonly name: string;
  readonly decode: (reader: OctetReader) => Result<Fields>;
  // Methods rather than functions: behind the map, each is given what its own decoder made.
  encode?(fields: Fields): Uint8Array;
  report?(fields: Fields, context: readings.GattContext): DeviceReport;
}

const CHARACTERISTICS = new Map<string, Characteristic<object>>();

/** Each row is held to one type of fields here; behind the map they are only `object`. */
function row<Fields extends object>(code: string, characteristic: Characteristic<Fields>): void {
  CHARACTERISTICS.set(code, characteristic);
}

row('2a37', {
  name: 'heart-rate-measurement',
  decode: heartRate.decodeHeartRate,
  encode: heartRate.encodeHeartRate,
  report: readings.heartRateReport,
});
row('2a38', { name: 'body-sensor-location', decode: heartRate.decodeBodySensorLocation });
row('2a35', {
  name: 'blood-pressure-measurement',
  decode: bloodPressure.decodeBloodPressure,
  encode: bloodPressure.encodeBloodPressure,
  report: readings.bloodPressureReport,
});
row('2a36', {
  name: 'intermediate-cuff-pressure',
  decode: bloodPressure.decodeCuffPressure,
  encode: bloodPressure.encodeCuffPressure,
  report: readings.cuffReport,
});
for (const code of ['2a1c', '2a1e']) {
  row(code, {
    name: code === '2a1c' ? 'temperature-measurement' : 'intermediate-temperature',
    decode: thermometer.decodeTemperature,
    encode: thermometer.encodeTemperature,
    report: readings.temperatureReport,
  });
}
row('2a1d', { name: 'temperature-type', decode: thermometer.decodeTemperatureType });
row('2a21', { name: 'measurement-interval', decode: thermometer.decodeInterval });
row('2a5e', {
  name: 'plx-spot-check-measurement',
  decode: oximeter.decodeSpotCheck,
  encode: oximeter.encodeSpotCheck,
  report: readings.oximeterReport,
});
row('2a5f', {
  name: 'plx-continuous-measurement',
  decode: oximeter.decodeContinuous,
  encode: oximeter.encodeContinuous,
  report: readings.oximeterReport,
});
row('2a60', { name: 'plx-features', decode: oximeter.decodeOximeterFeatures });
row('2a18', {
  name: 'glucose-measurement',
  decode: glucose.decodeGlucose,
  encode: glucose.encodeGlucose,
  report: readings.glucoseReport,
});
row('2a34', {
  name: 'glucose-measurement-context',
  decode: glucoseContext.decodeGlucoseContext,
  encode: glucoseContext.encodeGlucoseContext,
  report: readings.glucoseContextReport,
});
row('2a51', { name: 'glucose-feature', decode: glucose.decodeGlucoseFeatures });
row('2a52', {
  name: 'record-access-control-point',
  decode: racp.decodeRacp,
  encode: racp.encodeRacpAnswer,
});
row('2aa7', {
  name: 'cgm-measurement',
  decode: cgm.decodeCgm,
  encode: cgm.encodeCgm,
  report: readings.cgmReport,
});
row('2aa8', {
  name: 'cgm-feature',
  decode: cgmSession.decodeCgmFeatures,
  encode: cgmSession.encodeCgmFeatures,
});
row('2aa9', {
  name: 'cgm-status',
  decode: cgmSession.decodeCgmStatus,
  encode: cgmSession.encodeCgmStatus,
});
row('2aaa', {
  name: 'cgm-session-start-time',
  decode: cgmSession.decodeCgmSessionStart,
  encode: cgmSession.encodeCgmSessionStart,
});
row('2aab', {
  name: 'cgm-session-run-time',
  decode: cgmSession.decodeCgmSessionRun,
  encode: cgmSession.encodeCgmSessionRun,
});
row('2aac', {
  name: 'cgm-specific-ops-control-point',
  decode: cgmControl.decodeCgmResponse,
  encode: cgmControl.encodeCgmControl,
});
row('2a9d', {
  name: 'weight-measurement',
  decode: scale.decodeWeight,
  encode: scale.encodeWeight,
  report: readings.weightReport,
});
row('2a9c', {
  name: 'body-composition-measurement',
  decode: scale.decodeBodyComposition,
  encode: scale.encodeBodyComposition,
  report: readings.bodyCompositionReport,
});
row('2a19', {
  name: 'battery-level',
  decode: device.decodeBattery,
  encode: device.encodeBattery,
  report: batteryReport,
});
row('2a08', { name: 'date-time', decode: decodeDateTime, encode: encodeDateTime });
row('2a2b', { name: 'current-time', decode: device.decodeCurrentTime });
row('2a23', { name: 'system-id', decode: device.decodeSystemId, encode: device.encodeSystemId });
row('2a50', { name: 'pnp-id', decode: device.decodePnpId });
row('2bff', { name: 'udi-for-medical-devices', decode: device.decodeUdi });
const TEXTS = [
  ['2a24', 'model-number'],
  ['2a25', 'serial-number'],
  ['2a26', 'firmware-revision'],
  ['2a27', 'hardware-revision'],
  ['2a28', 'software-revision'],
  ['2a29', 'manufacturer-name'],
] as const;
for (const [code, name] of TEXTS) {
  row(code, { name, decode: device.decodeDeviceText, encode: device.encodeDeviceText });
}

function batteryReport(
  { batteryPercent }: { readonly batteryPercent: number },
  { receivedAtMs }: readings.GattContext,
): DeviceReport {
  const report = new ReportBuilder();
  report.add(batteryPercent, { metric: 'battery', unit: '%', stampMs: receivedAtMs });
  return report.report();
}

/** The numbers that are understood, in lower case. */
export const GATT_CODES: readonly string[] = [...CHARACTERISTICS.keys()];

export function gattName(code: string): string | undefined {
  return CHARACTERISTICS.get(code.toLowerCase())?.name;
}

/** An attribute of the ATT protocol is never longer. */
const VALUE_OCTETS_MAX = 512;

/** The fields of a characteristic's value, named as docs and the command line print them. */
export function decodeGatt(code: string, bytes: Uint8Array): Result<object> {
  const characteristic = CHARACTERISTICS.get(code.toLowerCase());
  if (characteristic === undefined) return unknownCharacteristic();
  if (bytes.length > VALUE_OCTETS_MAX) {
    return fail('PAYLOAD_TOO_LARGE', `more than ${VALUE_OCTETS_MAX} octets`);
  }
  return characteristic.decode(new OctetReader(bytes, 'little'));
}

/** The bytes of a value whose fields decodeGatt gave, or that were built by the same types. */
export function encodeGatt(code: string, fields: object): Result<Uint8Array> {
  const encode = CHARACTERISTICS.get(code.toLowerCase())?.encode;
  if (encode === undefined) return unknownCharacteristic();
  return { ok: true, value: encode(fields) };
}

/** What fields that decodeGatt gave mean in our own words. */
export function gattReport(
  code: string,
  fields: object,
  context: readings.GattContext,
): DeviceReport {
  const report = CHARACTERISTICS.get(code.toLowerCase())?.report;
  return report?.(fields, context) ?? new ReportBuilder().report();
}

function unknownCharacteristic(): Result<never> {
  return fail('PAYLOAD_MALFORMED', 'no characteristic of this number is understood');
}
