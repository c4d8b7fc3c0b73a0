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
 * Findings of other detectors that belong together (safety S20): all of them, or so many, within a window.
 * A part counts while it is raised and for the length of the window after it has ended, so a pulse that
 * rose and a pressure that fell five minutes later are one finding. A part that has only passed counts from
 * when it was.
 */
export interface CompositeSettings {
  /** Keys of rules. */
  readonly parts: readonly string[];
  /** How many of them: 1 is any of, all of them is all of. */
  readonly atLeast: number;
  readonly windowMs: number;
}

interface PartState {
  readonly isRaised: boolean;
  /** Where it is not raised: until when it counts. */
  readonly countsUntilMs: number;
  readonly sinceMs: number;
}

export interface CompositeState extends Detected {
  /** Only of parts that have ever been raised. */
  readonly parts: Readonly<Record<string, PartState>>;
}

export const NO_COMPOSITE: CompositeState = { ...NOTHING_DETECTED, parts: {} };

/** What one of its parts has just done; `atMs` in the time of the readings, `nowMs` when it was found. */
export interface PartChange {
  readonly part: string;
  readonly kind: 'raised' | 'ended' | 'passed';
  readonly atMs: number;
  readonly nowMs: number;
}

export function onPart(
  state: CompositeState,
  change: PartChange,
  settings: CompositeSettings,
): Step<CompositeState> {
  if (!settings.parts.includes(change.part)) return { state };
  const parts = { ...state.parts, [change.part]: afterChange(state, change, settings) };
  return judge({ ...state, parts }, change, settings);
}

function afterChange(
  { parts }: CompositeState,
  { part, kind, atMs }: PartChange,
  { windowMs }: CompositeSettings,
): PartState {
  const before = parts[part];
  const countsUntilMs = atMs + windowMs;
  if (kind === 'raised') return { isRaised: true, countsUntilMs: 0, sinceMs: atMs };
  if (kind === 'ended') return { isRaised: false, countsUntilMs, sinceMs: before?.sinceMs ?? atMs };
  if (before?.isRaised) return before;
  return {
    isRaised: false,
    countsUntilMs: Math.max(before?.countsUntilMs ?? 0, countsUntilMs),
    sinceMs: atMs,
  };
}

function judge(
  state: CompositeState,
  { atMs, nowMs }: { readonly atMs: number; readonly nowMs: number },
  settings: CompositeSettings,
): Step<CompositeState> {
  const isMet = countingAt(state, nowMs, settings).length >= settings.atLeast;
  if (isMet && state.phase !== 'raised') return raised(state, { sinceMs: atMs, atMs: nowMs });
  if (!isMet && state.phase === 'raised') return ended(state, nowMs);
  return { state };
}

/** Up to and including the end of its window a part counts. */
function countingAt(
  { parts }: CompositeState,
  nowMs: number,
  settings: CompositeSettings,
): readonly string[] {
  return settings.parts.filter((key) => {
    const part = parts[key];
    return part !== undefined && (part.isRaised || nowMs <= part.countsUntilMs);
  });
}

/** When it would end though nothing came; undefined while it is quiet, or held by what is raised. */
export function compositeDueMs(
  state: CompositeState,
  settings: CompositeSettings,
): number | undefined {
  if (state.phase !== 'raised') return undefined;
  const held = settings.parts.filter((key) => state.parts[key]?.isRaised).length;
  const untilMs = settings.parts
    .flatMap((key) => {
      const part = state.parts[key];
      return part === undefined || part.isRaised ? [] : [part.countsUntilMs];
    })
    .sort((a, b) => b - a);
  const lastNeeded = untilMs[settings.atLeast - held - 1];
  return lastNeeded === undefined ? undefined : lastNeeded + 1;
}

export function onCompositeClock(
  state: CompositeState,
  nowMs: number,
  settings: CompositeSettings,
): Step<CompositeState> {
  const dueMs = compositeDueMs(state, settings);
  return dueMs === undefined || nowMs < dueMs
    ? { state }
    : judge(state, { atMs: dueMs, nowMs: dueMs }, settings);
}

export function explainComposite(
  state: CompositeState,
  nowMs: number,
  settings: CompositeSettings,
): Explanation {
  const counting = countingAt(state, nowMs, settings);
  const evidence = counting.map((part) => {
    const { sinceMs = 0, isRaised = false } = state.parts[part] ?? {};
    return { part, atMs: sinceMs, value: isRaised ? 1 : 0, flags: 0 };
  });
  if (state.phase === 'raised') return { why: 'raised', ...facts(state), evidence };
  const why = Object.keys(state.parts).length === 0 ? 'nothing-happened' : 'other-parts-missing';
  return { why, evidence };
}
