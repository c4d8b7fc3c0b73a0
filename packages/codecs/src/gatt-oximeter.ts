import { ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { bits, hasBit, truncated } from './gatt-octets.ts';
import { type LocalTime, readLocalTime, timeUnreadable, writeLocalTime } from './gatt-time.ts';
import type { MdcNumber } from './mdc-float.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** What both measurements of the Pulse Oximeter Service 1822 share. */
interface OximeterFields {
  readonly spo2: MdcNumber;
  readonly pulseRate: MdcNumber;
  /** Bits of OXIMETER_STATUS. */
  readonly measurementStatus?: number;
  /** Bits of OXIMETER_SENSOR. */
  readonly deviceSensorStatus?: number;
  readonly pulseAmplitudeIndex?: MdcNumber;
}

/** PLX Spot-Check Measurement, 2A5E. */
export interface SpotCheckMeasurement extends OximeterFields {
  readonly timestamp?: LocalTime;
  /** The device says that nobody has set its clock: its timestamp means nothing. */
  readonly clockNotSet?: true;
}

/** PLX Continuous Measurement, 2A5F. */
export interface ContinuousMeasurement extends OximeterFields {
  readonly spo2Fast?: MdcNumber;
  readonly pulseRateFast?: MdcNumber;
  readonly spo2Slow?: MdcNumber;
  readonly pulseRateSlow?: MdcNumber;
}

/** Bits of Measurement Status; those below 5 are reserved. */
export const OXIMETER_STATUS = {
  ONGOING: 1 << 5,
  EARLY_ESTIMATE: 1 << 6,
  VALIDATED: 1 << 7,
  FULLY_QUALIFIED: 1 << 8,
  FROM_STORAGE: 1 << 9,
  DEMONSTRATION: 1 << 10,
  TESTING: 1 << 11,
  CALIBRATION_ONGOING: 1 << 12,
  UNAVAILABLE: 1 << 13,
  QUESTIONABLE: 1 << 14,
  INVALID: 1 << 15,
} as const;

/** Bits of Device and Sensor Status. */
export const OXIMETER_SENSOR = {
  EXTENDED_DISPLAY_UPDATE: 1 << 0,
  EQUIPMENT_MALFUNCTION: 1 << 1,
  SIGNAL_IRREGULARITY: 1 << 2,
  INADEQUATE_SIGNAL: 1 << 3,
  POOR_SIGNAL: 1 << 4,
  LOW_PERFUSION: 1 << 5,
  ERRATIC_SIGNAL: 1 << 6,
  NONPULSATILE_SIGNAL: 1 << 7,
  QUESTIONABLE_PULSE: 1 << 8,
  ANALYSIS_ONGOING: 1 << 9,
  INTERFERENCE: 1 << 10,
  NOT_ON_PATIENT: 1 << 11,
  UNKNOWN_SENSOR: 1 << 12,
  DISPLACED: 1 << 13,
  SENSOR_MALFUNCTION: 1 << 14,
  DISCONNECTED: 1 << 15,
} as const;

export function decodeSpotCheck(reader: OctetReader): Result<SpotCheckMeasurement> {
  const flags = reader.u8();
  const fields: Building<SpotCheckMeasurement> = {
    spo2: reader.sfloat(),
    pulseRate: reader.sfloat(),
  };
  if (hasBit(flags, 0)) {
    const timestamp = readLocalTime(reader);
    if (reader.isShort) return truncated();
    if (timestamp === undefined) return timeUnreadable();
    fields.timestamp = timestamp;
  }
  readStatus(reader, fields, { status: hasBit(flags, 1), sensor: hasBit(flags, 2) });
  if (hasBit(flags, 3)) fields.pulseAmplitudeIndex = reader.sfloat();
  if (hasBit(flags, 4)) fields.clockNotSet = true;
  return reader.isShort ? truncated() : ok(fields);
}

export function decodeContinuous(reader: OctetReader): Result<ContinuousMeasurement> {
  const flags = reader.u8();
  const fields: Building<ContinuousMeasurement> = {
    spo2: reader.sfloat(),
    pulseRate: reader.sfloat(),
  };
  if (hasBit(flags, 0)) {
    fields.spo2Fast = reader.sfloat();
    fields.pulseRateFast = reader.sfloat();
  }
  if (hasBit(flags, 1)) {
    fields.spo2Slow = reader.sfloat();
    fields.pulseRateSlow = reader.sfloat();
  }
  readStatus(reader, fields, { status: hasBit(flags, 2), sensor: hasBit(flags, 3) });
  if (hasBit(flags, 4)) fields.pulseAmplitudeIndex = reader.sfloat();
  return reader.isShort ? truncated() : ok(fields);
}

function readStatus(
  reader: OctetReader,
  fields: Building<OximeterFields>,
  has: { readonly status: boolean; readonly sensor: boolean },
): void {
  if (has.status) fields.measurementStatus = reader.u16();
  if (has.sensor) fields.deviceSensorStatus = reader.u24();
}

export function encodeSpotCheck(fields: SpotCheckMeasurement): Uint8Array {
  const { timestamp, measurementStatus, deviceSensorStatus, pulseAmplitudeIndex } = fields;
  const writer = new OctetWriter('little')
    .u8(
      bits(
        [0, timestamp !== undefined],
        [1, measurementStatus !== undefined],
        [2, deviceSensorStatus !== undefined],
        [3, pulseAmplitudeIndex !== undefined],
        [4, fields.clockNotSet === true],
      ),
    )
    .sfloat(fields.spo2)
    .sfloat(fields.pulseRate);
  if (timestamp !== undefined) writeLocalTime(writer, timestamp);
  return writeStatus(writer, fields);
}

export function encodeContinuous(fields: ContinuousMeasurement): Uint8Array {
  const { spo2Fast, pulseRateFast, spo2Slow, pulseRateSlow } = fields;
  const hasFast = spo2Fast !== undefined || pulseRateFast !== undefined;
  const hasSlow = spo2Slow !== undefined || pulseRateSlow !== undefined;
  const writer = new OctetWriter('little')
    .u8(
      bits(
        [0, hasFast],
        [1, hasSlow],
        [2, fields.measurementStatus !== undefined],
        [3, fields.deviceSensorStatus !== undefined],
        [4, fields.pulseAmplitudeIndex !== undefined],
      ),
    )
    .sfloat(fields.spo2)
    .sfloat(fields.pulseRate);
  if (hasFast) writer.sfloat(spo2Fast ?? 'NaN').sfloat(pulseRateFast ?? 'NaN');
  if (hasSlow) writer.sfloat(spo2Slow ?? 'NaN').sfloat(pulseRateSlow ?? 'NaN');
  return writeStatus(writer, fields);
}

function writeStatus(writer: OctetWriter, fields: OximeterFields): Uint8Array {
  const { measurementStatus, deviceSensorStatus, pulseAmplitudeIndex } = fields;
  if (measurementStatus !== undefined) writer.u16(measurementStatus);
  if (deviceSensorStatus !== undefined) writer.u24(deviceSensorStatus);
  if (pulseAmplitudeIndex !== undefined) writer.sfloat(pulseAmplitudeIndex);
  return writer.finish();
}

/** PLX Features, 2A60. */
export interface OximeterFeatures {
  readonly features: number;
  readonly measurementStatusSupport?: number;
  readonly deviceSensorStatusSupport?: number;
}

export function decodeOximeterFeatures(reader: OctetReader): Result<OximeterFeatures> {
  const fields: Building<OximeterFeatures> = { features: reader.u16() };
  if (hasBit(fields.features, 0)) fields.measurementStatusSupport = reader.u16();
  if (hasBit(fields.features, 1)) fields.deviceSensorStatusSupport = reader.u24();
  return reader.isShort ? truncated() : ok(fields);
}
