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
 * Something that happened: a fall, a button, a lethal rhythm. A fall is over as soon as it has happened; a
 * rhythm goes on until it is said to have ended. One that latches goes on, beside, until a person has
 * answered it; an answer never ends what is still going on. All are owed like any other alarm. What arrives
 * late is told as what happened then, and nobody knows how it is now (safety S5). The same event twice, by
 * its stamp, is one.
 */
export interface EventSettings {
  readonly latching: boolean;
  /** Older than this on receipt it is told as passed. */
  readonly lateAfterMs: number;
}

export interface EventState extends Detected {
  /** The stamps of the newest events, the newest first: what comes again is one of these. */
  readonly toldAtMs: readonly number[];
  /** It has begun, and nobody has said that it ended. */
  readonly isOngoing: boolean;
  readonly isAnswered: boolean;
}

export const NO_EVENT: EventState = {
  ...NOTHING_DETECTED,
  toldAtMs: [],
  isOngoing: false,
  isAnswered: false,
};

/** More than a device keeps of its last events to send them again. */
const TOLD_MAX = 32;

export interface Happening {
  readonly atMs: number;
  readonly receivedAtMs: number;
  /** Of what lasts; absent of what has happened and is over. */
  readonly phase?: 'begins' | 'ends' | undefined;
}

export function onHappening(
  state: EventState,
  happening: Happening,
  settings: EventSettings,
): Step<EventState> {
  const atMs = Math.min(happening.atMs, happening.receivedAtMs);
  if (happening.phase === 'ends') return onEnd(state, atMs, settings);
  if (state.toldAtMs.includes(atMs)) return { state };
  const toldAtMs = [...state.toldAtMs, atMs].sort((a, b) => b - a).slice(0, TOLD_MAX);
  const next = { ...state, toldAtMs };
  const isLate = happening.receivedAtMs - atMs > settings.lateAfterMs;
  const begins = happening.phase === 'begins';
  if (isLate || !(settings.latching || begins))
    return { state: next, transition: { kind: 'passed', sinceMs: atMs, atMs } };
  // Pressed again while the first is unanswered: somebody still needs somebody, and it is the same call.
  if (state.phase === 'raised') return { state: { ...next, isOngoing: state.isOngoing || begins } };
  return raised({ ...next, isOngoing: begins, isAnswered: false }, { sinceMs: atMs, atMs });
}

/** An end of before the beginning says nothing of now. */
function onEnd(state: EventState, atMs: number, { latching }: EventSettings): Step<EventState> {
  if (state.phase !== 'raised' || atMs < state.sinceMs) return { state };
  const over = { ...state, isOngoing: false };
  return latching && !state.isAnswered ? { state: over } : ended(over, atMs);
}

/** A person has answered: what latched is over, unless it still goes on. */
export function onAnswer(state: EventState, atMs: number): Step<EventState> {
  if (state.phase !== 'raised') return { state };
  return state.isOngoing ? { state: { ...state, isAnswered: true } } : ended(state, atMs);
}

/** What has ended, as a fall has when it happened, and nobody has answered, is latched. */
export function explainEvent(state: EventState): Explanation {
  const evidence = state.toldAtMs.slice(0, 1).map((atMs) => ({ atMs, value: 1, flags: 0 }));
  if (state.phase !== 'raised') return { why: 'nothing-happened', evidence };
  return { why: state.isOngoing ? 'raised' : 'latched', ...facts(state), evidence };
}
