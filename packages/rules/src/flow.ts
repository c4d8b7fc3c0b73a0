/**
 * Whether a series sends steadily, and how long a silence of it may last (safety S4). Fold over its
 * readings: the pace is what the device has shown, never faster than its metric's cadence, so that a
 * device that sends every half minute is not called silent in between. Who has never sent steadily, a
 * single reading typed in by hand, is not missed either.
 */
export interface FlowState {
  /** Readings that followed each other closely, as far as they are counted. */
  readonly run: number;
  /** The greatest age that the last reading reached in this run before the next one came. */
  readonly paceMs: number;
  /** A silence of this long is a loss of monitoring; 0 until the series has once been steady. */
  readonly silentAfterMs: number;
}

export const NO_FLOW: FlowState = { run: 0, paceMs: 0, silentAfterMs: 0 };

/** So many readings in a row: fewer neither begin to be missed nor end a loss. */
const STEADY_READINGS = 3;

/** After so many more, a source that was slow when it proved itself is taken at its new, quicker pace. */
const SETTLING_READINGS = 10;

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
  if (isSteady(flow)) {
    if (ageMs > flow.silentAfterMs) return { ...flow, run: 1, paceMs: 0 };
    return isSettled(flow, intervalMs) ? flow : settling(flow, { ageMs, intervalMs });
  }
  const run = flow.run + 1;
  const paceMs = Math.max(flow.paceMs, ageMs);
  if (run < STEADY_READINGS) return { ...flow, run, paceMs };
  return { run, paceMs: 0, silentAfterMs: silentAfterMs(Math.max(paceMs, intervalMs)) };
}

/** Steady, and missed as soon as its metric can be: nothing is left to learn of it. */
export function isSettled(flow: FlowState, intervalMs: number): boolean {
  return isSteady(flow) && flow.silentAfterMs <= silentAfterMs(intervalMs);
}

/** Three slow readings after a loss must not make a quick source one that may be silent for minutes. */
function settling(flow: FlowState, now: { ageMs: number; intervalMs: number }): FlowState {
  const run = flow.run + 1;
  const paceMs = Math.max(flow.paceMs, now.ageMs);
  if (run < STEADY_READINGS + SETTLING_READINGS) return { ...flow, run, paceMs };
  const measuredMs = silentAfterMs(Math.max(paceMs, now.intervalMs));
  const silentMs = Math.min(flow.silentAfterMs, measuredMs);
  return { run: STEADY_READINGS, paceMs: 0, silentAfterMs: silentMs };
}
