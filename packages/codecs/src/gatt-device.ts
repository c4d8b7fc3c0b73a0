import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { hasBit, truncated } from './gatt-octets.ts';
import { type LocalTime, readLocalTime, timeUnreadable } from './gatt-time.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** What a device says of itself: battery, Device Information (180A) and its clock (1805). */

/** Battery Level, 2A19. */
export function decodeBattery(reader: OctetReader): Result<{ readonly batteryPercent: number }> {
  const batteryPercent = reader.u8();
  if (reader.isShort) return truncated();
  if (reader.left > 0) return fail('PAYLOAD_MALFORMED', 'longer than its form');
  if (batteryPercent > 100) return fail('PAYLOAD_MALFORMED', 'a charge above 100 % is reserved');
  return ok({ batteryPercent });
}

export function encodeBattery(fields: { readonly batteryPercent: number }): Uint8Array {
  return new OctetWriter('little').u8(fields.batteryPercent).finish();
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** 2A24 to 2A29. Some devices end their texts with a zero, as C does. */
export function decodeDeviceText(reader: OctetReader): Result<{ readonly text: string }> {
  let end = reader.end;
  while (end > reader.at && reader.bytes[end - 1] === 0) end--;
  try {
    return ok({ text: utf8.decode(reader.bytes.subarray(reader.at, end)) });
  } catch {
    return fail('PAYLOAD_MALFORMED', 'not UTF-8');
  }
}

export function encodeDeviceText({ text }: { readonly text: string }): Uint8Array {
  return new TextEncoder().encode(text);
}

/** System ID, 2A23: the maker's 40 bits and its organisation's 24, as an EUI-64 is written. */
export interface SystemId {
  readonly systemId: string;
  readonly manufacturerId: string;
  readonly organisationId: string;
}

export function decodeSystemId(reader: OctetReader): Result<SystemId> {
  const octets = [...reader.bytes.subarray(reader.at, reader.end)].reverse();
  if (octets.length !== 8) return truncated();
  const hex = octets.map((octet) => octet.toString(16).padStart(2, '0').toUpperCase()).join('');
  return ok({ systemId: hex, organisationId: hex.slice(0, 6), manufacturerId: hex.slice(6) });
}

export function encodeSystemId({ systemId }: { readonly systemId: string }): Uint8Array {
  const octets = systemId.match(/../g) ?? [];
  return Uint8Array.from(octets.reverse(), (octet) => Number.parseInt(octet, 16));
}

/** PnP ID, 2A50. */
export interface PnpId {
  readonly vendorSource: 'bluetooth' | 'usb' | 'reserved';
  readonly vendorId: number;
  readonly productId: number;
  readonly productVersion: number;
}

export function decodePnpId(reader: OctetReader): Result<PnpId> {
  const source = reader.u8();
  const fields: PnpId = {
    vendorSource: source === 1 ? 'bluetooth' : source === 2 ? 'usb' : 'reserved',
    vendorId: reader.u16(),
    productId: reader.u16(),
    productVersion: reader.u16(),
  };
  return reader.isShort || reader.left > 0 ? truncated() : ok(fields);
}

/** UDI for Medical Devices, 2BFF: up to four texts, each ended by a zero. */
export interface DeviceUdi {
  readonly label?: string;
  readonly deviceIdentifier?: string;
  readonly issuer?: string;
  readonly authority?: string;
}

const UDI_TEXTS = ['label', 'deviceIdentifier', 'issuer', 'authority'] as const;

export function decodeUdi(reader: OctetReader): Result<DeviceUdi> {
  const flags = reader.u8();
  if (reader.isShort) return truncated();
  const fields: Building<DeviceUdi> = {};
  for (const [bit, name] of UDI_TEXTS.entries()) {
    if (!hasBit(flags, bit)) continue;
    const from = reader.at;
    const end = reader.bytes.indexOf(0, from);
    if (end < 0 || end >= reader.end) return truncated();
    try {
      fields[name] = utf8.decode(reader.bytes.subarray(from, end));
    } catch {
      return fail('PAYLOAD_MALFORMED', 'not UTF-8');
    }
    reader.at = end + 1;
  }
  return ok(fields);
}

const ADJUSTED = ['manually', 'by-reference', 'time-zone', 'daylight-saving'] as const;

/** Current Time, 2A2B, of the service 1805. */
export interface CurrentTime {
  readonly dateTime: LocalTime;
  /** 1 Monday to 7 Sunday; 0 unknown. */
  readonly dayOfWeek: number;
  readonly fraction256: number;
  readonly adjusted: readonly string[];
}

export function decodeCurrentTime(reader: OctetReader): Result<CurrentTime> {
  const dateTime = readLocalTime(reader);
  const dayOfWeek = reader.u8();
  const fraction256 = reader.u8();
  const reason = reader.u8();
  if (reader.isShort || reader.left > 0) return truncated();
  if (dateTime === undefined || dayOfWeek > 7) return timeUnreadable();
  const adjusted = ADJUSTED.filter((_, bit) => hasBit(reason, bit));
  return ok({ dateTime, dayOfWeek, fraction256, adjusted });
}
