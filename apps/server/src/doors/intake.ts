/**
 * Intake: what every door does with a decoded message. Accept places it, the rows it needs are
 * written, the log makes it durable, the rest is parked; only then is the door's answer called.
 */
import type { ReportedEvent } from '@ausculta/vitals/event';
import { expect } from '@ausculta/vitals/expect';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { ReportedReading } from '@ausculta/vitals/reading';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import { acceptReadings, placeReadings } from '../line/accept.ts';
import { acceptEvents } from '../line/accept-events.ts';
import { acceptWaveforms } from '../line/accept-waveforms.ts';
import { RIGHT_CLOCK, usedOf } from '../line/clock.ts';
import { type Append, type LogEntry, type PartFault, WHOLE_MESSAGE } from '../line/entry.ts';
import type { Accepted } from '../line/placement.ts';
import type { ParkedMessage, Parking } from '../parked/parking.ts';
import type { Pressure } from '../telemetry/memory-budget.ts';

/** What a codec made of a message. */
export type Decoded =
  | {
      readonly kind: 'readings';
      readonly readings: readonly ReportedReading[];
      readonly sentMs: number | undefined;
      /** Whoever reports them says when they were measured; the device's own clock has no part in it. */
      readonly isByRightClock?: true;
      readonly faults: readonly PartFault[];
    }
  | {
      readonly kind: 'waveforms';
      readonly runs: readonly WaveformRun[];
      readonly faults: readonly PartFault[];
    }
  | {
      readonly kind: 'events';
      readonly events: readonly ReportedEvent[];
      readonly faults: readonly PartFault[];
    }
  | { readonly kind: 'nothing'; readonly faults: readonly PartFault[] };

export interface Message {
  readonly device: RegisteredDevice;
  readonly door: string;
  readonly bytes: Uint8Array;
  readonly receivedMs: number;
  readonly decoded: Decoded;
  /** The sender waits for its acknowledgement for as long as it takes; who does not is told at once. */
  readonly waits: boolean;
}

/** The door's answer: `fault` means that nothing is durable and the device must send again. */
export interface Answer {
  readonly fault: Fault | undefined;
  readonly stored: number;
  readonly faults: readonly PartFault[];
}

export interface IntakePorts {
  readonly append: Append;
  readonly registry: Pick<Registry, 'provide'>;
  readonly parking: Pick<Parking, 'park'>;
  /** Names a message by its device and bytes. */
  readonly contentId: (deviceId: string, bytes: Uint8Array) => string;
  /** True while there is no room on the disk: nothing becomes durable. */
  readonly isFull: () => boolean;
  /** Who has to wait because the memory for what the store does not have yet is used up. */
  readonly pressure: () => Pressure;
  /** Leads what was refused through the detectors all the same. */
  readonly watchRefused: (entries: readonly LogEntry[]) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

/**
 * Rows are asked for twice at most, the clock's and then those of series; and twice again where the clock
 * turns out to be another one while they are written.
 */
const ASKED_MAX = 4;

export function takeIn(
  message: Message,
  ports: IntakePorts,
  answer: (answer: Answer) => void,
): void {
  // Who waits is still read: the detectors see what it sends, until the memory for it is used up (safety S3).
  if (ports.isFull() && !message.waits) {
    refuse(message, ports, answer);
    return;
  }
  const { device, decoded, bytes, receivedMs } = message;
  if (hasToWait(decoded.kind, ports.pressure())) {
    answer(refusal(fail('STORE_UNAVAILABLE').fault));
    return;
  }
  if (!device.allowance.take({ kind: decoded.kind, bytes: bytes.length }, receivedMs)) {
    answer(refusal(fail('RATE_EXCEEDED').fault));
    return;
  }
  if (device.queue === undefined) {
    const accepted = accept(message, ports);
    if (accepted.kind === 'placed') {
      settle(message, accepted, ports, answer);
      return;
    }
  }
  const before = device.queue ?? Promise.resolve();
  const mine = before
    .then(() => placeSlowly(message, ports))
    .then((accepted) => settle(message, accepted, ports, answer))
    .catch((error: unknown) => {
      ports.onProblem('place', error);
      answer(refusal(fail('STORE_UNAVAILABLE').fault));
    })
    .finally(() => {
      if (device.queue === mine) device.queue = undefined;
    });
  device.queue = mine;
}

/** Numbers and events go first: most alarms come from them. */
function hasToWait(kind: Decoded['kind'], pressure: Pressure): boolean {
  return pressure === 'all' || (pressure === 'waveforms' && kind === 'waveforms');
}

/** Without room nothing is written, but what can be placed is still watched (safety S3). */
function refuse(message: Message, ports: IntakePorts, answer: (answer: Answer) => void): void {
  const accepted = accept(message, ports);
  if (accepted.kind === 'placed') ports.watchRefused(accepted.entries);
  answer(refusal(fail('STORE_FULL').fault));
}

type Placed = Extract<Accepted, { kind: 'placed' }>;

async function placeSlowly(message: Message, ports: IntakePorts): Promise<Placed> {
  const { device, receivedMs } = message;
  for (let asked = 0; ; asked += 1) {
    const accepted = accept(message, ports);
    if (accepted.kind === 'placed') return accepted;
    expect(asked < ASKED_MAX, 'a message is placed once its rows exist');
    await ports.registry.provide(device, accepted.needs, receivedMs);
  }
}

/** A message that has to wait for rows is read again: what its times say of the clock counts once. */
function accept(message: Message, ports: IntakePorts): Accepted {
  const { device } = message;
  const { clock } = device;
  const accepted = acceptOnce(message, ports);
  if (accepted.kind === 'needs') device.clock = clock;
  return accepted;
}

function acceptOnce(message: Message, ports: IntakePorts): Accepted {
  const { decoded, device, receivedMs } = message;
  switch (decoded.kind) {
    case 'readings': {
      const { readings, sentMs, isByRightClock } = decoded;
      const reported = { readings, sentMs, receivedMs };
      return isByRightClock
        ? placeReadings(device, RIGHT_CLOCK, reported)
        : acceptReadings(device, reported);
    }
    case 'waveforms':
      return acceptWaveforms(device, { runs: decoded.runs, receivedMs });
    case 'events': {
      const contentId = ports.contentId(device.id, message.bytes);
      return acceptEvents(device, { events: decoded.events, contentId, receivedMs });
    }
    case 'nothing':
      return { kind: 'placed', entries: [], faults: [] };
    default:
      return decoded satisfies never;
  }
}

function settle(
  message: Message,
  placed: Placed,
  ports: IntakePorts,
  answer: (answer: Answer) => void,
): void {
  const faults = [...message.decoded.faults, ...placed.faults];
  const claim = claimOf(message, placed);
  const stored = countOf(placed.entries);
  ports.append(placed.entries, (fault) => {
    if (fault !== undefined) return answer(refusal(fault));
    if (faults.length === 0) return answer({ fault: undefined, stored, faults });
    void parkRest(message, { faults, claim }, ports).then((parkFault) => {
      // Beyond the quota the message is counted, not kept: the device is told in its answer, not held.
      if (parkFault?.code !== 'PARKED_QUOTA_EXCEEDED') answer({ fault: parkFault, stored, faults });
      else
        answer({
          fault: undefined,
          stored,
          faults: [{ index: WHOLE_MESSAGE, fault: parkFault }, ...faults],
        });
    });
  });
}

/** Doors whose messages are bytes of a kind, which decode the same later. */
const CLAIMED_DOORS = ['http', 'mqtt'];

/** Of a message of which nobody can say yet whose it is. */
function claimOf({ device, door, decoded }: Message, { faults }: Placed): ParkedMessage['claim'] {
  const { clock } = device;
  const isUnworn = faults.some(({ fault }) => fault.code === 'DEVICE_UNASSIGNED');
  if (!isUnworn || clock === undefined || !CLAIMED_DOORS.includes(door)) return undefined;
  return { kind: decoded.kind, clock: usedOf(clock) };
}

async function parkRest(
  message: Message,
  rest: Pick<ParkedMessage, 'faults' | 'claim'>,
  ports: IntakePorts,
): Promise<Fault | undefined> {
  if (ports.isFull()) return fail('STORE_FULL').fault;
  const { device, door, bytes, receivedMs } = message;
  const messageId = ports.contentId(device.id, bytes);
  const { organisationId, id: deviceId } = device;
  try {
    const parked = { organisationId, deviceId, door, messageId, bytes, receivedMs, ...rest };
    return await ports.parking.park(parked);
  } catch (error) {
    ports.onProblem('park', error);
    return fail('STORE_UNAVAILABLE').fault;
  }
}

function refusal(fault: Fault): Answer {
  return { fault, stored: 0, faults: [] };
}

function countOf(entries: readonly LogEntry[]): number {
  let count = 0;
  for (const entry of entries) count += 'series' in entry ? entry.series.length : 1;
  return count;
}
