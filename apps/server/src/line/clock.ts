/**
 * What is known of a device's own clock, as a pure fold over its messages.
 *
 * A reading keeps its stamp for ever; its measured time is a projection, stamp + offset, where the
 * offset belongs to a clock epoch and a stretch of stamps. A device whose clock is wrong is placed
 * rightly without moving anything; a reset or a step back starts a new epoch, hence a new series.
 *
 * The difficulty is a message from the past: a backlog sent late by a good clock looks like live
 * data sent by a slow one. What tells them apart is the lag (receipt minus newest stamp): a live
 * device with a slow clock keeps the same lag, a backlog's lag changes as it catches up. So an old
 * stamp is taken at its word until the lag has stood still long enough.
 *
 * Each change costs rows that stay for ever, so a device has a budget of them. A clock that has used
 * it up is no longer asked: its readings are placed at receipt, until it has run evenly for a while.
 */
import { type Fault, fail } from '@ausculta/vitals/fault';
import { afterChange, type Changes, firstChange } from './clock-changes.ts';
import {
  clockReading,
  isAbsurd,
  isEven,
  isSettled,
  JITTER_MS,
  lagOf,
  type MessageTimes,
  type Suspect,
  suspectAfter,
  watchEven,
  watchFrom,
  withoutJitter,
} from './clock-lag.ts';

/** Epoch 0 is the server's own clock: readings of devices that send no time. */
export const RECEIPT_EPOCH = 0;

/**
 * Epoch -1 is kept from the record: readings of which nobody can say yet who was measured. They are
 * placed at their receipt, for the detectors at the device's present wearer alone (safety S16).
 */
export const HELD_EPOCH = -1;

/** A device whose clock is not believed is told this often. */
const TELL_EVERY_MS = 60_000;

export interface ClockState {
  /** Epochs count from 1; RECEIPT_EPOCH while the device's own clock is not believed. */
  readonly epoch: number;
  readonly offsetMs: number;
  /** The furthest that the clock has been seen in this epoch: by a stamp, or by what it said it sent at. */
  readonly newestStampMs: number;
  /** A lag that may turn out to be a slow clock. */
  readonly suspect: Suspect | undefined;
  /**
   * Set until a message has shown that the clock is right, or by how much it is wrong. Until then its
   * stamps may be a slow clock's or a backlog's.
   */
  readonly isUnproven?: true;
  /** What is left of the changes that a clock may make; absent: none was made. */
  readonly changes?: Changes;
  /** Set while the clock has changed too often. */
  readonly unsteady?: Unsteady;
}

interface Unsteady {
  /** The clock as it was last believed. */
  readonly before: ClockState;
  readonly toldMs: number;
  /** What moves the message's newest stamp to its receipt, and the others with it. */
  readonly shiftMs: number;
}

/** What has to be written down before the message may be appended. */
export type ClockChange =
  | {
      readonly kind: 'epoch';
      readonly epoch: number;
      readonly offsetMs: number;
      readonly fromStampMs: number;
    }
  | {
      readonly kind: 'offset';
      readonly epoch: number;
      readonly offsetMs: number;
      readonly fromStampMs: number;
    };

export interface ClockStep {
  readonly state: ClockState;
  readonly change: ClockChange | undefined;
  /** Concerns the message as a whole; its readings are placed all the same. */
  readonly fault?: Fault;
}

/** How a message was placed by its device's clock: enough to place its parts again. */
export interface ClockUsed {
  readonly epoch: number;
  readonly offsetMs: number;
  readonly shiftMs: number;
}

export const usedOf = (clock: ClockState): ClockUsed => ({
  epoch: clock.epoch,
  offsetMs: clock.offsetMs,
  shiftMs: shiftOf(clock),
});

/** The clock as it was then, in nobody's doubt, and with no more to learn from the message. */
export function clockAsUsed({ epoch, offsetMs, shiftMs }: ClockUsed): ClockStep {
  const steady = { epoch, offsetMs, newestStampMs: Number.NEGATIVE_INFINITY, suspect: undefined };
  const unsteady = { before: steady, toldMs: 0, shiftMs };
  return { state: shiftMs === 0 ? steady : { ...steady, unsteady }, change: undefined };
}

/** A clock that needs no correction, in the epoch of those who have none. */
export const RIGHT_CLOCK = clockAsUsed({ epoch: RECEIPT_EPOCH, offsetMs: 0, shiftMs: 0 });

/** The first message of a device. What it says of its clock is believed; an old stamp alone is not. */
export function startClock(times: MessageTimes): ClockStep {
  const lagMs = lagOf(times);
  const isTold = times.sentMs !== undefined || lagMs < -JITTER_MS || isAbsurd(times);
  const offsetMs = isTold ? withoutJitter(lagMs) : 0;
  const suspect = suspectAfter(undefined, times, offsetMs);
  const state: ClockState = {
    epoch: 1,
    offsetMs,
    newestStampMs: clockReading(times),
    suspect,
    changes: firstChange(times.receivedMs),
    ...(suspect === undefined ? {} : { isUnproven: true }),
  };
  const fromStampMs = times.oldestStampMs;
  return { state, change: { kind: 'epoch', epoch: 1, offsetMs, fromStampMs } };
}

/** The next message: the clock after it, and what changed. */
export function readClock(clock: ClockState, times: MessageTimes): ClockStep {
  if (clock.unsteady !== undefined) return readUnsteady(clock, clock.unsteady, times);
  const lagMs = lagOf(times);
  // Delay only ever adds: a lag below the offset is the clock itself, and needs no waiting.
  const isCertain = lagMs < clock.offsetMs - JITTER_MS || isAbsurdFor(clock, times, lagMs);
  if (isCertain) {
    const moved = { offsetMs: withoutJitter(lagMs), fromStampMs: times.oldestStampMs };
    return moveClock(clock, moved, times);
  }
  const suspect = suspectAfter(clock.suspect, times, clock.offsetMs);
  if (suspect !== undefined && isSettled(suspect, times.receivedMs)) {
    const settled = { offsetMs: suspect.lagLowMs, fromStampMs: suspect.firstStampMs };
    return moveClock(clock, settled, times);
  }
  const newestStampMs = Math.max(clock.newestStampMs, clockReading(times));
  if (suspect === clock.suspect && newestStampMs === clock.newestStampMs) {
    return { state: clock, change: undefined };
  }
  const state: ClockState = { ...clock, newestStampMs, suspect };
  return { state: suspect === undefined ? proven(state) : state, change: undefined };
}

/** A message was in step with the offset. */
function proven(clock: ClockState): ClockState {
  if (clock.isUnproven === undefined) return clock;
  const { isUnproven: _, ...rest } = clock;
  return rest;
}

/**
 * Whether nobody can say yet when the last message was measured: by its stamps, or just now by a slow
 * clock. A lag that moves is a backlog's, and its stamps are right.
 */
export function isInDoubt(clock: ClockState): boolean {
  if (clock.isUnproven === undefined || clock.suspect === undefined) return false;
  return clock.suspect.messages > 1 || !clock.suspect.isMoving;
}

/** The first message after a reset; the ones that follow agree with the offset that it set. */
function isAbsurdFor(clock: ClockState, times: MessageTimes, lagMs: number): boolean {
  return isAbsurd(times) && Math.abs(lagMs - clock.offsetMs) > JITTER_MS;
}

/** What moves a stamp of a message to where it is placed by receipt; nothing while the clock is believed. */
export function shiftOf(clock: ClockState): number {
  return clock.unsteady === undefined ? 0 : clock.unsteady.shiftMs;
}

/**
 * A new offset in the same epoch, or a new epoch when the clock went back behind its own readings;
 * neither when the clock has used up its changes.
 */
function moveClock(
  clock: ClockState,
  moved: { readonly offsetMs: number; readonly fromStampMs: number },
  times: MessageTimes,
): ClockStep {
  const changes = afterChange(clock.changes, times.receivedMs);
  if (changes === undefined) return distrust(clock, times);
  const wentBack = clockReading(times) <= clock.newestStampMs;
  const epoch = wentBack ? clock.epoch + 1 : clock.epoch;
  const state: ClockState = {
    epoch,
    offsetMs: moved.offsetMs,
    newestStampMs: clockReading(times),
    suspect: undefined,
    changes,
  };
  return { state, change: { kind: wentBack ? 'epoch' : 'offset', epoch, ...moved } };
}

function distrust(before: ClockState, times: MessageTimes): ClockStep {
  return placedAtReceipt(before, watchEven(undefined, times), times, Number.NEGATIVE_INFINITY);
}

/** The next message of a clock that is not believed: it is again once it has run evenly for a while. */
function readUnsteady(clock: ClockState, unsteady: Unsteady, times: MessageTimes): ClockStep {
  const { before, toldMs } = unsteady;
  const watch = watchEven(clock.suspect, times);
  if (!isEven(watch, times.receivedMs)) return placedAtReceipt(before, watch, times, toldMs);
  const isAsBefore =
    Math.abs(watch.lagLowMs - before.offsetMs) <= JITTER_MS &&
    clockReading(times) > before.newestStampMs;
  if (isAsBefore) {
    const newestStampMs = clockReading(times);
    return { state: { ...before, newestStampMs, suspect: undefined }, change: undefined };
  }
  const offsetMs = withoutJitter(watch.lagLowMs);
  const step = moveClock(before, { offsetMs, fromStampMs: times.oldestStampMs }, times);
  // No change is left: the next minute is looked at anew.
  return step.change === undefined
    ? placedAtReceipt(before, watchFrom(times), times, toldMs)
    : step;
}

function placedAtReceipt(
  before: ClockState,
  watch: Suspect,
  times: MessageTimes,
  lastToldMs: number,
): ClockStep {
  const { receivedMs, newestStampMs } = times;
  // A message may be read twice, before and after a row is written: it is the same message.
  const isTold = receivedMs - lastToldMs >= TELL_EVERY_MS || receivedMs === lastToldMs;
  const toldMs = isTold ? receivedMs : lastToldMs;
  const state: ClockState = {
    epoch: RECEIPT_EPOCH,
    offsetMs: 0,
    newestStampMs: Number.NEGATIVE_INFINITY,
    suspect: watch,
    unsteady: { before, toldMs, shiftMs: receivedMs - newestStampMs },
  };
  const step = { state, change: undefined };
  return isTold ? { ...step, fault: fail('CLOCK_UNSTEADY').fault } : step;
}
