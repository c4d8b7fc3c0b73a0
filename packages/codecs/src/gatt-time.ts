import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { daysInMonth } from './calendar.ts';
import { truncated } from './gatt-octets.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/**
 * Bluetooth's Date Time (2A08): the device's local time without a zone, as "2024-11-29T23:08:57".
 * A year, month or day of 0 is one that the device does not know; it stays 0 in the text.
 */
export type LocalTime = string;

/** Reads the seven octets of a Date Time; undefined when they are no time. */
export function readLocalTime(reader: OctetReader): LocalTime | undefined {
  const year = reader.u16();
  const month = reader.u8();
  const day = reader.u8();
  const hour = reader.u8();
  const minute = reader.u8();
  const second = reader.u8();
  if (year !== 0 && (year < 1582 || year > 9999)) return undefined;
  if (month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  // Without its year, February may have 29 days; without its month, any day to 31 may be.
  if (day > (month === 0 ? 31 : daysInMonth(year === 0 ? 2000 : year, month))) return undefined;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`;
}

export function pad(value: number, width: number): string {
  return value.toString().padStart(width, '0');
}

const LOCAL_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/;

export function writeLocalTime(writer: OctetWriter, time: LocalTime): void {
  const [, year, month, day, hour, minute, second] = (LOCAL_TIME.exec(time) ?? []).map(Number);
  writer.u16(year ?? 0);
  for (const field of [month, day, hour, minute, second]) writer.u8(field ?? 0);
}

/**
 * Milliseconds since 1970 of a local time in a place `utcOffsetMinutes` east of Greenwich; undefined
 * when the device does not know the date.
 */
export function localTimeMs(time: LocalTime, utcOffsetMinutes: number): number | undefined {
  const year = Number(time.slice(0, 4));
  const month = Number(time.slice(5, 7));
  const day = Number(time.slice(8, 10));
  if (year < 1970 || month === 0 || day === 0) return undefined;
  const hour = Number(time.slice(11, 13));
  const minute = Number(time.slice(14, 16));
  const second = Number(time.slice(17, 19));
  return Date.UTC(year, month - 1, day, hour, minute, second) - utcOffsetMinutes * 60_000;
}

export function decodeDateTime(reader: OctetReader): Result<{ readonly dateTime: LocalTime }> {
  const dateTime = readLocalTime(reader);
  if (reader.isShort || reader.left > 0) return truncated();
  return dateTime === undefined ? timeUnreadable() : ok({ dateTime });
}

export function encodeDateTime({ dateTime }: { readonly dateTime: LocalTime }): Uint8Array {
  const writer = new OctetWriter('little');
  writeLocalTime(writer, dateTime);
  return writer.finish();
}

export function timeUnreadable(): Result<never> {
  return fail('STAMP_INVALID', 'a date or a time of day that does not exist');
}
