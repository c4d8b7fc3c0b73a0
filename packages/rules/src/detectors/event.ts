import {
  type Detected,
  type Explanation,
  ended,
  facts,
  NOTHING_DETECTED,
  raised,
  type Step,
} from './detection.ts';

/**
 * Something that happened: a fall, a button, a lethal rhythm. It has no end that could be measured. One that latches goes
 * on until a person has answered it; one that does not is over as soon as it is told. Both are owed like
 * any other alarm. What arrives late is told as what happened then, and nobody knows how it is now
 * (safety S5). The same event twice, by its stamp, is one.
 */
export interface EventSettings {
  readonly latching: boolean;
  /** Older than this on receipt it is told as passed. */
  readonly lateAfterMs: number;
}

export interface EventState extends Detected {
  /** The stamps of the newest events, the newest first: what comes again is one of these. */
  readonly toldAtMs: readonly number[];
}

export const NO_EVENT: EventState = { ...NOTHING_DETECTED, toldAtMs: [] };

/** More than a device keeps of its last events to send them again. */
const TOLD_MAX = 32;

export interface Happening {
  readonly atMs: number;
  readonly receivedAtMs: number;
}

export function onHappening(
  state: EventState,
  happening: Happening,
  settings: EventSettings,
): Step<EventState> {
  const atMs = Math.min(happening.atMs, happening.receivedAtMs);
  if (state.toldAtMs.includes(atMs)) return { state };
  const toldAtMs = [...state.toldAtMs, atMs].sort((a, b) => b - a).slice(0, TOLD_MAX);
  const next = { ...state, toldAtMs };
  const isLate = happening.receivedAtMs - atMs > settings.lateAfterMs;
  if (isLate || !settings.latching)
    return { state: next, transition: { kind: 'passed', sinceMs: atMs, atMs } };
  // Pressed again while the first is unanswered: somebody still needs somebody, and it is the same call.
  if (state.phase === 'raised') return { state: next };
  return raised(next, { sinceMs: atMs, atMs });
}

/** A person has answered: what latched is over. */
export function onAnswer(state: EventState, atMs: number): Step<EventState> {
  return state.phase === 'raised' ? ended(state, atMs) : { state };
}

export function explainEvent(state: EventState): Explanation {
  const evidence = state.toldAtMs.slice(0, 1).map((atMs) => ({ atMs, value: 1, flags: 0 }));
  return {
    why: state.phase === 'raised' ? 'raised' : 'nothing-happened',
    ...facts(state),
    evidence,
  };
}
