/**
 * The lag of a device's messages: receipt minus what its clock showed. What the way takes only adds to
 * it, so a lag that stands still is a clock's, and one that moves is a backlog's.
 */

/** Lag differences below this are network jitter and queueing, not a clock. */
export const JITTER_MS = 1_000;

/** A lag that holds still this long, over this many messages, is a slow clock rather than a backlog. */
const SETTLED_SPAN_MS = 4_000;
const SETTLED_MESSAGES = 4;

/** No device of this platform measured before this: a stamp below it is a clock that was reset. */
const EARLIEST_SENSIBLE_MS = Date.UTC(2015, 0, 1);

/** A clock that has run evenly for so long is believed again; what the way takes may vary meanwhile. */
const EVEN_SPAN_MS = 60_000;
const EVEN_WITHIN_MS = 5_000;

export interface MessageTimes {
  /** The newest stamp in the message. */
  readonly newestStampMs: number;
  /** The oldest stamp in the message. */
  readonly oldestStampMs: number;
  /** The device's clock when it sent, where its language says so. */
  readonly sentMs?: number;
  readonly receivedMs: number;
}

/** A lag that may turn out to be a clock, and for how long it has stood still. */
export interface Suspect {
  readonly messages: number;
  /** Another lag was watched before this one: it moves, as a backlog's does. */
  readonly isMoving: boolean;
  readonly firstReceivedMs: number;
  readonly firstStampMs: number;
  readonly lagLowMs: number;
  readonly lagHighMs: number;
}

/** What the device's clock showed when it sent, as far as the message tells. */
export function clockReading(times: MessageTimes): number {
  return times.sentMs ?? times.newestStampMs;
}

/** Receipt minus the device's clock: its error, and whatever the way took. */
export function lagOf(times: MessageTimes): number {
  return times.receivedMs - clockReading(times);
}

/** A clock that was reset shows a time at which none of our devices measured. */
export function isAbsurd(times: MessageTimes): boolean {
  return clockReading(times) < EARLIEST_SENSIBLE_MS;
}

/** A clock that agrees with ours to within the jitter is taken as right. */
export function withoutJitter(offsetMs: number): number {
  return Math.abs(offsetMs) <= JITTER_MS ? 0 : offsetMs;
}

/**
 * The lag that is being watched. A message in step with the known offset clears it; so does one
 * whose lag differs from the watched one, which starts a new watch.
 */
export function suspectAfter(
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
  return watchFrom(times, suspect !== undefined);
}

export function watchFrom(times: MessageTimes, isMoving = false): Suspect {
  const lagMs = lagOf(times);
  return {
    messages: 1,
    isMoving,
    firstReceivedMs: times.receivedMs,
    firstStampMs: times.oldestStampMs,
    lagLowMs: lagMs,
    lagHighMs: lagMs,
  };
}

export function isSettled(suspect: Suspect, receivedMs: number): boolean {
  return (
    suspect.messages >= SETTLED_MESSAGES && receivedMs - suspect.firstReceivedMs >= SETTLED_SPAN_MS
  );
}

/** The stretch in which the lag has stood still, give or take what the way takes. */
export function watchEven(watch: Suspect | undefined, times: MessageTimes): Suspect {
  const lagMs = lagOf(times);
  const lagLowMs = Math.min(lagMs, watch?.lagLowMs ?? lagMs);
  const lagHighMs = Math.max(lagMs, watch?.lagHighMs ?? lagMs);
  if (watch !== undefined && lagHighMs - lagLowMs <= EVEN_WITHIN_MS) {
    return { ...watch, messages: watch.messages + 1, lagLowMs, lagHighMs };
  }
  return watchFrom(times);
}

/** Whether a clock that was not believed has run evenly for long enough. */
export function isEven(watch: Suspect, receivedMs: number): boolean {
  return watch.messages >= SETTLED_MESSAGES && receivedMs - watch.firstReceivedMs >= EVEN_SPAN_MS;
}
