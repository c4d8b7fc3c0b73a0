import { type Fault, fail, ok, type Result } from '@ausculta/vitals/fault';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';
import type { DecodedReadings, PartFault } from './decoded.ts';
import { readStamp } from './iso-time.ts';
import { isObject, type JsonObject, PARTS_MAX, parseJson } from './json-message.ts';
import { beyond, readMeasuredText } from './measured-text.ts';
import { contradicts, NOT_A_TRUTH, readFlags, readSimulated, writeFlags } from './reading-flags.ts';

/**
 * The platform's own JSON, for devices that have no standard to follow. One moment:
 *
 *     {"time": "2026-03-01T08:00:00Z", "values": {"heart-rate": 72, "glucose-capillary": "HI"}}
 *
 * or several, as an array of these or as {"readings": [...]}. `time` is ISO 8601 with a zone, or
 * milliseconds since 1970; without it the device has no clock. `sent` is the device's clock as it
 * sends, and `simulated: true` marks what no person gave; both stand on the outermost object. A value
 * is a number, text such as "HI", "LO", "> 600", or {"value", "unit", "flags", "simulated"}.
 *
 * This runs for every message of every device, so it is one straight loop without closures.
 */
export function decodePlainJson(bytes: Uint8Array): Result<DecodedReadings> {
  const parsed = parseJson(bytes);
  if (!parsed.ok) return parsed;
  const message = parsed.value;
  const out: Out = { readings: [], faults: [], count: 0 };
  if (Array.isArray(message)) {
    for (const moment of message) if (!readMoment(moment, 0, out)) return tooMany();
    return ok({ readings: out.readings, faults: out.faults });
  }
  if (!isObject(message)) return fail('PAYLOAD_MALFORMED', 'neither an object nor an array');
  const { sent, readings } = message;
  const sentMs = sent === undefined ? undefined : readStamp(sent);
  if (sent !== undefined && sentMs === undefined) return fail('STAMP_INVALID', 'sent');
  if (readings === undefined) {
    if (!readMoment(message, 0, out)) return tooMany();
  } else {
    if (!Array.isArray(readings)) return fail('PAYLOAD_MALFORMED', 'readings is not an array');
    const flags = readSimulated(message.simulated);
    if (flags === undefined) return fail('PAYLOAD_MALFORMED', NOT_A_TRUTH);
    for (const moment of readings) if (!readMoment(moment, flags, out)) return tooMany();
  }
  if (sentMs === undefined) return ok({ readings: out.readings, faults: out.faults });
  return ok({ readings: out.readings, faults: out.faults, sentMs });
}

interface Out {
  readonly readings: ReportedReading[];
  readonly faults: PartFault[];
  /** Parts so far, good and bad: the index of the next. */
  count: number;
}

function tooMany(): Result<never> {
  return fail('PAYLOAD_TOO_LARGE', `more than ${PARTS_MAX} values`);
}

/** Reads one moment's values; false when the message holds more than it may. */
function readMoment(moment: unknown, outerFlags: number, out: Out): boolean {
  if (!isObject(moment) || !isObject(moment.values)) {
    return refuse(out, { code: 'PAYLOAD_MALFORMED', detail: 'no values' });
  }
  const { time, values } = moment;
  const simulated = readSimulated(moment.simulated);
  if (simulated === undefined)
    return refuse(out, { code: 'PAYLOAD_MALFORMED', detail: NOT_A_TRUTH });
  const stampMs = time === undefined ? undefined : readStamp(time);
  const stampInvalid = time !== undefined && stampMs === undefined;
  const flags = outerFlags | simulated;
  let any = false;
  for (const metric in values) {
    any = true;
    if (out.count >= PARTS_MAX) return false;
    if (stampInvalid) {
      refuse(out, { code: 'STAMP_INVALID', detail: 'time' });
      continue;
    }
    const value = values[metric];
    if (typeof value === 'number' && value - value === 0) {
      out.count++;
      out.readings.push(
        stampMs === undefined ? { metric, value, flags } : { metric, stampMs, value, flags },
      );
    } else {
      readSpecial(metric, stampMs, value, flags, out);
    }
  }
  return any || refuse(out, { code: 'PAYLOAD_MALFORMED', detail: 'values is empty' });
}

/** Everything but a plain finite number: text, infinities, and values with a unit or flags. */
function readSpecial(
  metric: string,
  stampMs: number | undefined,
  given: unknown,
  outerFlags: number,
  out: Out,
): void {
  const details: JsonObject = isObject(given) ? given : { value: given };
  const named = readFlags(details.flags);
  const { unit } = details;
  const simulated = readSimulated(details.simulated);
  if (named === undefined || simulated === undefined) {
    const detail = named === undefined ? 'flags is not a list' : NOT_A_TRUTH;
    refuse(out, { code: 'PAYLOAD_MALFORMED', detail });
    return;
  }
  if (unit !== undefined && typeof unit !== 'string') {
    refuse(out, { code: 'UNIT_UNKNOWN', detail: 'a unit is not text' });
    return;
  }
  const measured = readValue(metric, details.value);
  if (!measured.ok) {
    refuse(out, measured.fault);
    return;
  }
  const flags = outerFlags | named | simulated | measured.value.flags;
  if (contradicts(flags)) {
    refuse(out, { code: 'PAYLOAD_MALFORMED', detail: 'both above and below' });
    return;
  }
  const valueUnit = measured.value.unit ?? unit;
  out.count++;
  out.readings.push({
    metric,
    ...(valueUnit !== undefined && { unit: valueUnit }),
    ...(stampMs !== undefined && { stampMs }),
    value: measured.value.value,
    flags,
  });
}

function readValue(
  metric: string,
  value: unknown,
): Result<{ readonly value: number; readonly flags: number; readonly unit?: string }> {
  if (typeof value === 'string') return readMeasuredText(value, metric);
  if (typeof value !== 'number') return fail('PAYLOAD_MALFORMED', 'a value is no number');
  if (Number.isFinite(value)) return ok({ value, flags: 0 });
  // JSON has no NaN; 1e999 is how it writes infinity.
  return beyond(metric, value > 0 ? FLAG.ABOVE : FLAG.BELOW);
}

/** Answers true while the message may go on. */
function refuse(out: Out, fault: Fault): boolean {
  out.faults.push({ index: out.count++, fault });
  return out.count <= PARTS_MAX;
}

/** Writes readings as one message, those of one stamp together. */
export function encodePlainJson(
  readings: readonly ReportedReading[],
  options: { readonly sentMs?: number } = {},
): Uint8Array {
  const moments: { stampMs: number | undefined; values: Map<string, unknown> }[] = [];
  for (const reading of readings) {
    let moment = moments.at(-1);
    const another = moment === undefined || moment.stampMs !== reading.stampMs;
    if (moment === undefined || another || moment.values.has(reading.metric)) {
      moment = { stampMs: reading.stampMs, values: new Map() };
      moments.push(moment);
    }
    moment.values.set(reading.metric, writeValue(reading));
  }
  // Object.fromEntries defines its keys, so that a metric called "__proto__" is one as well.
  const written = moments.map(({ stampMs, values }) => ({
    time: stampMs,
    values: Object.fromEntries(values),
  }));
  const [only] = written;
  const sent = options.sentMs;
  const message = written.length === 1 ? { sent, ...only } : { sent, readings: written };
  return new TextEncoder().encode(JSON.stringify(message));
}

function writeValue(reading: ReportedReading): unknown {
  const flags = writeFlags(reading.flags);
  if (reading.unit === undefined && flags.length === 0) return reading.value;
  const { value, unit } = reading;
  return flags.length === 0 ? { value, unit } : { value, unit, flags };
}
