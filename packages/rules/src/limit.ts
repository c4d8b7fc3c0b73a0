import { hasFlag } from '@ausculta/vitals/reading';
import { inward, outward } from './one-sided.ts';

/**
 * A limit with delay and hysteresis over one series: (state, sample, settings) → next state. The
 * state is plain data, so it travels in snapshots, and a replay of the log gives the same answers.
 *
 * What it decides where the data are not tidy, always on the side of calling somebody:
 * - **Delay** runs in corrected reading time, from the first breach to any later one, and only a
 *   newer reading within the limit stops it. A gap does not: two breaches with silence between them
 *   count as one, or a device that sends more slowly than expected would never raise anything. When
 *   silence itself outlasts the delay by three expected intervals, `onSilence` raises.
 * - **Late readings** (older than one seen) never stop a delay and never end a condition. A late
 *   breach moves the start back if nothing newer than it lay within the limit. A limit that was
 *   breached in the past for as long as its delay, and is not any more, is told as 'passed' (S5).
 * - **One-sided values** breach the limit on their side even when their bound lies inside of it
 *   (safety S2). On the other side they count only where the bound leaves no doubt.
 * - **Implausible and questionable values** are judged like any other (safety S1, S2).
 */
export interface LimitSettings {
  readonly direction: 'high' | 'low';
  /** In the canonical unit. Breached at the limit itself: "≥ 131", "≤ 91". */
  readonly limit: number;
  readonly delayMs: number;
  /** How far inside the limit a value must lie before the condition ends. */
  readonly clearance: number;
  /** Values are compared as they are shown, rounded to this step: what is read is what alarms. */
  readonly step: number;
  /** How often the series is expected to send; undefined for episodic metrics. */
  readonly expectedIntervalMs?: number;
}

export interface Sample {
  /** Corrected time of the reading. */
  readonly atMs: number;
  /** Server's time of receipt. A reading from the future is placed here, so that one wrong stamp
   * cannot make every later reading look late. */
  readonly receivedAtMs: number;
  readonly value: number;
  readonly flags: number;
}

interface Seen {
  readonly atMs: number;
  readonly value: number;
  readonly flags: number;
}

export type LimitPhase = 'quiet' | 'pending' | 'raised';

export interface LimitState {
  readonly phase: LimitPhase;
  /** The opening reading of the breach; 0 while quiet. */
  readonly sinceMs: number;
  /** When the delay was over; 0 unless raised. */
  readonly raisedAtMs: number;
  /** The newest reading that lay within the limit, 0 before there was one. */
  readonly withinAtMs: number;
  /** The newest reading of all. */
  readonly last: Seen | null;
  /** Late breaches that follow each other, while nothing late between them lay within the limit. */
  readonly late?: LateSpell;
}

interface LateSpell {
  readonly fromMs: number;
  readonly untilMs: number;
  /** When the last of it was received. */
  readonly receivedAtMs: number;
}

/** A backlog that brings nothing more of a spell for so long is over. */
const SPELL_KEPT_MS = 60_000;

export const QUIET: LimitState = {
  phase: 'quiet',
  sinceMs: 0,
  raisedAtMs: 0,
  withinAtMs: 0,
  last: null,
};

export type LimitTransition =
  | { readonly kind: 'raised'; readonly sinceMs: number; readonly atMs: number }
  | { readonly kind: 'ended'; readonly sinceMs: number; readonly atMs: number }
  /** Breached in the past and over since: an episode whose condition is already absent. */
  | { readonly kind: 'passed'; readonly sinceMs: number; readonly atMs: number };

export interface LimitStep {
  readonly state: LimitState;
  readonly transition?: LimitTransition;
}

export function onSample(state: LimitState, sample: Sample, settings: LimitSettings): LimitStep {
  const atMs = Math.min(sample.atMs, sample.receivedAtMs);
  const side = sideOf(sample, settings);
  if (state.last !== null && atMs < state.last.atMs)
    return onLate(state, { ...sample, atMs }, { side, settings });
  const last: Seen = { atMs, value: sample.value, flags: sample.flags };
  // Nearly every reading of nearly every patient: quiet before and after. One object, no detours.
  if (state.phase === 'quiet' && (side === 'clear' || side === 'band')) {
    const next: LimitState = {
      phase: 'quiet',
      sinceMs: 0,
      raisedAtMs: 0,
      withinAtMs: atMs,
      last,
    };
    const isKept = state.late !== undefined && isRecent(state.late, sample);
    return { state: isKept ? { ...next, late: state.late } : next };
  }
  const seen: LimitState = { ...state, last };
  switch (side) {
    case 'breach':
      return onBreach(seen, atMs, settings);
    case 'band':
      return onBand(seen, atMs);
    case 'clear':
      return onClear(seen, atMs);
    case 'unknown':
      return { state: seen };
    default:
      return side satisfies never;
  }
}

function onBreach(state: LimitState, atMs: number, settings: LimitSettings): LimitStep {
  if (state.phase === 'raised') return { state };
  const sinceMs = state.phase === 'pending' ? state.sinceMs : atMs;
  const pending: LimitState = { ...state, phase: 'pending', sinceMs };
  return atMs - sinceMs >= settings.delayMs ? raise(pending, atMs) : { state: pending };
}

/** Within the limit, though not by the clearance: enough to stop a delay, too little to end. */
function onBand(state: LimitState, atMs: number): LimitStep {
  const seen = { ...state, withinAtMs: atMs };
  return state.phase === 'pending' ? { state: quiet(seen) } : { state: seen };
}

function onClear(state: LimitState, atMs: number): LimitStep {
  const next = quiet({ ...state, withinAtMs: atMs });
  if (state.phase !== 'raised') return { state: next };
  return { state: next, transition: { kind: 'ended', sinceMs: state.sinceMs, atMs } };
}

function onLate(
  state: LimitState,
  sample: Sample,
  { side, settings }: { readonly side: Side; readonly settings: LimitSettings },
): LimitStep {
  const { atMs } = sample;
  if (side === 'band' || side === 'clear') {
    const withinAtMs = Math.max(state.withinAtMs, olderThanBreach(state, atMs));
    const seen = { ...state, withinAtMs };
    return { state: atMs >= (state.late?.fromMs ?? atMs + 1) ? withoutLate(seen) : seen };
  }
  if (side === 'unknown') return { state };
  const newerWithin = state.withinAtMs > atMs;
  if (newerWithin) return onLateBreach(state, sample, settings);
  if (state.phase === 'raised' || state.last === null) return { state };
  // Nothing newer lay within the limit: the breach began no later than this reading.
  const sinceMs = state.phase === 'pending' ? Math.min(state.sinceMs, atMs) : atMs;
  const pending: LimitState = { ...state, phase: 'pending', sinceMs };
  const knownUntilMs = state.phase === 'pending' ? state.last.atMs : atMs;
  return knownUntilMs - sinceMs >= settings.delayMs
    ? raise(pending, knownUntilMs)
    : { state: pending };
}

/** A breach in the past, with the limit kept since: it calls once it has lasted as long as the delay. */
function onLateBreach(state: LimitState, sample: Sample, settings: LimitSettings): LimitStep {
  const { atMs } = sample;
  const { delayMs } = settings;
  if (delayMs === 0) return { state, transition: { kind: 'passed', sinceMs: atMs, atMs } };
  const late = withBreach(state.late, sample, settings);
  const wasLong = state.late !== undefined && lengthMs(state.late) >= delayMs;
  const next = { ...state, late };
  if (lengthMs(late) < delayMs) return { state: next };
  const sinceMs = wasLong && late.fromMs === state.late?.fromMs ? atMs : late.fromMs;
  return { state: next, transition: { kind: 'passed', sinceMs, atMs } };
}

function withBreach(
  late: LateSpell | undefined,
  sample: Sample,
  { delayMs, expectedIntervalMs = 0 }: LimitSettings,
): LateSpell {
  const { atMs, receivedAtMs } = sample;
  const reachMs = delayMs + SILENT_INTERVALS * expectedIntervalMs;
  const belongs =
    late !== undefined &&
    isRecent(late, sample) &&
    atMs >= late.fromMs - reachMs &&
    atMs <= late.untilMs + reachMs;
  if (!belongs) return { fromMs: atMs, untilMs: atMs, receivedAtMs };
  const [fromMs, untilMs] = [Math.min(late.fromMs, atMs), Math.max(late.untilMs, atMs)];
  return { fromMs, untilMs, receivedAtMs };
}

function isRecent(late: LateSpell, sample: Sample): boolean {
  return sample.receivedAtMs - late.receivedAtMs <= SPELL_KEPT_MS;
}

function lengthMs({ fromMs, untilMs }: LateSpell): number {
  return untilMs - fromMs;
}

function withoutLate({ late: _, ...state }: LimitState): LimitState {
  return state;
}

/** A late value within the limit says nothing about a breach that began before it. */
function olderThanBreach(state: LimitState, atMs: number): number {
  return state.phase === 'quiet' || atMs < state.sinceMs ? atMs : 0;
}

function raise(state: LimitState, atMs: number): LimitStep {
  return {
    state: { ...state, phase: 'raised', raisedAtMs: atMs },
    transition: { kind: 'raised', sinceMs: state.sinceMs, atMs },
  };
}

function quiet(state: LimitState): LimitState {
  return { ...state, phase: 'quiet', sinceMs: 0, raisedAtMs: 0 };
}

/** Missing three expected readings is silence, not jitter. */
const SILENT_INTERVALS = 3;

/** When a pending delay will end by silence; undefined while nothing is pending. */
export function silenceDueMs(state: LimitState, settings: LimitSettings): number | undefined {
  if (state.phase !== 'pending') return undefined;
  return state.sinceMs + settings.delayMs + SILENT_INTERVALS * (settings.expectedIntervalMs ?? 0);
}

/** The last thing known was a breach, and nobody has said otherwise for longer than the delay. */
export function onSilence(state: LimitState, nowMs: number, settings: LimitSettings): LimitStep {
  const dueMs = silenceDueMs(state, settings);
  if (dueMs === undefined || nowMs < dueMs) return { state };
  return raise(state, dueMs);
}

type Side = 'breach' | 'band' | 'clear' | 'unknown';

function sideOf(sample: Sample, settings: LimitSettings): Side {
  const { direction, limit, clearance, step } = settings;
  const sign = direction === 'high' ? 1 : -1;
  if (hasFlag(sample.flags, outward(settings))) return 'breach';
  // Whole steps, so that 39.1 is never held against 39.10000000000001.
  const beyond = sign * (Math.round(sample.value / step) - Math.round(limit / step));
  const clear = -beyond > Math.round(clearance / step);
  if (hasFlag(sample.flags, inward(settings))) return clear ? 'clear' : 'unknown';
  if (beyond >= 0) return 'breach';
  return clear ? 'clear' : 'band';
}

/** Why the limit is, or is not, in alarm: codes and numbers; words are the screens' business. */
export interface LimitExplanation {
  readonly why: 'no-reading' | 'within-limit' | 'delay-running' | 'raised' | 'not-yet-clear';
  readonly direction: 'high' | 'low';
  readonly limit: number;
  readonly delayMs: number;
  readonly clearance: number;
  /** Of the breach that is pending or raised. */
  readonly sinceMs?: number;
  readonly raisedAtMs?: number;
  /** How much of the delay is left after the newest reading. */
  readonly remainingMs?: number;
  readonly last?: Seen;
}

export function explain(state: LimitState, settings: LimitSettings): LimitExplanation {
  const { direction, limit, delayMs, clearance } = settings;
  const { last, sinceMs, raisedAtMs } = state;
  const facts = { direction, limit, delayMs, clearance };
  if (last === null) return { why: 'no-reading', ...facts };
  if (state.phase === 'quiet') return { why: 'within-limit', ...facts, last };
  if (state.phase === 'pending') {
    const remainingMs = Math.max(0, delayMs - (last.atMs - sinceMs));
    return { why: 'delay-running', ...facts, sinceMs, remainingMs, last };
  }
  const inBand = state.withinAtMs === last.atMs;
  return { why: inBand ? 'not-yet-clear' : 'raised', ...facts, sinceMs, raisedAtMs, last };
}
