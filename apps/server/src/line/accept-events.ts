/** Accept, for events: each has a subject, and an id that is the same when it is sent again. */
import type { EventKind, ReportedEvent } from '@ausculta/vitals/event';
import { fail } from '@ausculta/vitals/fault';
import { type ClockStep, shiftOf } from './clock.ts';
import type { EventEntry, LogEntry } from './entry.ts';
import { clockAfter, faultsOf, isHeld, needsClock, timesOf } from './message-clock.ts';
import type { Accepted, KnownDevice } from './placement.ts';

export interface EventsMessage {
  readonly events: readonly ReportedEvent[];
  /** Derived from what was sent; the caller has the hash. */
  readonly contentId: string;
  readonly receivedMs: number;
}

export function acceptEvents(device: KnownDevice, message: EventsMessage): Accepted {
  const { receivedMs } = message;
  const step = clockAfter(device, timesOf(message.events, { receivedMs }));
  if (step.change !== undefined) return needsClock(step, step.change);
  device.clock = step.state;
  const placed = placeEvents(device, step, message);
  const held = placed.faults.flatMap(({ index }) => heldEvent(device, message, index) ?? []);
  return { ...placed, entries: [...placed.entries, ...held] };
}

/** Somebody needs somebody, or is not monitored any more. */
const CALLS_AT_ONCE: ReadonlySet<EventKind> = new Set(['button', 'fall', 'leads-off']);

/**
 * Nobody can say whose it was, and it is kept for a person to say. The alarm sounds where the device is now
 * (safety S5 and S16), and in nobody's record.
 */
function heldEvent(
  device: KnownDevice,
  { events, contentId, receivedMs }: EventsMessage,
  index: number,
): EventEntry | undefined {
  const event = events[index];
  const placement = device.subjectAt(receivedMs);
  if (event === undefined || !CALLS_AT_ONCE.has(event.kind) || placement === undefined)
    return undefined;
  const { stampMs: _, ...now } = event;
  const { organisationId, subjectId, partition } = placement;
  return {
    ...{ kind: 'event', partition, organisationId, subjectId, deviceId: device.id },
    ...{ receivedMs, offsetMs: 0, id: `${contentId}/${index}/held`, event: now, isHeld: true },
  };
}

/** By a clock that is known. */
export function placeEvents(
  device: KnownDevice,
  step: ClockStep,
  message: EventsMessage,
): Extract<Accepted, { kind: 'placed' }> {
  const { receivedMs } = message;
  const entries: LogEntry[] = [];
  const faults = faultsOf(step);
  for (const [index, event] of message.events.entries()) {
    const offsetMs = event.stampMs === undefined ? 0 : offsetOf(device, step, event.stampMs);
    const timeMs = (event.stampMs ?? receivedMs) + offsetMs;
    const placement = device.subjectAt(timeMs);
    if (event.stampMs !== undefined && isHeld(device, timeMs, receivedMs)) {
      faults.push({ index, fault: fail('CLOCK_DOUBTED').fault });
      continue;
    }
    if (placement === undefined) {
      faults.push({ index, fault: fail('DEVICE_UNASSIGNED').fault });
      continue;
    }
    const hasSequence = event.boot !== undefined && event.sequence !== undefined;
    const id = hasSequence
      ? `${device.id}/${event.boot}/${event.sequence}`
      : `${message.contentId}/${index}`;
    const { organisationId, subjectId, partition } = placement;
    const place = { partition, organisationId, subjectId, deviceId: device.id };
    entries.push({ kind: 'event', ...place, receivedMs, offsetMs, id, event });
  }
  return { kind: 'placed', entries, faults };
}

function offsetOf(device: KnownDevice, { state }: ClockStep, stampMs: number): number {
  const shiftMs = shiftOf(state);
  return device.offsetAt(state.epoch, stampMs + shiftMs) + shiftMs;
}
