import type { OctetReader, OctetWriter } from './octets.ts';

/** One attribute as it stands on the wire; `value` is read by what its id means. */
export interface PhdAttribute {
  readonly id: number;
  readonly value: Uint8Array;
}

/** Attribute ids of partition OBJ, IEEE 11073-20601 annex A and 11073-10101. */
export const ATTRIBUTE = {
  CONFIRM_MODE: 2323,
  HANDLE: 2337,
  MODEL: 2344,
  PRODUCTION_SPECIFICATION: 2349,
  TYPE: 2351,
  STORE_USAGE: 2372,
  MEASUREMENT_STATUS: 2375,
  COMPOUND_VALUE: 2379,
  VALUE: 2384,
  SEGMENT_COUNT: 2385,
  OPERATIONAL_STATE: 2387,
  POWER_STATUS: 2389,
  ARRAY_SPECIFICATION: 2413,
  SCALE_I16: 2415,
  SCALE_I32: 2416,
  SCALE_I8: 2417,
  SEGMENT_USAGE: 2427,
  SYSTEM_ID: 2436,
  SYSTEM_TYPE: 2438,
  TIME_ABSOLUTE: 2439,
  SAMPLE_PERIOD: 2445,
  TIME_RELATIVE: 2447,
  STAMP_ABSOLUTE: 2448,
  STAMP_RELATIVE: 2449,
  SEGMENT_START: 2450,
  UNIT: 2454,
  BATTERY: 2460,
  ENUM_VALUE: 2462,
  CONFIG_ID: 2628,
  SAMPLES: 2632,
  ENUM_OID: 2633,
  ENUM_TEXT: 2634,
  BASIC_VALUE: 2636,
  SEGMENT_MAP: 2638,
  SEGMENT_PERSON: 2639,
  SEGMENT_DATA: 2641,
  SCANNER_MAP: 2643,
  VALUE_MAP: 2645,
  SIMPLE_VALUE: 2646,
  SYSTEM_TYPES: 2650,
  TYPE_PARTITION: 2655,
  ENUM_PARTITION: 2656,
  SUPPLEMENTAL_TYPES: 2657,
  ENUM_BITS_32: 2661,
  ENUM_BITS_16: 2662,
  COMPOUND_SIMPLE: 2676,
  COMPOUND_BASIC: 2677,
  TYPE_LIST: 2678,
  TIME_BASE_OFFSET: 2689,
  STAMP_BASE_OFFSET: 2690,
} as const;

export function readAttributes(reader: OctetReader): PhdAttribute[] | undefined {
  return reader.list((element) => ({ id: element.u16(), value: element.string().rest() }));
}

export function writeAttributes(writer: OctetWriter, attributes: readonly PhdAttribute[]): void {
  writer.list(attributes, (into, { id, value }) => into.u16(id).string(value));
}

/** Which attributes follow each other in a fixed report, and how long each is. */
export interface PhdMapEntry {
  readonly id: number;
  readonly octets: number;
}

export function readValueMap(reader: OctetReader): PhdMapEntry[] | undefined {
  return reader.list((element) => ({ id: element.u16(), octets: element.u16() }));
}

export function writeValueMap(writer: OctetWriter, map: readonly PhdMapEntry[]): void {
  writer.list(map, (into, { id, octets }) => into.u16(id).u16(octets));
}

/** Cuts the octets of a fixed report; a report may end early, between two attributes. */
export function cutByMap(
  data: OctetReader,
  map: readonly PhdMapEntry[],
): PhdAttribute[] | undefined {
  const attributes: PhdAttribute[] = [];
  for (const { id, octets } of map) {
    if (data.left === 0) return attributes;
    const value = data.part(octets);
    if (value.isShort) return undefined;
    attributes.push({ id, value: value.rest() });
  }
  return data.left === 0 ? attributes : undefined;
}
