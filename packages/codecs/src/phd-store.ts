import { OctetReader, OctetWriter } from './octets.ts';
import {
  ATTRIBUTE,
  cutByMap,
  type PhdAttribute,
  type PhdMapEntry,
  readAttributes,
  readValueMap,
} from './phd-attribute.ts';
import type { PhdConfiguration, PhdObjectInfo } from './phd-configuration.ts';
import type { PhdEvent, VariableScan } from './phd-event.ts';
import type { PhdMessage } from './phd-message.ts';

/** Persistent metric stores, IEEE 11073-20601 section 6.3.7: what an agent kept while it was alone. */
export interface PhdSegment {
  readonly segment: number;
  readonly personId: number;
  readonly entryCount: number | undefined;
  readonly map: PhdSegmentMap | undefined;
}

export interface PhdSegmentMap {
  /** Which time comes before the elements of each entry. */
  readonly header: number;
  readonly elements: readonly {
    readonly objectClass: number;
    readonly type: number;
    readonly handle: number;
    readonly map: readonly PhdMapEntry[];
  }[];
}

const ACTION = { CLEAR: 3084, GET_INFO: 3085, TRIGGER_TRANSFER: 3100 } as const;
const ALL_SEGMENTS = 1;

/** Asks a store for its segments. */
export function askSegments(handle: number): PhdMessage {
  return action(handle, ACTION.GET_INFO, new OctetWriter('big').u16(ALL_SEGMENTS).u16(2).u16(0));
}

/** Asks for one segment, which then comes in events that must each be answered. */
export function askTransfer(handle: number, segment: number): PhdMessage {
  return action(handle, ACTION.TRIGGER_TRANSFER, new OctetWriter('big').u16(segment));
}

/** Clears one segment. Only after all of it is durable here. */
export function askClear(handle: number, segment: number): PhdMessage {
  const list = new OctetWriter('big').list([segment], (into, each) => into.u16(each)).finish();
  return action(handle, ACTION.CLEAR, new OctetWriter('big').u16(2).string(list));
}

function action(handle: number, actionType: number, info: OctetWriter): PhdMessage {
  return { kind: 'action', isConfirmed: true, handle, actionType, info: info.finish() };
}

/** The answer to askSegments. */
export function readSegments(info: Uint8Array): PhdSegment[] | undefined {
  const reader = new OctetReader(info, 'big');
  const segments = reader.list((element) => {
    const segment = element.u16();
    return readSegment(segment, readAttributes(element) ?? []);
  });
  return reader.isShort || reader.left > 0 ? undefined : segments;
}

function readSegment(segment: number, attributes: readonly PhdAttribute[]): PhdSegment {
  const find = (id: number) => {
    const value = attributes.find((attribute) => attribute.id === id)?.value;
    return value && new OctetReader(value, 'big');
  };
  const map = find(ATTRIBUTE.SEGMENT_MAP);
  return {
    segment,
    personId: find(ATTRIBUTE.SEGMENT_PERSON)?.u16() ?? 0,
    entryCount: find(ATTRIBUTE.SEGMENT_USAGE)?.u32(),
    map: map && readSegmentMap(map),
  };
}

export function readSegmentMap(reader: OctetReader): PhdSegmentMap | undefined {
  const header = reader.u16();
  const elements = reader.list((element) => ({
    objectClass: element.u16(),
    type: element.u32(),
    handle: element.u16(),
    map: readValueMap(element) ?? [],
  }));
  return elements === undefined || reader.isShort ? undefined : { header, elements };
}

/** Bits of the entry header, from the most significant: which time, and how long it is. */
const HEADER_TIMES = [
  { bit: 0x8000, id: ATTRIBUTE.STAMP_ABSOLUTE, octets: 8 },
  { bit: 0x4000, id: ATTRIBUTE.STAMP_RELATIVE, octets: 4 },
  { bit: 0x2000, id: 0, octets: 8 },
  { bit: 0x1000, id: ATTRIBUTE.STAMP_BASE_OFFSET, octets: 8 },
] as const;

/**
 * The entries of a segment as a variable scan report with the configuration to read it by, so that a
 * stored measurement means what it would have meant live. Undefined when they are off their map.
 */
export function readEntries(
  event: Extract<PhdEvent, { kind: 'segment-data' }>,
  segment: PhdSegment,
  configuration: PhdConfiguration,
): { readonly event: PhdEvent; readonly configuration: PhdConfiguration } | undefined {
  const { map } = segment;
  if (map === undefined) return undefined;
  const reader = new OctetReader(event.entries, 'big');
  const scans: VariableScan[] = [];
  while (reader.left > 0) {
    const from = reader.at;
    const times = HEADER_TIMES.filter(({ bit }) => (map.header & bit) !== 0).map(
      ({ id, octets }) => ({ id, value: reader.part(octets).rest() }),
    );
    for (const { handle, map: entries } of map.elements) {
      const octets = entries.reduce((sum, entry) => sum + entry.octets, 0);
      const attributes = cutByMap(reader.part(octets), entries);
      if (reader.isShort || attributes === undefined) return undefined;
      scans.push({ handle, attributes: [...times, ...attributes] });
    }
    // A map without elements and times would take nothing, for ever.
    if (reader.at === from) return undefined;
  }
  if (reader.isShort) return undefined;
  const scan = { requestId: 0, reportNumber: 0, isMultiPerson: segment.personId !== 0 };
  const persons = [{ personId: segment.personId, scans }];
  const described = new Map(configuration);
  for (const { handle, objectClass, type } of map.elements) {
    const known: PhdObjectInfo = described.get(handle) ?? { handle, objectClass };
    described.set(handle, { ...known, type });
  }
  return { event: { kind: 'variable', ...scan, persons }, configuration: described };
}

/** Bits of the status in a segment event and in its answer. */
export const SEGMENT_STATUS = {
  FIRST: 0x8000,
  LAST: 0x4000,
  AGENT_ABORT: 0x0800,
  MANAGER_CONFIRM: 0x0080,
  MANAGER_ABORT: 0x0008,
} as const;

/** What a manager answers to a segment event once it is durable: the same, confirmed. */
export function confirmEntries(event: Extract<PhdEvent, { kind: 'segment-data' }>): Uint8Array {
  return new OctetWriter('big')
    .u16(event.segment)
    .u32(event.entryIndex)
    .u32(event.entryCount)
    .u16(event.status | SEGMENT_STATUS.MANAGER_CONFIRM)
    .finish();
}
