import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { crc16 } from './crc-16.ts';
import { appendCrc, CRC_WRONG } from './gatt-cgm.ts';
import { bitNames, hasBit, truncated } from './gatt-octets.ts';
import {
  type LocalTime,
  localTimeMs,
  readLocalTime,
  timeUnreadable,
  writeLocalTime,
} from './gatt-time.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** Set where the sender secured the value with a checksum. */
interface Secured {
  readonly e2eCrc?: number;
}

/** Ends a value that may carry a checksum: nothing is left, or exactly a right checksum. */
export function endWithCrc<Fields extends Secured>(
  reader: OctetReader,
  fields: Building<Fields>,
): Result<Fields> {
  if (reader.isShort) return truncated();
  if (reader.left === 0) return ok(fields as Fields);
  if (reader.left !== 2) return fail('PAYLOAD_MALFORMED', 'longer than its form');
  const expected = crc16(reader.bytes, 0, reader.at);
  fields.e2eCrc = reader.u16();
  if (fields.e2eCrc !== expected) return fail('PAYLOAD_MALFORMED', CRC_WRONG);
  return ok(fields as Fields);
}

/** CGM Feature, 2AA8. */
export interface CgmFeatures extends Secured {
  readonly features: number;
  readonly supported: readonly string[];
  /** As in the Glucose Measurement. */
  readonly type: number;
  readonly location: number;
}

const FEATURES = [
  'calibration',
  'patient-high-low-alerts',
  'hypo-alerts',
  'hyper-alerts',
  'rate-alerts',
  'device-specific-alert',
  'sensor-malfunction-detection',
  'temperature-high-low-detection',
  'result-high-low-detection',
  'low-battery-detection',
  'sensor-type-error-detection',
  'device-fault',
  'e2e-crc',
  'multiple-bond',
  'multiple-sessions',
  'trend',
  'quality',
] as const;

const FEATURE_E2E_CRC = 12;
/** Section 3.2.1: a device without E2E-CRC fills the field with this. */
const NO_CRC = 0xffff;

export function decodeCgmFeatures(reader: OctetReader): Result<CgmFeatures> {
  const features = reader.u24();
  const sample = reader.u8();
  const expected = crc16(reader.bytes, 0, Math.min(4, reader.bytes.length));
  const e2eCrc = reader.u16();
  if (reader.isShort || reader.left > 0) return truncated();
  if (e2eCrc !== (hasBit(features, FEATURE_E2E_CRC) ? expected : NO_CRC)) {
    return fail('PAYLOAD_MALFORMED', CRC_WRONG);
  }
  const supported = bitNames(features, FEATURES);
  return ok({ features, supported, type: sample & 0x0f, location: sample >> 4, e2eCrc });
}

export function encodeCgmFeatures({ features, type, location }: CgmFeatures): Uint8Array {
  const writer = new OctetWriter('little').u24(features).u8((location << 4) | (type & 0x0f));
  if (hasBit(features, FEATURE_E2E_CRC)) return appendCrc(writer.finish());
  return writer.u16(NO_CRC).finish();
}

/** CGM Status, 2AA9; the three octets are those of a measurement. */
export interface CgmStatus extends Secured {
  readonly timeOffsetMin: number;
  readonly sensorStatus: number;
  readonly calTemp: number;
  readonly warning: number;
}

export function decodeCgmStatus(reader: OctetReader): Result<CgmStatus> {
  return endWithCrc<CgmStatus>(reader, {
    timeOffsetMin: reader.u16(),
    sensorStatus: reader.u8(),
    calTemp: reader.u8(),
    warning: reader.u8(),
  });
}

export function encodeCgmStatus(fields: CgmStatus): Uint8Array {
  const { timeOffsetMin, sensorStatus, calTemp, warning, e2eCrc } = fields;
  const writer = new OctetWriter('little')
    .u16(timeOffsetMin)
    .u8(sensorStatus)
    .u8(calTemp)
    .u8(warning);
  return e2eCrc === undefined ? writer.finish() : appendCrc(writer.finish());
}

/** CGM Session Start Time, 2AAA. */
export interface CgmSessionStart extends Secured {
  readonly startTime: LocalTime;
  /** Absent: the device does not know its zone. */
  readonly timeZoneMinutes?: number;
  /** What daylight saving adds; absent: not known. */
  readonly dstOffsetMinutes?: number;
}

const ZONE_UNKNOWN = -128;
/** DST Offset, 2A0D. */
const DST_MINUTES: Readonly<Record<number, number>> = { 0: 0, 2: 30, 4: 60, 8: 120 };
const DST_UNKNOWN = 255;

export function decodeCgmSessionStart(reader: OctetReader): Result<CgmSessionStart> {
  const startTime = readLocalTime(reader);
  const zone = reader.i8();
  const dst = reader.u8();
  if (reader.isShort) return truncated();
  if (startTime === undefined) return timeUnreadable();
  const fields: Building<CgmSessionStart> = { startTime };
  if (zone !== ZONE_UNKNOWN) fields.timeZoneMinutes = zone * 15;
  const dstOffsetMinutes = DST_MINUTES[dst];
  if (dstOffsetMinutes !== undefined) fields.dstOffsetMinutes = dstOffsetMinutes;
  return endWithCrc<CgmSessionStart>(reader, fields);
}

export function encodeCgmSessionStart(fields: CgmSessionStart): Uint8Array {
  const { startTime, timeZoneMinutes, dstOffsetMinutes, e2eCrc } = fields;
  const writer = new OctetWriter('little');
  writeLocalTime(writer, startTime);
  writer.u8(timeZoneMinutes === undefined ? ZONE_UNKNOWN : timeZoneMinutes / 15);
  const dst = Object.entries(DST_MINUTES).find(([, minutes]) => minutes === dstOffsetMinutes);
  writer.u8(dst === undefined ? DST_UNKNOWN : Number(dst[0]));
  return e2eCrc === undefined ? writer.finish() : appendCrc(writer.finish());
}

/** When the session began; a device that knows no zone counts as one in `utcOffsetMinutes`. */
export function sessionStartMs(
  { startTime, timeZoneMinutes, dstOffsetMinutes }: CgmSessionStart,
  utcOffsetMinutes: number,
): number | undefined {
  const known = timeZoneMinutes !== undefined && dstOffsetMinutes !== undefined;
  return localTimeMs(startTime, known ? timeZoneMinutes + dstOffsetMinutes : utcOffsetMinutes);
}

/** CGM Session Run Time, 2AAB. */
export interface CgmSessionRun extends Secured {
  readonly runTimeH: number;
}

export function decodeCgmSessionRun(reader: OctetReader): Result<CgmSessionRun> {
  return endWithCrc<CgmSessionRun>(reader, { runTimeH: reader.u16() });
}

export function encodeCgmSessionRun({ runTimeH, e2eCrc }: CgmSessionRun): Uint8Array {
  const bytes = new OctetWriter('little').u16(runTimeH).finish();
  return e2eCrc === undefined ? bytes : appendCrc(bytes);
}
