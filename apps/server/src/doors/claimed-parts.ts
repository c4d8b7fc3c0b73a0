/** The parts of a parked message of which nobody could say whose they are, and where each belongs now. */
import type { RegisteredDevice } from '../devices/known-device.ts';
import { placeReadings } from '../line/accept.ts';
import { placeEvents } from '../line/accept-events.ts';
import { placeWaveforms } from '../line/accept-waveforms.ts';
import { clockAsUsed } from '../line/clock.ts';
import type { Accepted, KnownDevice } from '../line/placement.ts';
import type { ClaimableRow, ParkedPart } from '../parked/claim-store.ts';
import { PARTS_PER_MESSAGE_MAX, partIndexOf } from '../parked/parking.ts';
import type { Decoded } from './intake.ts';

/** A message that is to be placed, and which of its parts nobody wore the device for. */
export interface Waiting {
  readonly row: ClaimableRow;
  readonly decoded: Decoded;
  readonly waiting: readonly number[];
}

export const isUnworn = ({ fault }: ParkedPart): boolean => fault === 'DEVICE_UNASSIGNED';

export const indexOf = ({ detail }: ParkedPart): number => partIndexOf(detail);

/** Parts that were placed when the message came have been in a record since, and are not placed again. */
export function unwornPartsOf(parts: readonly ParkedPart[], decoded: Decoded): number[] {
  const told = parts.filter(isUnworn).map(indexOf);
  // A message with more faults than are kept has told of the first of them alone.
  const isTold = parts.length < PARTS_PER_MESSAGE_MAX;
  const newest = Math.max(-1, ...told);
  const untold = isTold ? [] : [...partsIn(decoded).keys()].filter((index) => index > newest);
  return [...told, ...untold].filter((index) => index >= 0 && index < partsIn(decoded).length);
}

function partsIn(decoded: Decoded): readonly unknown[] {
  switch (decoded.kind) {
    case 'readings':
      return decoded.readings;
    case 'waveforms':
      return decoded.runs;
    case 'events':
      return decoded.events;
    case 'nothing':
      return [];
    default:
      return decoded satisfies never;
  }
}

/** By the clock as it was used when the message came, and by who wore the device as is known now. */
export function placeAgain(device: RegisteredDevice, { row, decoded, waiting }: Waiting): Accepted {
  const { epoch, offset_ms: offsetMs, shift_ms: shiftMs, received_ms: receivedMs } = row;
  const step = clockAsUsed({ epoch, offsetMs, shiftMs });
  const then: KnownDevice = {
    id: device.id,
    clock: step.state,
    offsetAt: (of, stampMs) => device.offsetAt(of, stampMs),
    subjectAt: (atMs) => device.subjectAt(atMs),
    handoversWithin: (span) => device.handoversWithin(span),
    isWornThroughout: (span) => device.isWornThroughout(span),
    seriesOf: (subjectId, metric, of) => device.seriesOf(subjectId, metric, of),
  };
  const those = <T>(all: readonly T[]): T[] =>
    waiting.flatMap((index) => {
      const part = all[index];
      return part === undefined ? [] : [part];
    });
  switch (decoded.kind) {
    case 'readings': {
      const readings = those(decoded.readings);
      return placeReadings(then, step, { readings, sentMs: undefined, receivedMs });
    }
    case 'waveforms':
      return placeWaveforms(then, step, { runs: those(decoded.runs), receivedMs });
    case 'events': {
      // One without a time of its own happened when it came.
      const events = decoded.events.map((event) => ({ stampMs: receivedMs, ...event }));
      const placed = placeEvents(then, step, { events, contentId: row.message_id, receivedMs });
      return onlyOf(placed, events.length, waiting);
    }
    case 'nothing':
      return { kind: 'placed', entries: [], faults: [] };
    default:
      return decoded satisfies never;
  }
}

/** An event is named by its place in the message, so that all of them are placed, and some are taken. */
function onlyOf(
  { entries, faults }: Extract<Accepted, { kind: 'placed' }>,
  count: number,
  waiting: readonly number[],
): Accepted {
  const faulty = new Set(faults.map(({ index }) => index));
  const placed = Array.from({ length: count }, (_, index) => index).filter((i) => !faulty.has(i));
  return {
    kind: 'placed',
    entries: entries.filter((_, i) => waiting.includes(placed[i] ?? -1)),
    faults: waiting.flatMap((index, i) =>
      faults.filter((f) => f.index === index).map((f) => ({ ...f, index: i })),
    ),
  };
}
