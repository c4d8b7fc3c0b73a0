import { expect } from '@ausculta/vitals/expect';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';
import { decodeCbor, encodeCborMaps } from './cbor.ts';
import type { DecodedReadings, PartFault } from './decoded.ts';
import { STAMP_MAX_MS } from './iso-time.ts';
import { isObject, type JsonObject, PARTS_MAX, parseJson } from './json-message.ts';
import { beyond, readMeasuredText } from './measured-text.ts';
import { contradicts, readFlags, writeFlags } from './reading-flags.ts';

/**
 * SenML, RFC 8428, in JSON or CBOR: an array of records in which base fields (bn, bt, bu, bv, bs, bver)
 * hold for their own record and all that follow. The first byte tells which of the two it is.
 *
 * - The **metric** is what stands after the last ":" or "/" of the full name (bn + n):
 *   "urn:dev:mac:0024befffe804ff1:heart-rate", a LOINC code or an MDC code alike. Who the device is
 *   comes from its credentials, never from the name.
 * - A **time** below 2^28 seconds is relative to the receipt; none at all means a device without a
 *   clock. Any other is the device's own time. Relative times change when a message is sent again,
 *   so such a repeat is not known as one.
 * - Readings are numbers. A string value is taken only where it is a one-sided number ("HI", "> 600").
 *   Booleans, data and a sum without a value are refused, record by record.
 * - An extension of ours, `flags`, lists the sender's flags: ["simulated"]. Other extensions are
 *   ignored, as section 4.4 asks, unless their name ends in "_", which means "understand or refuse".
 */
export function decodeSenml(bytes: Uint8Array, receivedAtMs: number): Result<DecodedReadings> {
  const parsed = isCborArray(bytes) ? decodeCbor(bytes, LABELS) : parseJson(bytes);
  if (!parsed.ok) return parsed;
  const records = parsed.value;
  if (!Array.isArray(records)) return fail('PAYLOAD_MALFORMED', 'a SenML pack is an array');
  if (records.length > PARTS_MAX) {
    return fail('PAYLOAD_TOO_LARGE', `more than ${PARTS_MAX} records`);
  }
  const readings: ReportedReading[] = [];
  const faults: PartFault[] = [];
  const base: Base = { name: '', timeS: 0, unit: undefined, value: 0, sum: 0 };
  for (const [index, record] of records.entries()) {
    if (!isObject(record)) {
      faults.push({ index, fault: { code: 'PAYLOAD_MALFORMED', detail: 'a record is no object' } });
      continue;
    }
    // A base field that cannot be read would give every later record a wrong meaning.
    const understood = takeBase(record, base);
    if (!understood.ok) return understood;
    if (isBaseOnly(record)) continue;
    const reading = readRecord(record, base, receivedAtMs);
    if (reading.ok) readings.push(reading.value);
    else faults.push({ index, fault: reading.fault });
  }
  return ok({ readings, faults });
}

/** Section 6, table 4: the labels of CBOR. */
const LABELS: ReadonlyMap<number, string> = new Map([
  [-1, 'bver'],
  [-2, 'bn'],
  [-3, 'bt'],
  [-4, 'bu'],
  [-5, 'bv'],
  [-6, 'bs'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
]);

/** Neither JSON nor any text begins with such a byte. */
export function isCborArray(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return first >= 0x80 && first <= 0x9f;
}

interface Base {
  name: string;
  timeS: number;
  unit: string | undefined;
  value: number;
  sum: number;
}

/** RFC 8428 is version 10. */
const VERSION = 10;
/** Section 4.5.3: times below this are relative, roughly to now. */
const RELATIVE_BELOW_S = 2 ** 28;
/** Section 4.5.1 forbids others; a name goes into no log all the same. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/;
const NAME_LENGTH_MAX = 256;

function takeBase(record: JsonObject, base: Base): Result<undefined> {
  const { bn, bt, bu, bv, bs, bver } = record;
  if (bver !== undefined && !(Number.isInteger(bver) && (bver as number) <= VERSION)) {
    return fail('PAYLOAD_MALFORMED', `the SenML version is above ${VERSION}`);
  }
  if (bn !== undefined) {
    if (typeof bn !== 'string') return fail('PAYLOAD_MALFORMED', 'bn is not text');
    base.name = bn;
  }
  if (bu !== undefined) {
    if (typeof bu !== 'string') return fail('PAYLOAD_MALFORMED', 'bu is not text');
    base.unit = bu;
  }
  if (bt !== undefined) {
    if (!isFiniteNumber(bt)) return fail('PAYLOAD_MALFORMED', 'bt is no number');
    base.timeS = bt;
  }
  if (bv !== undefined) {
    if (!isFiniteNumber(bv)) return fail('PAYLOAD_MALFORMED', 'bv is no number');
    base.value = bv;
  }
  if (bs !== undefined) {
    if (!isFiniteNumber(bs)) return fail('PAYLOAD_MALFORMED', 'bs is no number');
    base.sum = bs;
  }
  for (const field in record) {
    if (field.endsWith('_')) return fail('PAYLOAD_MALFORMED', 'a field that must be understood');
  }
  return ok(undefined);
}

const BASE_FIELDS: ReadonlySet<string> = new Set(['bn', 'bt', 'bu', 'bv', 'bs', 'bver']);

/** A first record that only sets the base is no reading and no fault. */
function isBaseOnly(record: JsonObject): boolean {
  let any = false;
  for (const field in record) {
    if (!BASE_FIELDS.has(field)) return false;
    any = true;
  }
  // A base value alone is a reading: its own value counts as 0 (section 4.2).
  return any && record.bv === undefined;
}

function readRecord(record: JsonObject, base: Base, receivedAtMs: number): Result<ReportedReading> {
  const { n = '', u = base.unit, t = 0 } = record;
  if (typeof n !== 'string') return fail('PAYLOAD_MALFORMED', 'n is not text');
  if (u !== undefined && typeof u !== 'string') return fail('UNIT_UNKNOWN', 'u is not text');
  const name = base.name + n;
  if (name.length > NAME_LENGTH_MAX || !NAME.test(name)) {
    return fail('PAYLOAD_MALFORMED', 'the name is empty, too long or not of the allowed letters');
  }
  const metric = name.slice(Math.max(name.lastIndexOf(':'), name.lastIndexOf('/')) + 1);
  const stamp = readTime(t, base, receivedAtMs);
  if (!stamp.ok) return stamp;
  const given = readFlags(record.flags);
  if (given === undefined) return fail('PAYLOAD_MALFORMED', 'flags is not a list');
  const measured = readValue(record, base, metric);
  if (!measured.ok) return measured;
  const flags = measured.value.flags | given;
  if (contradicts(flags)) return fail('PAYLOAD_MALFORMED', 'both above and below');
  const unit = measured.value.unit ?? u;
  return ok({
    metric,
    ...(unit !== undefined && { unit }),
    ...(stamp.value !== undefined && { stampMs: stamp.value }),
    value: measured.value.value,
    flags,
  });
}

function readTime(t: unknown, base: Base, receivedAtMs: number): Result<number | undefined> {
  if (!isFiniteNumber(t)) return fail('STAMP_INVALID', 't is no number');
  const timeS = base.timeS + t;
  if (timeS === 0) return ok(undefined);
  const stampMs = Math.round(timeS * 1000) + (timeS < RELATIVE_BELOW_S ? receivedAtMs : 0);
  if (!(stampMs >= 0 && stampMs <= STAMP_MAX_MS)) return fail('STAMP_INVALID', 't is out of range');
  return ok(stampMs);
}

interface Measured {
  readonly value: number;
  readonly flags: number;
  readonly unit?: string;
}

function readValue(record: JsonObject, base: Base, metric: string): Result<Measured> {
  const { v, vs, vb, vd, s } = record;
  const kinds = [v, vs, vb, vd].filter((value) => value !== undefined).length;
  if (kinds > 1) return fail('PAYLOAD_MALFORMED', 'a record with more than one value');
  if (vb !== undefined) return fail('PAYLOAD_MALFORMED', 'a boolean is not a reading');
  if (vd !== undefined) return fail('PAYLOAD_MALFORMED', 'data is not a reading');
  if (vs !== undefined) {
    if (typeof vs !== 'string') return fail('PAYLOAD_MALFORMED', 'vs is not text');
    const text = readMeasuredText(vs, metric);
    if (text.ok && text.value.flags === 0) {
      return fail('PAYLOAD_MALFORMED', 'text is not a reading, but for HI, LO, > and <');
    }
    return text;
  }
  if (v === undefined && base.value === 0 && record.bv === undefined) {
    if (s !== undefined || base.sum !== 0) {
      return fail('PAYLOAD_MALFORMED', 'a sum alone is not a reading');
    }
    return fail('PAYLOAD_MALFORMED', 'a record without a value');
  }
  const added = v ?? 0;
  if (typeof added !== 'number') return fail('PAYLOAD_MALFORMED', 'v is no number');
  const value = base.value + added;
  if (Number.isFinite(value)) return ok({ value, flags: 0 });
  // CBOR can say so, JSON cannot.
  if (Number.isNaN(value)) return fail('VALUE_NOT_FINITE', 'not a number');
  return beyond(metric, value > 0 ? FLAG.ABOVE : FLAG.BELOW);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Writes a pack: names below `baseName`, absolute times in seconds. */
export function encodeSenml(
  readings: readonly ReportedReading[],
  options: { readonly baseName: string; readonly form?: 'json' | 'cbor' },
): Uint8Array {
  const records = readings.map((reading, index) => {
    const flags = writeFlags(reading.flags);
    const { metric, unit, value, stampMs } = reading;
    const isAbsolute = stampMs === undefined || stampMs >= RELATIVE_BELOW_S * 1000;
    expect(isAbsolute, 'SenML carries no absolute time before July 1978');
    return {
      bn: index === 0 ? options.baseName : undefined,
      n: metric,
      u: unit,
      t: stampMs === undefined ? undefined : stampMs / 1000,
      v: value,
      flags: flags.length > 0 ? flags : undefined,
    };
  });
  if (options.form === 'cbor') return encodeCborMaps(records.map((record) => labelled(record)));
  return new TextEncoder().encode(JSON.stringify(records));
}

const NUMBERS: ReadonlyMap<string, number> = new Map(
  [...LABELS].map(([number, name]) => [name, number]),
);

/** Fields that are there, under their numbers; an extension keeps its name. */
function labelled(record: Record<string, unknown>): [number | string, unknown][] {
  return Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [NUMBERS.get(name) ?? name, value]);
}
