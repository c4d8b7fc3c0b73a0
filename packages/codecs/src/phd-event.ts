import { type OctetReader, OctetWriter } from './octets.ts';
import { type PhdAttribute, readAttributes, writeAttributes } from './phd-attribute.ts';

/** The content of an event report. Person 0 is a device of one person. */
export type PhdEvent =
  | {
      readonly kind: 'configuration';
      readonly configId: number;
      readonly objects: readonly PhdObject[];
    }
  | ({ readonly kind: 'fixed'; readonly persons: readonly PersonScan<FixedScan>[] } & Scan)
  | ({ readonly kind: 'variable'; readonly persons: readonly PersonScan<VariableScan>[] } & Scan)
  /** Each scan holds the values of all objects of the scanner's map, without handles. */
  | ({ readonly kind: 'grouped'; readonly persons: readonly PersonScan<Uint8Array>[] } & Scan)
  | {
      readonly kind: 'segment-data';
      readonly segment: number;
      readonly entryIndex: number;
      readonly entryCount: number;
      readonly status: number;
      readonly entries: Uint8Array;
    }
  | { readonly kind: 'other'; readonly info: Uint8Array };

interface Scan {
  readonly requestId: number;
  readonly reportNumber: number;
  /** Whether the form has person ids at all. */
  readonly isMultiPerson: boolean;
}

export interface PersonScan<Of> {
  readonly personId: number;
  readonly scans: readonly Of[];
}

export interface FixedScan {
  readonly handle: number;
  readonly data: Uint8Array;
}

export interface VariableScan {
  readonly handle: number;
  readonly attributes: readonly PhdAttribute[];
}

export interface PhdObject {
  readonly objectClass: number;
  readonly handle: number;
  readonly attributes: readonly PhdAttribute[];
}

export const EVENT_CONFIGURATION = 0x0d1c;
export const EVENT_SEGMENT_DATA = 0x0d21;

type Form = 'fixed' | 'variable' | 'grouped';

/** Reports of the MDS, and of scanners unbuffered and buffered. */
const FORMS = new Map<number, { readonly form: Form; readonly isMultiPerson: boolean }>([
  [0x0d1d, { form: 'fixed', isMultiPerson: false }],
  [0x0d1e, { form: 'variable', isMultiPerson: false }],
  [0x0d1f, { form: 'fixed', isMultiPerson: true }],
  [0x0d20, { form: 'variable', isMultiPerson: true }],
]);
for (const base of [0x0d22, 0x0d28]) {
  for (const [index, form] of (['variable', 'fixed', 'grouped'] as const).entries()) {
    FORMS.set(base + index, { form, isMultiPerson: false });
    FORMS.set(base + 3 + index, { form, isMultiPerson: true });
  }
}

export function readEvent(eventType: number, info: OctetReader): PhdEvent | undefined {
  const event = readByType(eventType, info);
  return info.isShort || info.left > 0 ? undefined : event;
}

function readByType(eventType: number, info: OctetReader): PhdEvent | undefined {
  if (eventType === EVENT_CONFIGURATION) {
    const configId = info.u16();
    const objects = info.list((element) => {
      const [objectClass, handle] = [element.u16(), element.u16()];
      return { objectClass, handle, attributes: readAttributes(element) };
    });
    if (!objects?.every(hasAttributes)) return undefined;
    return { kind: 'configuration', configId, objects };
  }
  if (eventType === EVENT_SEGMENT_DATA) {
    const [segment, entryIndex, entryCount] = [info.u16(), info.u32(), info.u32()];
    const status = info.u16();
    const entries = info.string().rest();
    return { kind: 'segment-data', segment, entryIndex, entryCount, status, entries };
  }
  const known = FORMS.get(eventType);
  if (known === undefined) {
    const rest = info.rest();
    info.at = info.end;
    return { kind: 'other', info: rest };
  }
  return readScan(info, known.form, known.isMultiPerson);
}

/** A list whose lists are broken has undefined ones. */
function hasAttributes(object: {
  readonly objectClass: number;
  readonly handle: number;
  readonly attributes: PhdAttribute[] | undefined;
}): object is { objectClass: number; handle: number; attributes: PhdAttribute[] } {
  return object.attributes !== undefined;
}

function readScan(info: OctetReader, form: Form, isMultiPerson: boolean): PhdEvent | undefined {
  const scan = { requestId: info.u16(), reportNumber: info.u16(), isMultiPerson };
  switch (form) {
    case 'fixed': {
      const persons = readPersons(info, isMultiPerson, (list) => list.list(readFixed));
      return persons && { kind: 'fixed', ...scan, persons };
    }
    case 'variable': {
      const persons = readPersons(info, isMultiPerson, readVariables);
      return persons && { kind: 'variable', ...scan, persons };
    }
    case 'grouped': {
      // With persons, each has one group of values; without, there is a list of groups.
      const persons = readPersons(info, isMultiPerson, (list) =>
        isMultiPerson ? [list.string().rest()] : list.list((element) => element.string().rest()),
      );
      return persons && { kind: 'grouped', ...scan, persons };
    }
    default:
      return form satisfies never;
  }
}

function readPersons<Of>(
  info: OctetReader,
  isMultiPerson: boolean,
  readScans: (list: OctetReader) => Of[] | undefined,
): PersonScan<Of>[] | undefined {
  if (!isMultiPerson) {
    const scans = readScans(info);
    return scans && [{ personId: 0, scans }];
  }
  const persons = info.list((element) => ({ personId: element.u16(), scans: readScans(element) }));
  if (persons === undefined) return undefined;
  const whole: PersonScan<Of>[] = [];
  for (const { personId, scans } of persons) {
    if (scans === undefined) return undefined;
    whole.push({ personId, scans });
  }
  return whole;
}

function readFixed(element: OctetReader): FixedScan {
  return { handle: element.u16(), data: element.string().rest() };
}

function readVariables(list: OctetReader): VariableScan[] | undefined {
  const scans = list.list((element) => ({
    handle: element.u16(),
    attributes: readAttributes(element),
  }));
  const whole: VariableScan[] = [];
  for (const { handle, attributes } of scans ?? []) {
    if (attributes === undefined) return undefined;
    whole.push({ handle, attributes });
  }
  return scans && whole;
}

export function writeEvent(event: PhdEvent): Uint8Array {
  const writer = new OctetWriter('big');
  switch (event.kind) {
    case 'configuration':
      writer.u16(event.configId).list(event.objects, (into, object) => {
        writeAttributes(into.u16(object.objectClass).u16(object.handle), object.attributes);
      });
      break;
    case 'segment-data':
      writer.u16(event.segment).u32(event.entryIndex).u32(event.entryCount).u16(event.status);
      writer.string(event.entries);
      break;
    case 'other':
      writer.bytes(event.info);
      break;
    case 'fixed':
      writePersons(writer, event, (into, scans) =>
        into.list(scans, (list, { handle, data }) => list.u16(handle).string(data)),
      );
      break;
    case 'variable':
      writePersons(writer, event, (into, scans) =>
        into.list(scans, (list, { handle, attributes }) =>
          writeAttributes(list.u16(handle), attributes),
        ),
      );
      break;
    case 'grouped':
      writePersons(writer, event, (into, scans) => {
        if (event.isMultiPerson) into.string(scans[0] ?? new Uint8Array());
        else into.list(scans, (list, octets) => list.string(octets));
      });
      break;
    default:
      event satisfies never;
  }
  return writer.finish();
}

function writePersons<Of>(
  writer: OctetWriter,
  event: Scan & { readonly persons: readonly PersonScan<Of>[] },
  writeScans: (into: OctetWriter, scans: readonly Of[]) => void,
): void {
  writer.u16(event.requestId).u16(event.reportNumber);
  if (event.isMultiPerson) {
    writer.list(event.persons, (into, { personId, scans }) => {
      into.u16(personId);
      writeScans(into, scans);
    });
  } else {
    writeScans(writer, event.persons[0]?.scans ?? []);
  }
}
