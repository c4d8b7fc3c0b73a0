import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { ReportedReading } from '@ausculta/vitals/reading';
import type { DecodedReadings, PartFault } from './decoded.ts';
import { readStamp } from './iso-time.ts';
import { isObject, type JsonObject, PARTS_MAX, parseJson } from './json-message.ts';
import {
  OMH_SCHEMAS,
  OMH_WORDS,
  type OmhQuantity,
  type OmhSchema,
} from './open-mhealth-schemas.ts';

/** Which schema a bare body keeps to; a data point says so itself. */
export interface OmhSchemaId {
  readonly name: string;
  readonly version: number;
}

/**
 * Open mHealth (IEEE 1752's elder sibling): data points, one or an array, each a header that names its
 * schema and a body that keeps to it; or a bare body, whose schema is told or seen from its fields.
 *
 * A statistic over a stretch of time (a day's maximum) is well formed and is no reading: nobody's
 * heart beat so at a moment that is known. A document that breaks its schema is refused as a whole; an
 * array's elements are judged one by one.
 */
export function decodeOpenMhealth(
  bytes: Uint8Array,
  schema?: OmhSchemaId,
): Result<DecodedReadings> {
  const parsed = parseJson(bytes);
  if (!parsed.ok) return parsed;
  const readings: ReportedReading[] = [];
  const faults: PartFault[] = [];
  if (!Array.isArray(parsed.value)) {
    const taken = takeDocument(parsed.value, schema, readings);
    if (!taken.ok) return taken;
    if (taken.value !== undefined) faults.push({ index: 0, fault: taken.value });
    return ok({ readings, faults });
  }
  if (parsed.value.length > PARTS_MAX) return fail('PAYLOAD_TOO_LARGE', `more than ${PARTS_MAX}`);
  for (const [index, document] of parsed.value.entries()) {
    const taken = takeDocument(document, schema, readings);
    const fault = taken.ok ? taken.value : taken.fault;
    if (fault !== undefined) faults.push({ index, fault });
  }
  return ok({ readings, faults });
}

type Taken = Result<PartFault['fault'] | undefined>;

/** Refused when it breaks its schema; a fault of its own when it keeps to it and measures nothing. */
function takeDocument(
  document: unknown,
  told: OmhSchemaId | undefined,
  into: ReportedReading[],
): Taken {
  if (!isObject(document)) return malformed('neither a data point nor a body');
  const { header, body } = document;
  if (header === undefined && body === undefined) {
    if (isObject(document.schema_id))
      return isHeader(document) ? nothing() : malformed('the header');
    const schema = told ?? seenFrom(document);
    return schema === undefined
      ? malformed('a body of no known schema')
      : takeBody(document, schema, into);
  }
  if (!isObject(header) || !isHeader(header)) return malformed('the header');
  if (!isObject(body)) return malformed('no body');
  const { name, version } = header.schema_id as JsonObject;
  return takeBody(body, { name: String(name), version: Number.parseFloat(String(version)) }, into);
}

function nothing(): Taken {
  return ok(fail('METRIC_UNKNOWN', 'nothing that the catalogue has').fault);
}

const MODALITIES: ReadonlySet<unknown> = new Set(['sensed', 'self-reported']);

function isHeader({ id, creation_date_time, schema_id, user_id, ...rest }: JsonObject): boolean {
  const { acquisition_provenance: provenance } = rest;
  if (typeof id !== 'string' || id === '' || readStamp(creation_date_time) === undefined)
    return false;
  if (user_id !== undefined && typeof user_id !== 'string') return false;
  if (!isObject(schema_id)) return false;
  const { namespace, name, version } = schema_id;
  if ([namespace, name, version].some((part) => typeof part !== 'string')) return false;
  if (!/^\d+(\.\d+)*$/.test(version as string)) return false;
  if (provenance === undefined) return true;
  if (!isObject(provenance) || typeof provenance.source_name !== 'string') return false;
  return provenance.modality === undefined || MODALITIES.has(provenance.modality);
}

/** The oldest version asks the least: a bare body is not refused for what a later one wants. */
function seenFrom(body: JsonObject): OmhSchemaId | undefined {
  for (const [name, { quantities }] of OMH_SCHEMAS) {
    if (quantities.some(({ field, isOptional }) => !isOptional && body[field] !== undefined)) {
      return { name, version: Number.NaN };
    }
  }
  return undefined;
}

function takeBody(body: JsonObject, id: OmhSchemaId, into: ReportedReading[]): Taken {
  const schema = OMH_SCHEMAS.get(id.name);
  if (schema === undefined) return nothing();
  for (const field in OMH_WORDS) {
    if (body[field] !== undefined && !OMH_WORDS[field]?.has(body[field])) return malformed(field);
  }
  const time = readTimeFrame(body.effective_time_frame, schema, id.version);
  if (!time.ok) return time;
  const stampMs = time.value;
  const read: ReportedReading[] = [];
  for (const quantity of schema.quantities) {
    const measured = readQuantity(body, quantity, id.version);
    if (!measured.ok) return measured;
    if (measured.value === undefined) continue;
    read.push({ ...measured.value, ...(stampMs !== undefined && { stampMs }), flags: 0 });
  }
  if (body.descriptive_statistic !== undefined) {
    return ok(fail('METRIC_UNKNOWN', 'a statistic over a time is no reading').fault);
  }
  into.push(...read);
  return ok(undefined);
}

function readQuantity(
  body: JsonObject,
  { field, metric, units, isOptional, plainUpToVersion }: OmhQuantity,
  version: number,
): Result<Pick<ReportedReading, 'metric' | 'value' | 'unit'> | undefined> {
  const given = body[field];
  if (given === undefined && isOptional) return ok(undefined);
  const key = typeof metric === 'string' ? metric : metric(body);
  // Of a bare body the version is not known: either form will do.
  if (
    typeof given === 'number' &&
    plainUpToVersion !== undefined &&
    !(version > plainUpToVersion)
  ) {
    return Number.isFinite(given) ? ok({ metric: key, value: given }) : malformed(field);
  }
  if (!isObject(given) || (plainUpToVersion !== undefined && version <= plainUpToVersion)) {
    return malformed(field);
  }
  const { value, unit } = given;
  if (typeof value !== 'number' || !Number.isFinite(value)) return malformed(`${field}.value`);
  if (typeof unit !== 'string' || !Object.hasOwn(units, unit)) {
    return fail('UNIT_UNKNOWN', `${field}.unit`);
  }
  return ok({ metric: key, value, unit: units[unit] as string });
}

const PARTS_OF_DAY: ReadonlySet<unknown> = new Set(['morning', 'afternoon', 'evening', 'night']);
/** Of blood pressure, version 4 and later: a part of a day is no time any more. */
const NO_PART_OF_DAY_FROM = 4;

/** The stamp: the moment, or the end of the stretch; undefined where none is given or known. */
function readTimeFrame(
  frame: unknown,
  { timeFromVersion, intervalFromVersion = Number.POSITIVE_INFINITY }: OmhSchema,
  version: number,
): Result<number | undefined> {
  if (frame === undefined) {
    return version >= timeFromVersion
      ? malformed('effective_time_frame is missing')
      : ok(undefined);
  }
  if (!isObject(frame)) return malformed('effective_time_frame');
  const { date_time, time_interval } = frame;
  if ((date_time === undefined) === (time_interval === undefined)) {
    return malformed('effective_time_frame');
  }
  if (date_time !== undefined) {
    const stampMs = typeof date_time === 'string' ? readStamp(date_time) : undefined;
    if (stampMs === undefined) return fail('STAMP_INVALID', 'date_time');
    return version >= intervalFromVersion ? malformed('date_time, not an interval') : ok(stampMs);
  }
  if (!isObject(time_interval)) return malformed('time_interval');
  return readInterval(time_interval, version);
}

function readInterval(interval: JsonObject, version: number): Result<number | undefined> {
  const { start_date_time: start, end_date_time: end, duration, date, part_of_day } = interval;
  if (date !== undefined || part_of_day !== undefined) {
    const isDay = typeof date === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(date);
    const isAllowed = !(version >= NO_PART_OF_DAY_FROM) && isDay && PARTS_OF_DAY.has(part_of_day);
    return isAllowed ? ok(undefined) : malformed('time_interval');
  }
  if ([start, end, duration].filter((given) => given !== undefined).length !== 2) {
    return malformed('time_interval');
  }
  const [startMs, endMs] = [start, end].map((time) => readStamp(time));
  if (start !== undefined && startMs === undefined) return fail('STAMP_INVALID', 'start_date_time');
  if (end !== undefined && endMs === undefined) return fail('STAMP_INVALID', 'end_date_time');
  return duration === undefined || isDuration(duration)
    ? ok(endMs ?? startMs)
    : malformed('duration');
}

function isDuration(duration: unknown): boolean {
  return (
    isObject(duration) && typeof duration.value === 'number' && typeof duration.unit === 'string'
  );
}

function malformed(detail: string): Result<never> {
  return fail('PAYLOAD_MALFORMED', detail);
}
