import { ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { bits, hasBit, truncated } from './gatt-octets.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** Heart Rate Measurement, 2A37, of the Heart Rate Service 180D. */
export interface HeartRateMeasurement {
  readonly bpm: number;
  /** Whether the sensor touches the skin; null where it cannot tell. */
  readonly sensorContact: boolean | null;
  readonly energyExpendedKJ?: number;
  /** RR intervals in 1/1024 s, the oldest first. */
  readonly rrRaw1024?: readonly number[];
}

export function decodeHeartRate(reader: OctetReader): Result<HeartRateMeasurement> {
  const flags = reader.u8();
  const bpm = hasBit(flags, 0) ? reader.u16() : reader.u8();
  const sensorContact = hasBit(flags, 2) ? hasBit(flags, 1) : null;
  const fields: Building<HeartRateMeasurement> = { bpm, sensorContact };
  if (hasBit(flags, 3)) fields.energyExpendedKJ = reader.u16();
  if (hasBit(flags, 4)) {
    // Bit 4 announces one interval or more: none at all is a value that was cut off.
    const rrRaw1024 = [reader.u16()];
    while (reader.left > 0 && !reader.isShort) rrRaw1024.push(reader.u16());
    fields.rrRaw1024 = rrRaw1024;
  }
  return reader.isShort ? truncated() : ok(fields);
}

export function encodeHeartRate(fields: HeartRateMeasurement): Uint8Array {
  const { bpm, sensorContact, energyExpendedKJ, rrRaw1024 = [] } = fields;
  const isWide = bpm > 255;
  const writer = new OctetWriter('little').u8(
    bits(
      [0, isWide],
      [1, sensorContact === true],
      [2, sensorContact !== null],
      [3, energyExpendedKJ !== undefined],
      [4, rrRaw1024.length > 0],
    ),
  );
  if (isWide) writer.u16(bpm);
  else writer.u8(bpm);
  if (energyExpendedKJ !== undefined) writer.u16(energyExpendedKJ);
  for (const interval of rrRaw1024) writer.u16(interval);
  return writer.finish();
}

const BODY_LOCATIONS = ['other', 'chest', 'wrist', 'finger', 'hand', 'earlobe', 'foot'] as const;

/** Body Sensor Location, 2A38. */
export interface BodySensorLocation {
  readonly location: number;
  readonly name: string;
}

export function decodeBodySensorLocation(reader: OctetReader): Result<BodySensorLocation> {
  const location = reader.u8();
  if (reader.isShort || reader.left > 0) return truncated();
  return ok({ location, name: BODY_LOCATIONS[location] ?? 'reserved' });
}
