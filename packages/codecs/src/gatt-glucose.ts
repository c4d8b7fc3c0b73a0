import { ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { bitNames, bits, hasBit, truncated } from './gatt-octets.ts';
import { type LocalTime, readLocalTime, timeUnreadable, writeLocalTime } from './gatt-time.ts';
import type { MdcNumber } from './mdc-float.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** Glucose Measurement, 2A18, of the Glucose Service 1808. */
export interface GlucoseMeasurement {
  readonly sequence: number;
  readonly baseTime: LocalTime;
  /** What the user has moved the meter's clock by since it counts `baseTime`. */
  readonly timeOffsetMin?: number;
  /** As sent, in `unit`: kg/L × 100 000 = mg/dL, mol/L × 1 000 = mmol/L. */
  readonly concentrationRaw?: MdcNumber;
  readonly unit?: 'kg/L' | 'mol/L';
  /**
   * 1, 2 capillary, 3, 4 venous, 5, 6 arterial, 7, 8 undetermined, each whole blood and plasma;
   * 9 interstitial fluid; 10 a control solution.
   */
  readonly type?: number;
  /** 1 finger, 2 another site, 3 earlobe, 4 a control solution, 15 not available. */
  readonly location?: number;
  /** Bits of GLUCOSE_STATUS. */
  readonly sensorStatus?: number;
  /** A Glucose Measurement Context of the same sequence number follows. */
  readonly contextFollows: boolean;
}

/** Bits of Sensor Status Annunciation. */
export const GLUCOSE_STATUS = {
  BATTERY_LOW: 1 << 0,
  SENSOR_MALFUNCTION: 1 << 1,
  SAMPLE_INSUFFICIENT: 1 << 2,
  STRIP_INSERTION_ERROR: 1 << 3,
  STRIP_TYPE_INCORRECT: 1 << 4,
  RESULT_ABOVE_RANGE: 1 << 5,
  RESULT_BELOW_RANGE: 1 << 6,
  TEMPERATURE_TOO_HIGH: 1 << 7,
  TEMPERATURE_TOO_LOW: 1 << 8,
  STRIP_PULLED: 1 << 9,
  DEVICE_FAULT: 1 << 10,
  TIME_FAULT: 1 << 11,
} as const;

export function decodeGlucose(reader: OctetReader): Result<GlucoseMeasurement> {
  const flags = reader.u8();
  const sequence = reader.u16();
  const baseTime = readLocalTime(reader);
  if (reader.isShort) return truncated();
  if (baseTime === undefined) return timeUnreadable();
  const fields: Building<GlucoseMeasurement> = {
    sequence,
    baseTime,
    contextFollows: hasBit(flags, 4),
  };
  if (hasBit(flags, 0)) fields.timeOffsetMin = reader.i16();
  if (hasBit(flags, 1)) {
    fields.concentrationRaw = reader.sfloat();
    fields.unit = hasBit(flags, 2) ? 'mol/L' : 'kg/L';
    const sample = reader.u8();
    fields.type = sample & 0x0f;
    fields.location = sample >> 4;
  }
  if (hasBit(flags, 3)) fields.sensorStatus = reader.u16();
  return reader.isShort ? truncated() : ok(fields);
}

export function encodeGlucose(fields: GlucoseMeasurement): Uint8Array {
  const { timeOffsetMin, concentrationRaw, unit, type, location, sensorStatus } = fields;
  const writer = new OctetWriter('little')
    .u8(
      bits(
        [0, timeOffsetMin !== undefined],
        [1, concentrationRaw !== undefined],
        [2, unit === 'mol/L'],
        [3, sensorStatus !== undefined],
        [4, fields.contextFollows],
      ),
    )
    .u16(fields.sequence);
  writeLocalTime(writer, fields.baseTime);
  if (timeOffsetMin !== undefined) writer.u16(timeOffsetMin);
  if (concentrationRaw !== undefined) {
    writer.sfloat(concentrationRaw).u8(((location ?? 0) << 4) | ((type ?? 0) & 0x0f));
  }
  if (sensorStatus !== undefined) writer.u16(sensorStatus);
  return writer.finish();
}

const FEATURES = [
  'low-battery-detection',
  'sensor-malfunction-detection',
  'sample-size',
  'strip-insertion-error-detection',
  'strip-type-error-detection',
  'result-high-low-detection',
  'temperature-high-low-detection',
  'read-interrupt-detection',
  'device-fault',
  'time-fault',
  'multiple-bond',
] as const;

/** Glucose Feature, 2A51. */
export interface GlucoseFeatures {
  readonly features: number;
  readonly supported: readonly string[];
}

export function decodeGlucoseFeatures(reader: OctetReader): Result<GlucoseFeatures> {
  const features = reader.u16();
  if (reader.isShort || reader.left > 0) return truncated();
  return ok({ features, supported: bitNames(features, FEATURES) });
}
