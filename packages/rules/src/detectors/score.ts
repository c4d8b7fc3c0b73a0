import { type Eligibility, whyNotScored } from '@ausculta/clinical/scores/eligibility';
import { mews } from '@ausculta/clinical/scores/mews';
import { ACVPU, type News2Score, news2 } from '@ausculta/clinical/scores/news2';
import { observationAgeMaxMs } from '@ausculta/clinical/scores/news2-currency';
import { qsofa } from '@ausculta/clinical/scores/qsofa';
import { shockIndex } from '@ausculta/clinical/scores/shock-index';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import type { Sample } from '../limit.ts';
import {
  type Detected,
  type Evidence,
  type Explanation,
  facts,
  NOTHING_DETECTED,
  type Seen,
  type Step,
  seenOf,
} from './detection.ts';
import { type ScoreKind, type ScorePart, type ScoreSource, scoreSources } from './score-sources.ts';

/**
 * An early-warning score from the freshest readings.
 *
 * - **Fresh.** Each part has a greatest age: what the settings state, and for NEWS2 also how often it asks
 *   to measure at the score last found (safety S19). The best-ranked source that is sending is taken, else
 *   the newest reading of any; one that the device doubts only where there is no other.
 * - **Partial.** What is too old, or was never charted, is missing and not normal: the score is at least
 *   what its parts give, and counts at that weight.
 * - **Raised** by what is fresh; **over** only by newer readings. A part that has grown old still holds what
 *   it raised, for nobody has measured that it is better.
 * - **Refused** before the category is known, under 16 and in pregnancy (safety S18).
 * - **qSOFA** is shown and never alarms (safety S18): it takes no levels.
 */
export interface ScoreSettings {
  readonly score: ScoreKind;
  /** The lesser first. */
  readonly levels: readonly ScoreLevel[];
  /** How long a level must be kept before it is told. */
  readonly delayMs: number;
  readonly ageMaxMs: Readonly<Partial<Record<ScorePart, number | undefined>>>;
  /** 2 only where a clinician has set 88–92 % as the target. */
  readonly spo2Scale: 1 | 2;
  readonly patient: Eligibility;
}

export interface ScoreLevel {
  readonly priority: AlarmPriority;
  readonly atLeast: number;
  /** Also reached when a single part scores so much. */
  readonly anyPart?: number | undefined;
}

/** Since when a level has been kept: by the reading that reached it. */
interface Reached {
  readonly sinceMs: number;
}

export interface ScoreState extends Detected {
  /** The newest of each metric. */
  readonly seen: Readonly<Record<string, Seen>>;
  /** NEWS2: how old an observation may be at the score last found. */
  readonly frequencyMs: number;
  readonly reached: readonly (Reached | null)[];
  /** The highest level that is told; -1 while none is. */
  readonly level: number;
}

export const NO_SCORE: ScoreState = {
  ...NOTHING_DETECTED,
  seen: {},
  frequencyMs: observationAgeMaxMs(undefined),
  reached: [],
  level: -1,
};

export function onScoreSample(
  state: ScoreState,
  sample: Sample & { readonly metric: string },
  settings: ScoreSettings,
): Step<ScoreState> {
  const { metric } = sample;
  if (!scoreSources(settings.score).has(metric)) return { state };
  const seen = seenOf(sample);
  const before = state.seen[metric];
  if (before !== undefined && seen.atMs < before.atMs) return { state };
  const next = { ...state, seen: { ...state.seen, [metric]: seen } };
  if (!isJudged(settings) || whyNotScored(settings.patient) !== undefined) return { state: next };
  const known = numbersIn(partsOf(next, settings, sample.receivedAtMs), settings);
  const frequencyMs = frequencyAfter(state.frequencyMs, known);
  return judge({ ...next, frequencyMs }, { nowMs: sample.receivedAtMs, seen, known }, settings);
}

/** Of what is only shown nothing is kept but its readings; NEWS2 keeps how often it asks to measure. */
export function isJudged({ score, levels }: ScoreSettings): boolean {
  return score === 'news2' || levels.length > 0;
}

/** A part that is missing must not make the others last longer. */
function frequencyAfter(beforeMs: number, { news2: found, isComplete }: Numbers): number {
  if (found === undefined) return beforeMs;
  const askedMs = observationAgeMaxMs(found);
  return isComplete ? askedMs : Math.min(beforeMs, askedMs);
}

function judge(
  state: ScoreState,
  now: { readonly nowMs: number; readonly seen: Seen; readonly known: Numbers },
  settings: ScoreSettings,
): Step<ScoreState> {
  const { nowMs, seen, known } = now;
  const isKept = state.reached.some((one) => one !== null);
  // Of whatever age: only where there is something that could be over.
  const held = isKept ? numbersIn(partsOf(state, settings, undefined), settings) : known;
  const reached = settings.levels.map((level, index) => {
    const before = state.reached[index] ?? null;
    if (before !== null) return isReached(level, held) ? before : null;
    return isReached(level, known) ? { sinceMs: seen.atMs } : null;
  });
  return told({ ...state, reached }, { nowMs, atMs: seen.atMs }, settings);
}

function told(
  state: ScoreState,
  { nowMs, atMs }: { readonly nowMs: number; readonly atMs: number },
  { delayMs }: ScoreSettings,
): Step<ScoreState> {
  const level = state.reached.findLastIndex(
    (one, index) => one !== null && (index <= state.level || atMs - one.sinceMs >= delayMs),
  );
  if (level >= 0) {
    if (state.level >= 0) return { state: { ...state, level } };
    const sinceMs = state.reached[level]?.sinceMs ?? atMs;
    return {
      state: { ...state, level, phase: 'raised', sinceMs, raisedAtMs: nowMs },
      transition: { kind: 'raised', sinceMs, atMs: nowMs },
    };
  }
  const first = state.reached.find((one) => one !== null);
  const phase = first === undefined || first === null ? 'quiet' : 'pending';
  const next: ScoreState = { ...state, level, phase, sinceMs: first?.sinceMs ?? 0, raisedAtMs: 0 };
  if (state.level < 0) return { state: next };
  return { state: next, transition: { kind: 'ended', sinceMs: state.sinceMs, atMs } };
}

function isReached({ atLeast, anyPart }: ScoreLevel, found: Numbers): boolean {
  return found.total >= atLeast || (anyPart !== undefined && found.highestPart >= anyPart);
}

/**
 * Other levels, or another scale: what was told goes on where it is still reached. Who may not be scored, as
 * is known now, has no score.
 */
export function rejudgeScore(
  state: ScoreState,
  nowMs: number,
  settings: ScoreSettings,
): Step<ScoreState> {
  if (whyNotScored(settings.patient) !== undefined)
    return told({ ...state, reached: [] }, { nowMs, atMs: nowMs }, settings);
  if (Object.keys(state.seen).length === 0) return { state };
  const held = numbersIn(partsOf(state, settings, undefined), settings);
  const wasRaised = state.level >= 0;
  const known = numbersIn(partsOf(state, settings, nowMs), settings);
  const reached = settings.levels.map((level) => {
    if (!isReached(level, wasRaised ? held : known)) return null;
    return { sinceMs: wasRaised ? state.sinceMs : nowMs };
  });
  const level = Math.min(state.level, settings.levels.length - 1);
  return told({ ...state, reached, level }, { nowMs, atMs: nowMs }, settings);
}

export function priorityOfScore(
  { level }: ScoreState,
  { levels }: ScoreSettings,
): AlarmPriority | undefined {
  return levels[level]?.priority;
}

export function scoreDueMs(state: ScoreState, { delayMs }: ScoreSettings): number | undefined {
  const waiting = state.reached.filter((one, index) => one !== null && index > state.level);
  const dues = waiting.map((one) => (one?.sinceMs ?? 0) + delayMs);
  return dues.length === 0 ? undefined : Math.min(...dues);
}

export function onScoreClock(
  state: ScoreState,
  nowMs: number,
  settings: ScoreSettings,
): Step<ScoreState> {
  const dueMs = scoreDueMs(state, settings);
  return dueMs === undefined || nowMs < dueMs
    ? { state }
    : told(state, { nowMs, atMs: dueMs }, settings);
}

/** What a screen shows: "≥ n" where it is not complete (safety S19). */
export interface FoundScore {
  readonly total: number;
  readonly highestPart: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly isComplete: boolean;
  readonly evidence: readonly Evidence[];
  readonly news2?: News2Score;
}

export function scoreAt(state: ScoreState, nowMs: number, settings: ScoreSettings): FoundScore {
  return foundIn(partsOf(state, settings, nowMs), settings);
}

interface PartSeen {
  readonly part: ScorePart;
  readonly seen: Seen;
  readonly source: ScoreSource;
}

/** One reading of each part; `nowMs` undefined: of whatever age. */
function partsOf(
  state: ScoreState,
  settings: ScoreSettings,
  nowMs: number | undefined,
): readonly PartSeen[] {
  const best = new Map<ScorePart, PartSeen>();
  const newestMs = nowMs ?? newestOf(state);
  for (const [metric, source] of scoreSources(settings.score)) {
    const seen = state.seen[metric];
    if (seen === undefined || !isCurrent(seen, source, { state, settings, nowMs })) continue;
    const one = { part: source.part, seen, source };
    const other = best.get(source.part);
    if (other === undefined || isBetter(one, other, newestMs)) best.set(source.part, one);
  }
  return [...best.values()];
}

function newestOf({ seen }: ScoreState): number {
  return Math.max(...Object.values(seen).map(({ atMs }) => atMs));
}

function isCurrent(
  seen: Seen,
  { part }: ScoreSource,
  now: {
    readonly state: ScoreState;
    readonly settings: ScoreSettings;
    readonly nowMs: number | undefined;
  },
): boolean {
  const { state, settings, nowMs } = now;
  if (nowMs === undefined) return true;
  const statedMs = settings.ageMaxMs[part] ?? Number.POSITIVE_INFINITY;
  const ofScoreMs = settings.score === 'news2' ? state.frequencyMs : Number.POSITIVE_INFINITY;
  return nowMs - seen.atMs <= Math.min(statedMs, ofScoreMs);
}

function isBetter(one: PartSeen, other: PartSeen, nowMs: number): boolean {
  const [first, second] = [standing(one, nowMs), standing(other, nowMs)];
  if (first !== second) return first < second;
  if (first === 0 && one.source.rank !== other.source.rank)
    return one.source.rank < other.source.rank;
  return one.seen.atMs > other.seen.atMs;
}

/** 0: sends now and is not doubted; 1: not doubted; 2: all that there is. */
function standing({ seen, source }: PartSeen, nowMs: number): 0 | 1 | 2 {
  if (hasFlag(seen.flags, FLAG.QUESTIONABLE)) return 2;
  return nowMs - seen.atMs <= source.freshMs ? 0 : 1;
}

function foundIn(parts: readonly PartSeen[], settings: ScoreSettings): FoundScore {
  const evidence = parts
    .map(({ part, seen }) => ({ part, ...seen }))
    .sort((one, other) => one.atMs - other.atMs);
  return { ...numbersIn(parts, settings), evidence };
}

function numbersIn(parts: readonly PartSeen[], settings: ScoreSettings): Numbers {
  return numbersOf(new Map(parts.map((one) => [one.part, numberOf(one)])), settings);
}

type Values = ReadonlyMap<ScorePart, number>;
type Numbers = Omit<FoundScore, 'evidence'>;

/** A one-sided value counts as the furthest on its side: it satisfies every band there (safety S2). */
function numberOf({ seen: { value, flags }, source: { plausible } }: PartSeen): number {
  if (hasFlag(flags, FLAG.ABOVE)) return Math.max(value, plausible.high);
  if (hasFlag(flags, FLAG.BELOW)) return Math.min(value, plausible.low);
  return value;
}

function numbersOf(values: Values, settings: ScoreSettings): Numbers {
  const hr = values.get('hr');
  const sbp = values.get('sbp');
  const acvpu = ACVPU[values.get('acvpu') ?? -1];
  const bedside = { rr: values.get('rr'), sbp, hr, temp: values.get('temp'), acvpu };
  switch (settings.score) {
    case 'news2': {
      const o2Device = values.get('o2');
      const o2 = o2Device === undefined ? undefined : o2Device > 0;
      const spo2 = values.get('spo2');
      const found = news2({ ...bedside, spo2, o2, scale: settings.spo2Scale });
      return { ...pointsOf(found), news2: found };
    }
    case 'mews':
      return pointsOf(mews(bedside));
    case 'qsofa':
      return pointsOf(qsofa({ ...bedside, gcs: values.get('gcs') }));
    case 'shock-index': {
      const index =
        hr === undefined || sbp === undefined
          ? undefined
          : shockIndex({ heartRate: hr, systolicMmHg: sbp });
      const total = index?.value ?? 0;
      return { total, highestPart: 0, parts: {}, isComplete: index !== undefined };
    }
    default:
      return settings.score satisfies never;
  }
}

function pointsOf({
  total,
  parts,
  complete,
}: {
  readonly total: number;
  readonly parts: Readonly<Partial<Record<string, number>>>;
  readonly complete: boolean;
}): Numbers {
  const known: Record<string, number> = {};
  for (const [part, points] of Object.entries(parts))
    if (points !== undefined) known[part] = points;
  return {
    total,
    highestPart: Math.max(0, ...Object.values(known)),
    parts: known,
    isComplete: complete,
  };
}

export function explainScore(
  state: ScoreState,
  nowMs: number,
  settings: ScoreSettings,
): Explanation & { readonly found: FoundScore } {
  const found = scoreAt(state, nowMs, settings);
  const { evidence } = found;
  const refusal = whyNotScored(settings.patient);
  if (refusal !== undefined) return { why: refusal, evidence, found };
  const told = { ...facts(state), evidence, found };
  if (state.phase === 'raised') {
    const isStill = settings.levels.some((level) => isReached(level, found));
    return { why: isStill ? 'raised' : 'not-yet-clear', ...told };
  }
  if (Object.keys(state.seen).length === 0) return { why: 'no-reading', ...told };
  if (settings.levels.length === 0) return { why: 'shown-only', ...told };
  const dueMs = scoreDueMs(state, settings);
  if (dueMs !== undefined) return { why: 'delay-running', dueMs, ...told };
  if (found.isComplete) return { why: 'within-limit', ...told };
  return { why: evidence.length === 0 ? 'readings-too-old' : 'nothing-charted', ...told };
}
