import { LIVE_SIGNED_OUT_CODE } from '@ausculta/contract/live';

/** RFC 6455 section 7.4.1: the server will not have this connection (policy violation). */
const POLICY_VIOLATION = 1008;

/** What a closed socket means: somebody must sign in again, or the line is to be tried again. */
export function closeMeaning(code: number): 'signed-out' | 'broken' {
  return code === LIVE_SIGNED_OUT_CODE || code === POLICY_VIOLATION ? 'signed-out' : 'broken';
}

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * How long to wait before the next attempt: doubling up to ten seconds, with a part drawn by lot so
 * that a ward's screens do not all knock at the same moment when a server comes back.
 */
export function reconnectDelayMs(attempt: {
  readonly failures: number;
  readonly lot: number;
}): number {
  const wholeMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt.failures - 1));
  return Math.round(wholeMs * (0.5 + attempt.lot / 2));
}
