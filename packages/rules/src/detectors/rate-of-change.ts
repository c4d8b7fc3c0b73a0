import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import type { Sample } from '../limit.ts';
import { inward, outward } from '../one-sided.ts';
import {
  type Detected,
  type Explanation,
  ended,
  facts,
  NOTHING_DETECTED,
  raised,
  type Seen,
  type Step,
  seenOf,
} from './detection.ts';

/**
 * How far a series has risen, or fallen, within a window: the newest reading against the lowest, or the
 * highest, that is no older than the window.
 *
 * - **Late readings** within the window are put in their place. One that lay so far from what was before
 *   it is told as passed, where the newest reading does not say so itself.
 * - **Gaps.** After a gap longer than the window there is nothing to compare with: a condition goes on
 *   until so much has been seen again as `coverMs` asks for.
 * - **One-sided values** tell the least that the change can have been, and end nothing on their own side.
 * - **Poor signal** may be left out where the setting says so: no change of a number is among the
 *   findings that a signal's quality must never hide (safety S1).
 */
export interface RateSettings {
  /** A rise, or a fall. */
  readonly direction: 'high' | 'low';
  /** The change that is told, at the change itself. */
  readonly delta: number;
  readonly windowMs: number;
  /** By how much less the change must be before the condition ends. */
  readonly clearance: number;
  /** How long readings must have come again without a gap before it may end. */
  readonly coverMs: number;
  readonly step: number;
  readonly ignoresQuestionable?: true | undefined;
}

export interface RateState extends Detected {
  /** Each the lowest (of a fall: highest) since the one before it; the first is what counts now. */
  readonly bases: readonly Seen[];
  /** Since when readings have come without a gap as long as the window; 0 before the first. */
  readonly coveredFromMs: number;
  readonly last: Seen | null;
  /** The newest reading that was left out for its quality; 0 if none. */
  readonly leftOutAtMs: number;
}

export const NO_RATE: RateState = {
  ...NOTHING_DETECTED,
  bases: [],
  coveredFromMs: 0,
  last: null,
  leftOutAtMs: 0,
};

/** Bases are whole steps apart, so most series never have as many before their change is told. */
const BASES_MAX = 64;

export function onRateSample(
  state: RateState,
  sample: Sample,
  settings: RateSettings,
): Step<RateState> {
  const seen = seenOf(sample);
  if (settings.ignoresQuestionable && hasFlag(seen.flags, FLAG.QUESTIONABLE))
    return { state: { ...state, leftOutAtMs: Math.max(state.leftOutAtMs, seen.atMs) } };
  if (state.last !== null && seen.atMs < state.last.atMs)
    return onLate(state, seen, { settings, last: state.last });
  const isGap = state.last === null || seen.atMs - state.last.atMs > settings.windowMs;
  const next: RateState = {
    ...state,
    bases: withBase(state.bases, seen, { settings, newestMs: seen.atMs }),
    coveredFromMs: isGap ? seen.atMs : state.coveredFromMs,
    last: seen,
  };
  return judge(next, seen, settings);
}

function judge(state: RateState, last: Seen, settings: RateSettings): Step<RateState> {
  const changed = changeIn(state.bases, last, settings);
  const missing = steps(settings.delta, settings) - changed;
  if (missing <= 0 && !hasFlag(last.flags, inward(settings)))
    return state.phase === 'raised'
      ? { state }
      : raised(state, { sinceMs: last.atMs, atMs: last.atMs });
  const isCovered = last.atMs - state.coveredFromMs >= settings.coverMs;
  const isClear = missing > steps(settings.clearance, settings);
  const isDoubtful = hasFlag(last.flags, outward(settings));
  if (state.phase === 'raised' && isCovered && isClear && !isDoubtful)
    return ended(state, last.atMs);
  return { state };
}

function onLate(
  state: RateState,
  late: Seen,
  { settings, last }: { readonly settings: RateSettings; readonly last: Seen },
): Step<RateState> {
  if (late.atMs < last.atMs - settings.windowMs) return { state };
  const { coveredFromMs } = state;
  const next: RateState = {
    ...state,
    bases: withBase(state.bases, late, { settings, newestMs: last.atMs }),
    coveredFromMs: Math.min(coveredFromMs, late.atMs),
  };
  if (state.phase === 'raised') return { state: next };
  const now = judge(next, last, settings);
  if (now.transition !== undefined) return now;
  const before = state.bases.filter(({ atMs }) => atMs <= late.atMs);
  const hasChanged = changeIn(before, late, settings) >= steps(settings.delta, settings);
  if (!hasChanged || hasFlag(late.flags, inward(settings))) return { state: next };
  return {
    state: next,
    transition: { kind: 'passed', sinceMs: late.atMs, atMs: late.atMs },
  };
}

/** In whole steps; never less than nothing. */
function changeIn(bases: readonly Seen[], seen: Seen, settings: RateSettings): number {
  const [first] = bases;
  if (first === undefined) return 0;
  return Math.max(0, height(seen, settings) - height(first, settings));
}

function withBase(
  bases: readonly Seen[],
  seen: Seen,
  { settings, newestMs }: { readonly settings: RateSettings; readonly newestMs: number },
): readonly Seen[] {
  const kept = bases.filter(({ atMs }) => atMs >= newestMs - settings.windowMs);
  // Of a value that may lie further out nobody can say that it was so low.
  if (hasFlag(seen.flags, outward(settings))) return kept;
  const own = height(seen, settings);
  const isBelow = kept.some((base) => base.atMs >= seen.atMs && height(base, settings) <= own);
  if (isBelow) return kept;
  const older = kept.filter((base) => base.atMs < seen.atMs && height(base, settings) < own);
  const newer = kept.filter((base) => base.atMs > seen.atMs);
  return bounded([...older, seen, ...newer]);
}

/** Too many: the oldest stands in for the next, which can only make a change look greater. */
function bounded(bases: readonly Seen[]): readonly Seen[] {
  const [first, second, ...rest] = bases;
  if (first === undefined || second === undefined || bases.length <= BASES_MAX) return bases;
  return [{ ...first, atMs: second.atMs }, ...rest];
}

function height({ value }: Seen, settings: RateSettings): number {
  return (settings.direction === 'high' ? 1 : -1) * Math.round(value / settings.step);
}

function steps(amount: number, { step }: RateSettings): number {
  return Math.round(amount / step);
}

export function explainRate(state: RateState, settings: RateSettings): Explanation {
  const { last, bases, phase } = state;
  const [first] = bases;
  if (last === null) return { why: 'no-reading', evidence: [] };
  const base = first === undefined || first.atMs === last.atMs ? [] : [{ ...first, part: 'from' }];
  const told = { ...facts(state), evidence: [...base, { ...last, part: 'to' }] };
  if (phase === 'raised') {
    const changed = changeIn(bases, last, settings);
    const isLess = changed < steps(settings.delta, settings);
    return { why: isLess ? 'not-yet-clear' : 'raised', ...told };
  }
  if (state.leftOutAtMs > last.atMs) return { why: 'poor-signal', ...told };
  const isCovered = last.atMs - state.coveredFromMs >= settings.coverMs;
  return { why: isCovered ? 'within-limit' : 'not-enough-history', ...told };
}
