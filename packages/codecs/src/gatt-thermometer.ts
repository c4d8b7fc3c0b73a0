import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { bits, hasBit, truncated } from './gatt-octets.ts';
import { type LocalTime, readLocalTime, timeUnreadable, writeLocalTime } from './gatt-time.ts';
import type { MdcNumber } from './mdc-float.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** Temperature Measurement, 2A1C, and Intermediate Temperature, 2A1E, of the service 1809. */
export interface TemperatureMeasurement {
  readonly unit: 'Cel' | '[degF]';
  readonly temperature: MdcNumber;
  readonly timestamp?: LocalTime;
  /** Where it was measured: TEMPERATURE_TYPES by number. */
  readonly type?: number;
}

/** By number, from 1. */
export const TEMPERATURE_TYPES = [
  '',
  'armpit',
  'body',
  'ear',
  'finger',
  'gastro-intestinal',
  'mouth',
  'rectum',
  'toe',
  'tympanum',
] as const;

export function decodeTemperature(reader: OctetReader): Result<TemperatureMeasurement> {
  const flags = reader.u8();
  const fields: Building<TemperatureMeasurement> = {
    unit: hasBit(flags, 0) ? '[degF]' : 'Cel',
    temperature: reader.float(),
  };
  if (hasBit(flags, 1)) {
    const timestamp = readLocalTime(reader);
    if (reader.isShort) return truncated();
    if (timestamp === undefined) return timeUnreadable();
    fields.timestamp = timestamp;
  }
  if (hasBit(flags, 2)) fields.type = reader.u8();
  return reader.isShort ? truncated() : ok(fields);
}

export function encodeTemperature(fields: TemperatureMeasurement): Uint8Array {
  const { unit, temperature, timestamp, type } = fields;
  const writer = new OctetWriter('little')
    .u8(bits([0, unit === '[degF]'], [1, timestamp !== undefined], [2, type !== undefined]))
    .float(temperature);
  if (timestamp !== undefined) writeLocalTime(writer, timestamp);
  if (type !== undefined) writer.u8(type);
  return writer.finish();
}

/** Temperature Type, 2A1D, where it never changes. */
export interface TemperatureType {
  readonly type: number;
  readonly name: string;
}

export function decodeTemperatureType(reader: OctetReader): Result<TemperatureType> {
  const type = reader.u8();
  if (reader.isShort || reader.left > 0) return truncated();
  return ok({ type, name: TEMPERATURE_TYPES[type] || 'reserved' });
}

/** Measurement Interval, 2A21: 0 means no periodic measurement. */
export function decodeInterval(reader: OctetReader): Result<{ readonly intervalS: number }> {
  const intervalS = reader.u16();
  if (reader.isShort) return truncated();
  return reader.left > 0 ? fail('PAYLOAD_MALFORMED', 'longer than its form') : ok({ intervalS });
}
