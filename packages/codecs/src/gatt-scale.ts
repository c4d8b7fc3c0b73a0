import { ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { bits, hasBit, truncated } from './gatt-octets.ts';
import { type LocalTime, readLocalTime, timeUnreadable, writeLocalTime } from './gatt-time.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** Weight Measurement, 2A9D, of the Weight Scale Service 181D. */
export interface WeightMeasurement {
  readonly unit: 'kg' | 'lb';
  /** null: the scale could not measure. */
  readonly weight: number | null;
  readonly timestamp?: LocalTime;
  /** 255 is a user whom the scale does not know. */
  readonly userId?: number;
  readonly bmi?: number;
  /** Metres, or inches with pounds. */
  readonly height?: number;
}

/** What a scale sends instead of a measurement. */
const UNSUCCESSFUL = 0xffff;

/** Each step is an exact fraction, so that 14 000 steps of 0.005 kg are 70 kg and nothing beside. */
const STEPS_PER = {
  kg: 200,
  lb: 100,
  m: 1000,
  in: 10,
  bmi: 10,
} as const;

export function decodeWeight(reader: OctetReader): Result<WeightMeasurement> {
  const flags = reader.u8();
  const isImperial = hasBit(flags, 0);
  const unit = isImperial ? 'lb' : 'kg';
  const steps = reader.u16();
  const weight = steps === UNSUCCESSFUL ? null : steps / STEPS_PER[unit];
  const fields: Building<WeightMeasurement> = { unit, weight };
  if (hasBit(flags, 1)) {
    const timestamp = readLocalTime(reader);
    if (reader.isShort) return truncated();
    if (timestamp === undefined) return timeUnreadable();
    fields.timestamp = timestamp;
  }
  if (hasBit(flags, 2)) fields.userId = reader.u8();
  if (hasBit(flags, 3)) {
    fields.bmi = reader.u16() / STEPS_PER.bmi;
    fields.height = reader.u16() / STEPS_PER[isImperial ? 'in' : 'm'];
  }
  return reader.isShort ? truncated() : ok(fields);
}

export function encodeWeight(fields: WeightMeasurement): Uint8Array {
  const { unit, weight, timestamp, userId, bmi, height } = fields;
  const hasBody = bmi !== undefined && height !== undefined;
  const writer = new OctetWriter('little')
    .u8(
      bits(
        [0, unit === 'lb'],
        [1, timestamp !== undefined],
        [2, userId !== undefined],
        [3, hasBody],
      ),
    )
    .u16(weight === null ? UNSUCCESSFUL : Math.round(weight * STEPS_PER[unit]));
  if (timestamp !== undefined) writeLocalTime(writer, timestamp);
  if (userId !== undefined) writer.u8(userId);
  if (hasBody) {
    writer.u16(Math.round(bmi * STEPS_PER.bmi));
    writer.u16(Math.round(height * STEPS_PER[unit === 'lb' ? 'in' : 'm']));
  }
  return writer.finish();
}

/** Body Composition Measurement, 2A9C, of the service 181B. */
export interface BodyComposition {
  /** null: the scale could not measure. */
  readonly bodyFatPercent: number | null;
  readonly massUnit: 'kg' | 'lb';
  readonly timestamp?: LocalTime;
  readonly userId?: number;
  readonly basalMetabolismKJ?: number;
  readonly musclePercent?: number;
  readonly muscleMass?: number;
  readonly fatFreeMass?: number;
  readonly softLeanMass?: number;
  readonly bodyWaterMass?: number;
  readonly impedanceOhm?: number;
  readonly weight?: number;
  /** Metres, or inches with pounds. */
  readonly height?: number;
  /** Part of a measurement that takes more than one packet. */
  readonly multiplePackets?: true;
}

const PERMILLE = 10;

/** Masses in their order after the fat; the bit of each in the flags. */
const MASSES = [
  ['muscleMass', 5],
  ['fatFreeMass', 6],
  ['softLeanMass', 7],
  ['bodyWaterMass', 8],
] as const;

export function decodeBodyComposition(reader: OctetReader): Result<BodyComposition> {
  const flags = reader.u16();
  const isImperial = hasBit(flags, 0);
  const massUnit = isImperial ? 'lb' : 'kg';
  const fat = reader.u16();
  const bodyFatPercent = fat === UNSUCCESSFUL ? null : fat / PERMILLE;
  const fields: Building<BodyComposition> = { bodyFatPercent, massUnit };
  if (hasBit(flags, 1)) {
    const timestamp = readLocalTime(reader);
    if (reader.isShort) return truncated();
    if (timestamp === undefined) return timeUnreadable();
    fields.timestamp = timestamp;
  }
  if (hasBit(flags, 2)) fields.userId = reader.u8();
  if (hasBit(flags, 3)) fields.basalMetabolismKJ = reader.u16();
  if (hasBit(flags, 4)) fields.musclePercent = reader.u16() / PERMILLE;
  for (const [field, bit] of MASSES) {
    if (hasBit(flags, bit)) fields[field] = reader.u16() / STEPS_PER[massUnit];
  }
  if (hasBit(flags, 9)) fields.impedanceOhm = reader.u16() / 10;
  if (hasBit(flags, 10)) fields.weight = reader.u16() / STEPS_PER[massUnit];
  if (hasBit(flags, 11)) fields.height = reader.u16() / STEPS_PER[isImperial ? 'in' : 'm'];
  if (hasBit(flags, 12)) fields.multiplePackets = true;
  return reader.isShort ? truncated() : ok(fields);
}

export function encodeBodyComposition(fields: BodyComposition): Uint8Array {
  const { bodyFatPercent, massUnit, timestamp, userId, basalMetabolismKJ, musclePercent } = fields;
  const { impedanceOhm, weight, height } = fields;
  const writer = new OctetWriter('little')
    .u16(
      bits(
        [0, massUnit === 'lb'],
        [1, timestamp !== undefined],
        [2, userId !== undefined],
        [3, basalMetabolismKJ !== undefined],
        [4, musclePercent !== undefined],
        ...MASSES.map(([field, bit]) => [bit, fields[field] !== undefined] as const),
        [9, impedanceOhm !== undefined],
        [10, weight !== undefined],
        [11, height !== undefined],
        [12, fields.multiplePackets === true],
      ),
    )
    .u16(bodyFatPercent === null ? UNSUCCESSFUL : Math.round(bodyFatPercent * PERMILLE));
  const steps = (value: number | undefined, stepsPer: number) => {
    if (value !== undefined) writer.u16(Math.round(value * stepsPer));
  };
  if (timestamp !== undefined) writeLocalTime(writer, timestamp);
  if (userId !== undefined) writer.u8(userId);
  steps(basalMetabolismKJ, 1);
  steps(musclePercent, PERMILLE);
  for (const [field] of MASSES) steps(fields[field], STEPS_PER[massUnit]);
  steps(impedanceOhm, 10);
  steps(weight, STEPS_PER[massUnit]);
  steps(height, STEPS_PER[massUnit === 'lb' ? 'in' : 'm']);
  return writer.finish();
}
