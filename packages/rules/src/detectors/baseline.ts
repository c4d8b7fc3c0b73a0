import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import {
  explain,
  type LimitSettings,
  type LimitState,
  onSample,
  onSilence,
  QUIET,
  type Sample,
  silenceDueMs,
} from '../limit.ts';
import {
  type Detected,
  type Explanation,
  facts,
  NOTHING_DETECTED,
  placedMs,
  type Seen,
  type Step,
} from './detection.ts';
import { localTime, type ZoneOffsets } from './zone.ts';

/**
 * How unusual a reading is for this patient at this time of the day: the modified z-score of Iglewicz and
 * Hoaglin (How to Detect and Handle Outliers, ASQC 1993), 0.6745 · (value − median) / MAD, over one mean a
 * day of earlier days. Median and MAD, so that a week of fever does not make fever usual.
 *
 * It says nothing before there are enough days, and never learns from the day that it judges. Learned is
 * what the device does not doubt; judged is everything. Delay, hysteresis, late and one-sided readings are
 * as for a limit, whose value here is the z-score.
 */
export interface BaselineSettings {
  readonly direction: 'high' | 'low';
  /** In z; above for 'high', below its negative for 'low'. */
  readonly threshold: number;
  readonly clearance: number;
  readonly delayMs: number;
  readonly expectedIntervalMs?: number;
  /** Days of history in a part of the day, before it says anything. */
  readonly daysMin: number;
  /** How many parts a day has: 6 is four hours each. */
  readonly binsPerDay: number;
  /** The least MAD, in the metric's unit: a heart that never varied is no reason to call. */
  readonly spreadMin: number;
  readonly zone: ZoneOffsets;
}

interface DayMean {
  readonly day: number;
  readonly sum: number;
  readonly count: number;
}

export interface BaselineState extends Detected {
  /** By part of the day; each the newest days, ascending. */
  readonly bins: readonly (readonly DayMean[])[];
  readonly limit: LimitState;
  readonly last: Seen | null;
  /** Whether the last reading had enough history to be judged by. */
  readonly isJudged: boolean;
}

export const NO_BASELINE: BaselineState = {
  ...NOTHING_DETECTED,
  bins: [],
  limit: QUIET,
  last: null,
  isJudged: false,
};

/** Four weeks: every day of the week four times. */
const DAYS_MAX = 28;
const Z_PER_MAD = 0.6745;
const Z_STEP = 0.01;
const MINUTES_PER_DAY = 1440;
const UNTRUSTED = FLAG.IMPLAUSIBLE | FLAG.QUESTIONABLE | FLAG.ABOVE | FLAG.BELOW | FLAG.CONFLICT;

export function onBaselineSample(
  state: BaselineState,
  sample: Sample,
  settings: BaselineSettings,
): Step<BaselineState> {
  const atMs = placedMs(sample);
  const { day, minute } = localTime(settings.zone, atMs);
  const bin = Math.floor((minute * settings.binsPerDay) / MINUTES_PER_DAY);
  const z = zScore(sample.value, earlierMeans(state.bins[bin], day), settings);
  const isNewest = state.last === null || atMs >= state.last.atMs;
  const { value, flags } = sample;
  const learned: BaselineState = {
    ...state,
    bins: withReading(state.bins, { bin, day, sample }, settings),
    last: isNewest ? { atMs, value, flags } : state.last,
    isJudged: isNewest ? z !== undefined : state.isJudged,
  };
  if (z === undefined) return { state: learned };
  const step = onSample(state.limit, { ...sample, value: z }, limitOf(settings));
  return after(learned, step);
}

function after(
  state: BaselineState,
  { state: limit, transition }: ReturnType<typeof onSample>,
): Step<BaselineState> {
  const { phase, sinceMs, raisedAtMs } = limit;
  const next = { ...state, limit, phase, sinceMs, raisedAtMs };
  return transition === undefined ? { state: next } : { state: next, transition };
}

export function baselineDueMs(
  state: BaselineState,
  settings: BaselineSettings,
): number | undefined {
  return silenceDueMs(state.limit, limitOf(settings));
}

export function onBaselineClock(
  state: BaselineState,
  nowMs: number,
  settings: BaselineSettings,
): Step<BaselineState> {
  return after(state, onSilence(state.limit, nowMs, limitOf(settings)));
}

function limitOf(settings: BaselineSettings): LimitSettings {
  const { direction, threshold, clearance, delayMs, expectedIntervalMs } = settings;
  const limit = direction === 'high' ? threshold : -threshold;
  const judged = { direction, limit, clearance, delayMs, step: Z_STEP };
  return expectedIntervalMs === undefined ? judged : { ...judged, expectedIntervalMs };
}

function earlierMeans(days: readonly DayMean[] = [], today: number): readonly number[] {
  return days.filter(({ day }) => day < today).map(({ sum, count }) => sum / count);
}

function zScore(
  value: number,
  means: readonly number[],
  { daysMin, spreadMin }: BaselineSettings,
): number | undefined {
  if (means.length < daysMin) return undefined;
  const middle = median(means);
  const spread = median(means.map((mean) => Math.abs(mean - middle)));
  return (Z_PER_MAD * (value - middle)) / Math.max(spread, spreadMin);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return (low + high) / 2;
}

function withReading(
  bins: BaselineState['bins'],
  { bin, day, sample }: { readonly bin: number; readonly day: number; readonly sample: Sample },
  { binsPerDay }: BaselineSettings,
): BaselineState['bins'] {
  if (hasFlag(sample.flags, UNTRUSTED)) return bins;
  const days = bins[bin] ?? [];
  const held = days.find((one) => one.day === day) ?? { day, sum: 0, count: 0 };
  const grown = { day, sum: held.sum + sample.value, count: held.count + 1 };
  const kept = [...days.filter((one) => one.day !== day), grown]
    .sort((one, other) => one.day - other.day)
    .slice(-DAYS_MAX);
  return Array.from({ length: binsPerDay }, (_, index) =>
    index === bin ? kept : (bins[index] ?? []),
  );
}

export function explainBaseline(state: BaselineState, settings: BaselineSettings): Explanation {
  const { last, phase } = state;
  if (last === null) return { why: 'no-reading', evidence: [] };
  const told = { ...facts(state), evidence: [last] };
  if (phase !== 'raised' && !state.isJudged) return { why: 'not-enough-history', ...told };
  const { why } = explain(state.limit, limitOf(settings));
  const dueMs = baselineDueMs(state, settings);
  return dueMs === undefined ? { why, ...told } : { why, dueMs, ...told };
}
