import { EVENT_KINDS, type EventKind, type ReportedEvent } from '@ausculta/vitals/event';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { DecodedEvents, PartFault } from './decoded.ts';
import { readStamp } from './iso-time.ts';
import { isObject, PARTS_MAX, parseJson } from './json-message.ts';
import { NOT_A_TRUTH, readFlags, readSimulated, writeFlags } from './reading-flags.ts';

/**
 * Events in JSON: {"time", "kind", "boot", "sequence", "flags", "simulated"}, alone, in an array, or
 * as {"sent", "events": [...]}. `time` as in plain-json.ts. `boot` counts the device's starts and
 * `sequence` its events since then; together they make the event known again when it is sent twice.
 */
export function decodeEventsJson(bytes: Uint8Array): Result<DecodedEvents> {
  const parsed = parseJson(bytes);
  if (!parsed.ok) return parsed;
  const message = parsed.value;
  if (Array.isArray(message)) return readAll(message, undefined);
  if (!isObject(message)) return fail('PAYLOAD_MALFORMED', 'neither an object nor an array');
  const sentMs = message.sent === undefined ? undefined : readStamp(message.sent);
  if (message.sent !== undefined && sentMs === undefined) return fail('STAMP_INVALID', 'sent');
  if (message.events === undefined) return readAll([message], sentMs);
  if (!Array.isArray(message.events)) return fail('PAYLOAD_MALFORMED', 'events is not an array');
  return readAll(message.events, sentMs);
}

function readAll(parts: readonly unknown[], sentMs: number | undefined): Result<DecodedEvents> {
  if (parts.length > PARTS_MAX) return fail('PAYLOAD_TOO_LARGE', `more than ${PARTS_MAX} events`);
  const events: ReportedEvent[] = [];
  const faults: PartFault[] = [];
  for (const [index, part] of parts.entries()) {
    const event = readEvent(part);
    if (event.ok) events.push(event.value);
    else faults.push({ index, fault: event.fault });
  }
  return ok(sentMs === undefined ? { events, faults } : { events, faults, sentMs });
}

const KINDS: ReadonlySet<unknown> = new Set(EVENT_KINDS);

function readEvent(part: unknown): Result<ReportedEvent> {
  if (!isObject(part)) return fail('PAYLOAD_MALFORMED', 'an event is not an object');
  const { kind, time, boot, sequence } = part;
  if (!KINDS.has(kind)) return fail('PAYLOAD_MALFORMED', 'the kind of event is unknown');
  const stampMs = time === undefined ? undefined : readStamp(time);
  if (time !== undefined && stampMs === undefined) return fail('STAMP_INVALID', 'time');
  if (!isCount(boot) || !isCount(sequence)) {
    return fail('PAYLOAD_MALFORMED', 'boot and sequence are whole numbers from 0');
  }
  const named = readFlags(part.flags);
  const simulated = readSimulated(part.simulated);
  if (named === undefined) return fail('PAYLOAD_MALFORMED', 'flags is not a list');
  if (simulated === undefined) return fail('PAYLOAD_MALFORMED', NOT_A_TRUTH);
  return ok({
    kind: kind as EventKind,
    ...(stampMs !== undefined && { stampMs }),
    ...(boot !== undefined && { boot }),
    ...(sequence !== undefined && { sequence }),
    flags: named | simulated,
  });
}

function isCount(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
}

export function encodeEventsJson(
  events: readonly ReportedEvent[],
  options: { readonly sentMs?: number } = {},
): Uint8Array {
  const written = events.map(({ kind, stampMs, boot, sequence, flags }) => {
    const names = writeFlags(flags);
    return { time: stampMs, kind, boot, sequence, flags: names.length > 0 ? names : undefined };
  });
  return new TextEncoder().encode(JSON.stringify({ sent: options.sentMs, events: written }));
}
