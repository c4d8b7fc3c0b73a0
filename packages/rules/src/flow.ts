/**
 * Whether a series sends steadily, and how long a silence of it may last (safety S4). Fold over its
 * readings: the pace is what the device has shown, never faster than its metric's cadence, so that a
 * device that sends every half minute is not called silent in between. Who has never sent steadily, a
 * single reading typed in by hand, is not missed either.
 */
export interface FlowState {
  /** Readings that followed each other closely; counted up to STEADY_READINGS. */
  readonly run: number;
  /** The greatest age that the last reading reached in this run before the next one came. */
  readonly paceMs: number;
  /** A silence of this long is a loss of monitoring; 0 until the series has once been steady. */
  readonly silentAfterMs: number;
}

export const NO_FLOW: FlowState = { run: 0, paceMs: 0, silentAfterMs: 0 };

/** So many readings in a row: fewer neither begin to be missed nor end a loss. */
const STEADY_READINGS = 3;

/** A minute between readings is still a stream; beyond it they are single measurements. */
const CLOSE_MS = 60_000;

/** Safety S4: no data is told within 10–15 s, the look at the clock included. */
const SILENT_AFTER_MS = 12_000;
const QUICK_PACE_MS = 8_000;
const JITTER_MS = 2_000;

/** Slower sources may miss as many readings as a limit's silence. */
const MISSED_READINGS = 3;

export function isSteady(flow: FlowState): boolean {
  return flow.run >= STEADY_READINGS;
}

/** How long a source of this pace is silent before it is missed. */
export function silentAfterMs(paceMs: number): number {
  if (paceMs > QUICK_PACE_MS) return MISSED_READINGS * paceMs + JITTER_MS;
  return Math.max(SILENT_AFTER_MS, 1.5 * paceMs + JITTER_MS);
}

/**
 * `ageMs`: how old the last reading was when this one was received; undefined for the first. Only a
 * reading that is newer than the last one counts: a backlog is not a stream.
 */
export function onFlow(
  flow: FlowState,
  { ageMs, intervalMs }: { ageMs: number | undefined; intervalMs: number },
): FlowState {
  const closeMs = Math.max(CLOSE_MS, silentAfterMs(intervalMs));
  if (ageMs === undefined || ageMs > closeMs) return { ...flow, run: 1, paceMs: 0 };
  if (isSteady(flow)) return ageMs > flow.silentAfterMs ? { ...flow, run: 1, paceMs: 0 } : flow;
  const run = flow.run + 1;
  const paceMs = Math.max(flow.paceMs, ageMs);
  if (run < STEADY_READINGS) return { ...flow, run, paceMs };
  return { run, paceMs, silentAfterMs: silentAfterMs(Math.max(paceMs, intervalMs)) };
}
