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
 */

/** Epoch 0 is the server's own clock: readings of devices that send no time. */
export const RECEIPT_EPOCH = 0;

/** Lag differences below this are network jitter and queueing, not a clock. */
const JITTER_MS = 1_000;

/** A lag that holds still this long, over this many messages, is a slow clock rather than a backlog. */
const SETTLED_SPAN_MS = 4_000;
const SETTLED_MESSAGES = 4;

/** No device of this platform measured before this: a stamp below it is a clock that was reset. */
const EARLIEST_SENSIBLE_MS = Date.UTC(2015, 0, 1);

export interface ClockState {
  /** Epochs count from 1. */
  readonly epoch: number;
  readonly offsetMs: number;
  /** The furthest that the clock has been seen in this epoch: by a stamp, or by what it said it sent at. */
  readonly newestStampMs: number;
  /** A lag that may turn out to be a slow clock. */
  readonly suspect: Suspect | undefined;
}

interface Suspect {
  readonly messages: number;
  readonly firstReceivedMs: number;
  readonly firstStampMs: number;
  readonly lagLowMs: number;
  readonly lagHighMs: number;
}

export interface MessageTimes {
  /** The newest stamp in the message. */
  readonly newestStampMs: number;
  /** The oldest stamp in the message. */
  readonly oldestStampMs: number;
  /** The device's clock when it sent, where its language says so. */
  readonly sentMs?: number;
  readonly receivedMs: number;
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
}

/** The first message of a device. What it says of its clock is believed; an old stamp alone is not. */
export function startClock(times: MessageTimes): ClockStep {
  const lagMs = lagOf(times);
  const isTold = times.sentMs !== undefined || lagMs < -JITTER_MS || isAbsurd(times);
  const offsetMs = isTold ? withoutJitter(lagMs) : 0;
  const state: ClockState = {
    epoch: 1,
    offsetMs,
    newestStampMs: clockReading(times),
    suspect: suspectAfter(undefined, times, offsetMs),
  };
  const fromStampMs = times.oldestStampMs;
  return { state, change: { kind: 'epoch', epoch: 1, offsetMs, fromStampMs } };
}

/** The next message: the clock after it, and what changed. */
export function readClock(clock: ClockState, times: MessageTimes): ClockStep {
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
  return { state: { ...clock, newestStampMs, suspect }, change: undefined };
}

/** What the device's clock showed when it sent, as far as the message tells. */
function clockReading(times: MessageTimes): number {
  return times.sentMs ?? times.newestStampMs;
}

/** Receipt minus the device's clock: its error, and whatever the way took. */
function lagOf(times: MessageTimes): number {
  return times.receivedMs - clockReading(times);
}

/** A clock that was reset shows a time at which none of our devices measured. */
function isAbsurd(times: MessageTimes): boolean {
  return clockReading(times) < EARLIEST_SENSIBLE_MS;
}

/** The first message after a reset; the ones that follow agree with the offset that it set. */
function isAbsurdFor(clock: ClockState, times: MessageTimes, lagMs: number): boolean {
  return isAbsurd(times) && Math.abs(lagMs - clock.offsetMs) > JITTER_MS;
}

/** A clock that agrees with ours to within the jitter is taken as right. */
function withoutJitter(offsetMs: number): number {
  return Math.abs(offsetMs) <= JITTER_MS ? 0 : offsetMs;
}

/**
 * The lag that is being watched. A message in step with the known offset clears it; so does one
 * whose lag differs from the watched one, which starts a new watch.
 */
function suspectAfter(
  suspect: Suspect | undefined,
  times: MessageTimes,
  offsetMs: number,
): Suspect | undefined {
  const lagMs = lagOf(times);
  if (lagMs <= offsetMs + JITTER_MS) return undefined;
  const lagLowMs = Math.min(lagMs, suspect?.lagLowMs ?? lagMs);
  const lagHighMs = Math.max(lagMs, suspect?.lagHighMs ?? lagMs);
  if (suspect !== undefined && lagHighMs - lagLowMs <= JITTER_MS) {
    return { ...suspect, messages: suspect.messages + 1, lagLowMs, lagHighMs };
  }
  return {
    messages: 1,
    firstReceivedMs: times.receivedMs,
    firstStampMs: times.oldestStampMs,
    lagLowMs: lagMs,
    lagHighMs: lagMs,
  };
}

function isSettled(suspect: Suspect, receivedMs: number): boolean {
  return (
    suspect.messages >= SETTLED_MESSAGES && receivedMs - suspect.firstReceivedMs >= SETTLED_SPAN_MS
  );
}

/** A new offset in the same epoch, or a new epoch when the clock went back behind its own readings. */
function moveClock(
  clock: ClockState,
  moved: { readonly offsetMs: number; readonly fromStampMs: number },
  times: MessageTimes,
): ClockStep {
  const wentBack = clockReading(times) <= clock.newestStampMs;
  const epoch = wentBack ? clock.epoch + 1 : clock.epoch;
  const state: ClockState = {
    epoch,
    offsetMs: moved.offsetMs,
    newestStampMs: clockReading(times),
    suspect: undefined,
  };
  return { state, change: { kind: wentBack ? 'epoch' : 'offset', epoch, ...moved } };
}
