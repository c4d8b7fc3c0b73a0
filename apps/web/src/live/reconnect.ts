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
