import type { LimitPhase, LimitTransition, Sample } from '../limit.ts';

/**
 * What all detectors have in common. Each is a pure fold: (state, what happened, settings) → next. A
 * state is plain data that survives JSON, so it travels in snapshots, and its size has a bound.
 */
export interface Detected {
  readonly phase: LimitPhase;
  /** With the key of its rule the identity of the episode: it is never the same for two of them. */
  readonly sinceMs: number;
  readonly raisedAtMs: number;
}

export const NOTHING_DETECTED: Detected = { phase: 'quiet', sinceMs: 0, raisedAtMs: 0 };

export interface Step<State> {
  readonly state: State;
  readonly transition?: LimitTransition;
}

export interface Seen {
  readonly atMs: number;
  readonly value: number;
  readonly flags: number;
}

/** A reading from the future is placed at its receipt, as the limits place it. */
export function placedMs({ atMs, receivedAtMs }: Sample): number {
  return Math.min(atMs, receivedAtMs);
}

export function seenOf(sample: Sample): Seen {
  return { atMs: placedMs(sample), value: sample.value, flags: sample.flags };
}

export function raised<State extends Detected>(
  state: State,
  { sinceMs, atMs }: { readonly sinceMs: number; readonly atMs: number },
): Step<State> {
  return {
    state: { ...state, phase: 'raised', sinceMs, raisedAtMs: atMs },
    transition: { kind: 'raised', sinceMs, atMs },
  };
}

export function ended<State extends Detected>(state: State, atMs: number): Step<State> {
  return {
    state: { ...state, ...NOTHING_DETECTED },
    transition: { kind: 'ended', sinceMs: state.sinceMs, atMs },
  };
}

/** Why a detector is, or is not, in alarm: codes; words are the screens' business. */
export const WHYS = [
  'raised',
  'not-yet-clear',
  'latched',
  'delay-running',
  'within-limit',
  'no-reading',
  'not-enough-history',
  'poor-signal',
  'readings-too-old',
  'nothing-charted',
  'category-unknown',
  'other-category',
  'under-16',
  'pregnancy',
  'shown-only',
  'not-yet-due',
  'quiet-hours',
  'other-parts-missing',
  'nothing-happened',
  'silent',
  'switched-off',
  'not-in-protocol',
] as const;

export type Why = (typeof WHYS)[number];

/** What a detector says of itself at a moment: which readings, and since when. */
export interface Explanation {
  readonly why: Why;
  readonly sinceMs?: number;
  readonly raisedAtMs?: number;
  /** When the clock alone would raise it, or end it. */
  readonly dueMs?: number;
  /** The readings that it rests on, the oldest first. */
  readonly evidence: readonly Evidence[];
}

export interface Evidence extends Seen {
  /** Which part of a score, or which half of a comparison. */
  readonly part?: string;
}

/** Of what is raised: since when. */
export function facts({
  phase,
  sinceMs,
  raisedAtMs,
}: Detected): Pick<Explanation, 'sinceMs' | 'raisedAtMs'> {
  return phase === 'raised' ? { sinceMs, raisedAtMs } : {};
}
