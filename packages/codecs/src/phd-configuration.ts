import type { Building } from './building.ts';
import { OctetReader } from './octets.ts';
import { ATTRIBUTE, type PhdAttribute, type PhdMapEntry, readValueMap } from './phd-attribute.ts';
import type { PhdObject } from './phd-event.ts';

/** What is known of one object of an agent: from its configuration, or from the standard one. */
export interface PhdObjectInfo {
  readonly handle: number;
  readonly objectClass: number;
  /** Partition × 65 536 + term. */
  readonly type?: number;
  /** Terms of the parts of a compound value, in the partition of `type`. */
  readonly typeList?: readonly number[];
  readonly supplemental?: readonly number[];
  /** Unit in partition 4: 262 144 + term. */
  readonly unit?: number;
  readonly valueMap?: readonly PhdMapEntry[];
  /** Scanners: the objects of a grouped report, in order. */
  readonly scannerMap?: readonly {
    readonly handle: number;
    readonly map: readonly PhdMapEntry[];
  }[];
  readonly samplePeriod?: number;
  readonly array?: { readonly size: number; readonly sampleBits: number };
  readonly scale?: PhdScale;
}

/** Two points of the line from a raw sample to its value. */
export interface PhdScale {
  readonly lowAbsolute: number;
  readonly highAbsolute: number;
  readonly lowScaled: number;
  readonly highScaled: number;
}

export type PhdConfiguration = ReadonlyMap<number, PhdObjectInfo>;

const UNITS = 4 << 16;

export function readConfiguration(objects: readonly PhdObject[]): PhdConfiguration {
  return new Map(objects.map((object) => [object.handle, readObject(object)]));
}

function readObject({ objectClass, handle, attributes }: PhdObject): PhdObjectInfo {
  return withAttributes({ handle, objectClass }, attributes);
}

/** An object with attributes that say more of it; a variable report may change its unit. */
export function withAttributes(
  object: PhdObjectInfo,
  attributes: readonly PhdAttribute[],
): PhdObjectInfo {
  const info: Building<PhdObjectInfo> = { ...object };
  for (const attribute of attributes) takeAttribute(info, attribute);
  return info;
}

function takeAttribute(info: Building<PhdObjectInfo>, { id, value }: PhdAttribute): void {
  const reader = new OctetReader(value, 'big');
  switch (id) {
    case ATTRIBUTE.TYPE:
      if (value.length === 4) info.type = reader.u32();
      return;
    case ATTRIBUTE.UNIT:
      if (value.length === 2) info.unit = UNITS + reader.u16();
      return;
    case ATTRIBUTE.TYPE_LIST: {
      const list = reader.list((element) => element.u16());
      if (list) info.typeList = list;
      return;
    }
    case ATTRIBUTE.SUPPLEMENTAL_TYPES: {
      const list = reader.list((element) => element.u32());
      if (list) info.supplemental = list;
      return;
    }
    case ATTRIBUTE.VALUE_MAP: {
      const map = readValueMap(reader);
      if (map) info.valueMap = map;
      return;
    }
    case ATTRIBUTE.SCANNER_MAP: {
      const map = reader.list((element) => {
        const handle = element.u16();
        return { handle, map: readValueMap(element) ?? [] };
      });
      if (map) info.scannerMap = map;
      return;
    }
    case ATTRIBUTE.SAMPLE_PERIOD:
      if (value.length === 4) info.samplePeriod = reader.u32();
      return;
    case ATTRIBUTE.ARRAY_SPECIFICATION:
      if (value.length === 6) info.array = { size: reader.u16(), sampleBits: reader.u8() };
      return;
    case ATTRIBUTE.SCALE_I8:
    case ATTRIBUTE.SCALE_I16:
    case ATTRIBUTE.SCALE_I32:
      takeScale(info, reader, SCALE_OCTETS[id]);
      return;
    default:
      return;
  }
}

const SCALE_OCTETS = {
  [ATTRIBUTE.SCALE_I8]: 1,
  [ATTRIBUTE.SCALE_I16]: 2,
  [ATTRIBUTE.SCALE_I32]: 4,
} as const;

function takeScale(info: Building<PhdObjectInfo>, reader: OctetReader, octets: 1 | 2 | 4): void {
  const low = reader.float();
  const high = reader.float();
  const raw = () => (octets === 1 ? reader.u8() : octets === 2 ? reader.u16() : reader.u32());
  const [lowScaled, highScaled] = [raw(), raw()];
  if (reader.isShort || typeof low !== 'number' || typeof high !== 'number') return;
  if (lowScaled === highScaled || low === high) return;
  info.scale = { lowAbsolute: low, highAbsolute: high, lowScaled, highScaled };
}

const NUMERIC = 6;
const { BASIC_VALUE, SIMPLE_VALUE, COMPOUND_BASIC, STAMP_ABSOLUTE } = ATTRIBUTE;
const WITH_TIME = { id: STAMP_ABSOLUTE, octets: 8 };
const BASIC = [{ id: BASIC_VALUE, octets: 2 }, WITH_TIME];
const SIMPLE = [{ id: SIMPLE_VALUE, octets: 4 }, WITH_TIME];

const [PERCENT, BPM, MMHG, CELSIUS] = [262688, 264864, 266016, 268192];
const [KILOGRAM, CENTIMETRE, KG_PER_M2, MG_PER_DL, DIMENSIONLESS] = [
  263875, 263441, 264096, 264274, 262656,
];

function numeric(
  handle: number,
  more: Pick<PhdObjectInfo, 'type' | 'unit' | 'valueMap' | 'typeList'>,
): PhdObjectInfo {
  return { handle, objectClass: NUMERIC, ...more };
}

const OXIMETER = [
  numeric(1, { type: 150456, unit: PERCENT, valueMap: BASIC }),
  numeric(10, { type: 149530, unit: BPM, valueMap: BASIC }),
];

/**
 * The standard configurations, which an agent need not send. A report may end before the time stamp,
 * so that 0x0190 and 0x0191 of the oximeter, which differ by it, are read alike. Specialisations
 * without one here (10419, 10441, 10471 and all extended ones) send theirs.
 */
const STANDARD: readonly (readonly [configId: number, objects: readonly PhdObjectInfo[]])[] = [
  [0x0190, OXIMETER],
  [0x0191, OXIMETER],
  [
    0x02bc,
    [
      numeric(1, {
        type: 150020,
        typeList: [18949, 18950, 18951],
        unit: MMHG,
        valueMap: [{ id: COMPOUND_BASIC, octets: 10 }, WITH_TIME],
      }),
      numeric(2, { type: 149546, unit: BPM, valueMap: BASIC }),
    ],
  ],
  [0x0320, [numeric(1, { type: 150364, unit: CELSIUS, valueMap: SIMPLE })]],
  [
    0x05dc,
    [
      numeric(1, { type: 188736, unit: KILOGRAM, valueMap: SIMPLE }),
      numeric(2, { type: 188740, unit: CENTIMETRE, valueMap: SIMPLE }),
      numeric(3, { type: 188752, unit: KG_PER_M2, valueMap: SIMPLE }),
    ],
  ],
  [0x06a4, [numeric(1, { type: 160184, unit: MG_PER_DL, valueMap: BASIC })]],
  [0x0708, [numeric(1, { type: 160260, unit: DIMENSIONLESS, valueMap: BASIC })]],
  [0x09c4, [numeric(1, { type: 160212, unit: MG_PER_DL, valueMap: BASIC })]],
];

const standard: ReadonlyMap<number, PhdConfiguration> = new Map(
  STANDARD.map(([configId, objects]) => [
    configId,
    new Map(objects.map((object) => [object.handle, object])),
  ]),
);

export function standardConfiguration(configId: number): PhdConfiguration | undefined {
  return standard.get(configId);
}

/** Section 7.4.3: from here on, a configuration is the agent's own and is kept for its system id. */
export function isExtended(configId: number): boolean {
  return configId >= 0x4000 && configId <= 0x7fff;
}
