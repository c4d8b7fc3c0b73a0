import { ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { bits, hasBit, truncated } from './gatt-octets.ts';
import { type LocalTime, readLocalTime, timeUnreadable, writeLocalTime } from './gatt-time.ts';
import type { MdcNumber } from './mdc-float.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** What Blood Pressure Measurement and Intermediate Cuff Pressure share. */
interface CuffFields {
  readonly unit: 'mmHg' | 'kPa';
  readonly timestamp?: LocalTime;
  readonly pulseRate?: MdcNumber;
  /** The slot of a shared device; 255 is a user whom the device does not know. */
  readonly userId?: number;
  /** Bits of CUFF_STATUS. */
  readonly status?: number;
}

/** Blood Pressure Measurement, 2A35, of the Blood Pressure Service 1810. */
export interface BloodPressureMeasurement extends CuffFields {
  readonly systolic: MdcNumber;
  readonly diastolic: MdcNumber;
  readonly map: MdcNumber;
}

/** Intermediate Cuff Pressure, 2A36: the same form, of which only the first number is used. */
export interface IntermediateCuffPressure extends CuffFields {
  readonly cuff: MdcNumber;
}

/** Bits of Measurement Status. Bits 3 and 4 are one number: pulse rate in range, above, below. */
export const CUFF_STATUS = {
  BODY_MOVEMENT: 1 << 0,
  CUFF_TOO_LOOSE: 1 << 1,
  IRREGULAR_PULSE: 1 << 2,
  PULSE_ABOVE_RANGE: 1 << 3,
  PULSE_BELOW_RANGE: 1 << 4,
  IMPROPER_POSITION: 1 << 5,
} as const;

export function decodeBloodPressure(reader: OctetReader): Result<BloodPressureMeasurement> {
  const flags = reader.u8();
  const fields: Building<BloodPressureMeasurement> = {
    unit: hasBit(flags, 0) ? 'kPa' : 'mmHg',
    systolic: reader.sfloat(),
    diastolic: reader.sfloat(),
    map: reader.sfloat(),
  };
  return readCuffFields(reader, flags, fields);
}

export function decodeCuffPressure(reader: OctetReader): Result<IntermediateCuffPressure> {
  const flags = reader.u8();
  const fields: Building<IntermediateCuffPressure> = {
    unit: hasBit(flags, 0) ? 'kPa' : 'mmHg',
    cuff: reader.sfloat(),
  };
  // The other two are NaN by the service's section 3.2; some devices leave zeros there.
  reader.u32();
  return readCuffFields(reader, flags, fields);
}

/** Octets after the known fields are of a later version and are left alone. */
function readCuffFields<Fields extends CuffFields>(
  reader: OctetReader,
  flags: number,
  fields: Building<Fields>,
): Result<Fields> {
  if (hasBit(flags, 1)) {
    const timestamp = readLocalTime(reader);
    if (reader.isShort) return truncated();
    if (timestamp === undefined) return timeUnreadable();
    fields.timestamp = timestamp;
  }
  if (hasBit(flags, 2)) fields.pulseRate = reader.sfloat();
  if (hasBit(flags, 3)) fields.userId = reader.u8();
  if (hasBit(flags, 4)) fields.status = reader.u16();
  return reader.isShort ? truncated() : ok(fields as Fields);
}

export function encodeBloodPressure(fields: BloodPressureMeasurement): Uint8Array {
  const { systolic, diastolic, map } = fields;
  return writeCuff(fields, [systolic, diastolic, map]);
}

export function encodeCuffPressure(fields: IntermediateCuffPressure): Uint8Array {
  return writeCuff(fields, [fields.cuff, 'NaN', 'NaN']);
}

function writeCuff(fields: CuffFields, pressures: readonly MdcNumber[]): Uint8Array {
  const { unit, timestamp, pulseRate, userId, status } = fields;
  const writer = new OctetWriter('little').u8(
    bits(
      [0, unit === 'kPa'],
      [1, timestamp !== undefined],
      [2, pulseRate !== undefined],
      [3, userId !== undefined],
      [4, status !== undefined],
    ),
  );
  for (const pressure of pressures) writer.sfloat(pressure);
  if (timestamp !== undefined) writeLocalTime(writer, timestamp);
  if (pulseRate !== undefined) writer.sfloat(pulseRate);
  if (userId !== undefined) writer.u8(userId);
  if (status !== undefined) writer.u16(status);
  return writer.finish();
}
