import type { EventKind } from '@ausculta/vitals/event';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { type DeviceReport, ReportBuilder } from './device-report.ts';
import type { MdcNumber } from './mdc-float.ts';
import { metricOfTerm, ucumOfMdcUnit } from './mdc-terms.ts';
import { OctetReader } from './octets.ts';
import { ATTRIBUTE, cutByMap, type PhdAttribute } from './phd-attribute.ts';
import { type PhdConfiguration, type PhdObjectInfo, withAttributes } from './phd-configuration.ts';
import type { PhdEvent } from './phd-event.ts';
import { readSampleArray } from './phd-samples.ts';
import {
  type PhdClock,
  readAbsoluteTime,
  readBaseOffsetTime,
  readRelativeTime,
} from './phd-time.ts';

export interface PhdReport extends DeviceReport {
  readonly waveforms: readonly WaveformRun[];
  /** States of sensors at home that are no events: "battery-low", "sensor-fault". */
  readonly states: readonly string[];
}

interface Collector {
  readonly report: ReportBuilder;
  readonly waveforms: WaveformRun[];
  readonly states: string[];
  readonly clock: PhdClock;
}

/**
 * What a scan report means. `scanner` is the handle that sent it: a grouped report is cut by that
 * scanner's map. An object that nobody described is a fault of its own.
 */
export function phdReport(
  event: PhdEvent,
  configuration: PhdConfiguration,
  from: PhdClock & { readonly scanner?: number },
): PhdReport {
  const into = { report: new ReportBuilder(), waveforms: [], states: [], clock: from };
  for (const { object, attributes, personId } of observations(event, configuration, from, into)) {
    readObservation(withAttributes(object, attributes), attributes, personId, into);
  }
  return { ...into.report.report(), waveforms: into.waveforms, states: into.states };
}

interface Observation {
  readonly object: PhdObjectInfo;
  readonly attributes: readonly PhdAttribute[];
  readonly personId: number;
}

function* observations(
  event: PhdEvent,
  configuration: PhdConfiguration,
  { scanner = 0 }: { readonly scanner?: number },
  { report }: Collector,
): Generator<Observation> {
  const unknown = () => report.fault({ code: 'METRIC_UNKNOWN', detail: 'an object not described' });
  const broken = () => report.fault({ code: 'PAYLOAD_MALFORMED', detail: 'a report off its map' });
  if (event.kind === 'fixed') {
    for (const { personId, scans } of event.persons) {
      for (const { handle, data } of scans) {
        const object = configuration.get(handle);
        const attributes =
          object?.valueMap && cutByMap(new OctetReader(data, 'big'), object.valueMap);
        if (object?.valueMap === undefined) unknown();
        else if (attributes === undefined) broken();
        else yield { object, attributes, personId };
      }
    }
  } else if (event.kind === 'variable') {
    for (const { personId, scans } of event.persons) {
      for (const { handle, attributes } of scans) {
        const object = configuration.get(handle);
        if (object === undefined) unknown();
        else yield { object, attributes, personId };
      }
    }
  } else if (event.kind === 'grouped') {
    const map = configuration.get(scanner)?.scannerMap;
    for (const { personId, scans } of event.persons) {
      for (const data of scans) {
        const cut = map && cutGroup(new OctetReader(data, 'big'), map, configuration);
        if (map === undefined) unknown();
        else if (cut === undefined) broken();
        else for (const each of cut) yield { ...each, personId };
      }
    }
  }
}

function cutGroup(
  data: OctetReader,
  map: NonNullable<PhdObjectInfo['scannerMap']>,
  configuration: PhdConfiguration,
): Omit<Observation, 'personId'>[] | undefined {
  const cut: Omit<Observation, 'personId'>[] = [];
  for (const { handle, map: entries } of map) {
    const octets = entries.reduce((sum, entry) => sum + entry.octets, 0);
    const attributes = cutByMap(data.part(octets), entries);
    if (data.isShort || attributes === undefined) return undefined;
    const object = configuration.get(handle);
    if (object !== undefined) cut.push({ object, attributes });
  }
  return data.left === 0 ? cut : undefined;
}

/** The same quantity in a second averaging would stand at the same stamp as the first. */
const OTHER_AVERAGING: ReadonlySet<number> = new Set([(2 << 16) + 19_508, (2 << 16) + 19_512]);

function readObservation(
  object: PhdObjectInfo,
  attributes: readonly PhdAttribute[],
  personId: number,
  into: Collector,
): void {
  if (object.supplemental?.some((term) => OTHER_AVERAGING.has(term))) return;
  const when = stampOf(attributes, into.clock);
  if (when === 'unreadable') {
    into.report.fault({ code: 'STAMP_INVALID' });
    return;
  }
  const at: Taken = {
    object,
    stampMs: when,
    flags: statusFlags(attributes),
    // 0 is everybody, 0xFFFF an unknown person: neither is a slot.
    userSlot: personId === 0 || personId === 0xffff ? undefined : personId,
  };
  for (const attribute of attributes) readValue(attribute, at, into);
}

interface Taken {
  readonly object: PhdObjectInfo;
  readonly stampMs: number;
  readonly flags: number;
  readonly userSlot: number | undefined;
}

/** Of several stamps the one that needs no guess: base-offset, absolute, relative; else the receipt. */
function stampOf(attributes: readonly PhdAttribute[], clock: PhdClock): number | 'unreadable' {
  const find = (id: number) => attributes.find((attribute) => attribute.id === id)?.value;
  const base = find(ATTRIBUTE.STAMP_BASE_OFFSET);
  if (base !== undefined) return readBaseOffsetTime(base) ?? 'unreadable';
  const absolute = find(ATTRIBUTE.STAMP_ABSOLUTE);
  if (absolute !== undefined) {
    return readAbsoluteTime(absolute, clock.utcOffsetMinutes ?? 0) ?? 'unreadable';
  }
  const relative = find(ATTRIBUTE.STAMP_RELATIVE);
  return (relative && readRelativeTime(relative, clock)) ?? clock.receivedAtMs;
}

/** BITS-16 count from the most significant bit. */
const STATUS = {
  DOUBT: 0x8000 | 0x4000 | 0x2000 | 0x1000 | 0x0040,
  MADE_UP: 0x0800 | 0x0400,
} as const;

function statusFlags(attributes: readonly PhdAttribute[]): number {
  const value = attributes.find(({ id }) => id === ATTRIBUTE.MEASUREMENT_STATUS)?.value;
  if (value?.length !== 2) return 0;
  const status = new OctetReader(value, 'big').u16();
  const doubt = status & STATUS.DOUBT ? FLAG.QUESTIONABLE : 0;
  return status & STATUS.MADE_UP ? doubt | FLAG.SIMULATED : doubt;
}

function readValue({ id, value }: PhdAttribute, at: Taken, into: Collector): void {
  const reader = new OctetReader(value, 'big');
  const { object } = at;
  switch (id) {
    case ATTRIBUTE.BASIC_VALUE:
      take(reader.sfloat(), object.type, at, into);
      break;
    case ATTRIBUTE.SIMPLE_VALUE:
      take(reader.float(), object.type, at, into);
      break;
    case ATTRIBUTE.COMPOUND_BASIC:
      takeCompound(
        reader.list((element) => element.sfloat()),
        at,
        into,
      );
      break;
    case ATTRIBUTE.COMPOUND_SIMPLE:
      takeCompound(
        reader.list((element) => element.float()),
        at,
        into,
      );
      break;
    case ATTRIBUTE.VALUE:
      takeNumeric(reader, at, into);
      break;
    case ATTRIBUTE.COMPOUND_VALUE:
      reader.list((element) => takeNumeric(element, at, into));
      break;
    case ATTRIBUTE.ENUM_BITS_16:
      takeSensor(value.length === 2 ? reader.u16() << 16 : 0, at, into);
      break;
    case ATTRIBUTE.ENUM_BITS_32:
      takeSensor(reader.u32(), at, into);
      break;
    case ATTRIBUTE.SAMPLES: {
      const run = readSampleArray(reader, object, at);
      if (run === undefined) into.report.fault({ code: 'METRIC_UNKNOWN' });
      else into.waveforms.push(run);
      break;
    }
    default:
      return;
  }
  if (reader.isShort) into.report.fault({ code: 'PAYLOAD_MALFORMED', detail: 'a value cut off' });
}

/** Nu-Observed-Value: term, state, unit and FLOAT together. */
function takeNumeric(reader: OctetReader, at: Taken, into: Collector): void {
  const term = reader.u16();
  const state = reader.u16();
  const unit = (4 << 16) + reader.u16();
  const value = reader.float();
  if (reader.isShort) return;
  const type = partitionOf(at.object) + term;
  const doubt = state & STATUS.DOUBT ? FLAG.QUESTIONABLE : 0;
  take(value, type, { ...at, object: { ...at.object, unit }, flags: at.flags | doubt }, into);
}

function partitionOf({ type = 2 << 16 }: PhdObjectInfo): number {
  return type - (type % 65_536);
}

function takeCompound(values: MdcNumber[] | undefined, at: Taken, into: Collector): void {
  if (values === undefined) {
    into.report.fault({ code: 'PAYLOAD_MALFORMED', detail: 'a list contradicts itself' });
    return;
  }
  const { typeList = [] } = at.object;
  for (const [index, value] of values.entries()) {
    const term = typeList[index];
    take(value, term === undefined ? undefined : partitionOf(at.object) + term, at, into);
  }
}

function take(value: MdcNumber, type: number | undefined, at: Taken, into: Collector): void {
  const named = type === undefined ? undefined : metricOfTerm({ code: type });
  if (named === undefined) {
    into.report.fault({ code: 'METRIC_UNKNOWN' });
    return;
  }
  const { unit: code } = at.object;
  const unit = code === undefined ? named.unit : (ucumOfMdcUnit(code) ?? String(code));
  const { stampMs, flags, userSlot } = at;
  into.report.add(value, {
    metric: metricOf(named.metric.key).key,
    unit,
    stampMs,
    flags,
    userSlot,
  });
}

/** 11073-10471: the sensor's type says what bit 0 of its 32 means; bits 16 on are its own health. */
const SENSOR_EVENTS: ReadonlyMap<number, EventKind> = new Map([
  [8_519_681, 'fall'],
  [8_519_682, 'button'],
  [8_519_693, 'dose-taken'],
]);
const SENSOR_BIT_0 = 0x8000_0000;
const SENSOR_STATES = [
  [17, 'presence-failed'],
  [18, 'battery-low'],
  [19, 'sensor-fault'],
  [20, 'end-of-life'],
] as const;

function takeSensor(bits: number, at: Taken, into: Collector): void {
  const kind = SENSOR_EVENTS.get(at.object.type ?? 0);
  if (kind === undefined) return;
  for (const [bit, state] of SENSOR_STATES) if ((bits >>> (31 - bit)) & 1) into.states.push(state);
  if ((bits & SENSOR_BIT_0) !== 0) {
    into.report.events.push({ kind, stampMs: at.stampMs, flags: at.flags });
  }
}
