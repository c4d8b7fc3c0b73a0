import { hasFlag } from '@ausculta/vitals/reading';
import type { Sample } from '../limit.ts';
import { inward, outward } from '../one-sided.ts';
import {
  type Detected,
  type Evidence,
  type Explanation,
  ended,
  facts,
  NOTHING_DETECTED,
  raised,
  type Seen,
  type Step,
  seenOf,
} from './detection.ts';
import { localTime, type ZoneOffsets } from './zone.ts';

/**
 * How far a number that is measured once or twice a day has gone up, or down, in so many of the patient's
 * own days: a weight by 2 kg in 3 days.
 *
 * - **A day** is a local one, 23 or 25 hours long when the clocks change, and what was weighed late at
 *   night belongs to the day that the patient lived.
 * - **Several weighings** of a day count by their median, so one with a bag in the hand changes little;
 *   mornings are compared with mornings where both days have one, because a body gains by evening.
 * - **A gap.** Where the days before are empty the last day that has something is compared, however long
 *   ago, with as many times the change as the span holds such days: if all of it is so much, then some 3
 *   days of the gap were. Less than that says nothing, and neither raises nor ends.
 * - **Late readings** go to their own day. What they say about today is told, what was and is over is not.
 */
export interface TrendSettings {
  /** A gain, or a loss. */
  readonly direction: 'high' | 'low';
  /** The change that is told, at the change itself. */
  readonly delta: number;
  readonly days: number;
  /** By how much less the change must be before the condition ends. */
  readonly clearance: number;
  readonly step: number;
  readonly zone: ZoneOffsets;
}

/** One local day; each half in the order of time. */
interface Day {
  readonly day: number;
  readonly morning: readonly Seen[];
  readonly later: readonly Seen[];
}

export interface TrendState extends Detected {
  /** Ascending; days on which nothing came are not there. */
  readonly days: readonly Day[];
}

export const NO_TREND: TrendState = { ...NOTHING_DETECTED, days: [] };

const NOON_MINUTE = 720;
/** A gap is looked across for so many times the days of the trend. */
const REACH = 4;
/** Of one half of a day; who steps on the scale more often is counted by the first ones. */
const READINGS_MAX = 9;

export function onTrendSample(
  state: TrendState,
  sample: Sample,
  settings: TrendSettings,
): Step<TrendState> {
  const seen = seenOf(sample);
  const next = { ...state, days: withSeen(state.days, seen, settings) };
  const compared = compare(next.days, settings);
  if (compared === undefined) return { state: next };
  const { changed, today, needed } = compared;
  const missing = needed - changed;
  if (missing <= 0 && !hasFlag(today.flags, inward(settings)))
    return next.phase === 'raised'
      ? { state: next }
      : raised(next, { sinceMs: seen.atMs, atMs: seen.atMs });
  if (next.phase !== 'raised' || !compared.isNear) return { state: next };
  const isClear = missing > Math.round(settings.clearance / settings.step);
  const isDoubtful = hasFlag(today.flags, outward(settings));
  return isClear && !isDoubtful ? ended(next, seen.atMs) : { state: next };
}

interface Comparison {
  readonly today: Seen;
  readonly before: Seen;
  /** In whole steps. */
  readonly changed: number;
  readonly needed: number;
  /** Within the days of the trend, so it can end a condition as well. */
  readonly isNear: boolean;
}

/** The newest day against the one before it that tells most; undefined where there is none. */
function compare(days: readonly Day[], settings: TrendSettings): Comparison | undefined {
  const newest = days.at(-1);
  if (newest === undefined) return undefined;
  const near = days.filter(({ day }) => day < newest.day && day >= newest.day - settings.days);
  const isNear = near.length > 0;
  const across = days.at(-2);
  const others = isNear || across === undefined ? near : [across];
  const compared = others.map((other) => against(newest, other, settings));
  return compared
    .map((one) => ({ ...one, isNear }))
    .sort((one, other) => other.changed - other.needed - (one.changed - one.needed))[0];
}

function against(newest: Day, other: Day, settings: TrendSettings): Omit<Comparison, 'isNear'> {
  const half = newest.morning.length > 0 ? 'morning' : 'later';
  const otherHalf = half === 'morning' ? 'later' : 'morning';
  const today = median(newest[half]);
  const before = median(other[half].length > 0 ? other[half] : other[otherHalf]);
  const sign = settings.direction === 'high' ? 1 : -1;
  const changed = sign * (stepsOf(today.value, settings) - stepsOf(before.value, settings));
  const spans = Math.ceil((newest.day - other.day) / settings.days);
  const needed = spans * stepsOf(settings.delta, settings);
  // Of a value that may lie further out nobody can say that it was so low.
  const isUsable = !hasFlag(before.flags, outward(settings));
  return { today, before, changed: isUsable ? changed : Number.NEGATIVE_INFINITY, needed };
}

function withSeen(
  days: readonly Day[],
  seen: Seen,
  { zone, days: span }: TrendSettings,
): readonly Day[] {
  const { day, minute } = localTime(zone, seen.atMs);
  const held = days.find((one) => one.day === day) ?? { day, morning: [], later: [] };
  const half = minute < NOON_MINUTE ? 'morning' : 'later';
  const readings = [...held[half].filter(({ atMs }) => atMs !== seen.atMs), seen]
    .sort((one, other) => one.atMs - other.atMs)
    .slice(0, READINGS_MAX);
  const others = days.filter((one) => one.day !== day);
  const all = [...others, { ...held, [half]: readings }].sort((one, other) => one.day - other.day);
  const newestDay = all.at(-1)?.day ?? day;
  return all.filter((one) => one.day >= newestDay - REACH * span);
}

/** Of an even count the lower of the two in the middle: a value that somebody has read on the scale. */
function median(readings: readonly Seen[]): Seen {
  const sorted = [...readings].sort((one, other) => one.value - other.value);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  return middle ?? { atMs: 0, value: Number.NaN, flags: 0 };
}

function stepsOf(value: number, { step }: TrendSettings): number {
  return Math.round(value / step);
}

export function explainTrend(state: TrendState, settings: TrendSettings): Explanation {
  const newest = state.days.at(-1);
  if (newest === undefined) return { why: 'no-reading', evidence: [] };
  const compared = compare(state.days, settings);
  const evidence = evidenceOf(compared, newest);
  const told = { ...facts(state), evidence };
  const isBeyond = compared !== undefined && compared.changed >= compared.needed;
  if (state.phase === 'raised') return { why: isBeyond ? 'raised' : 'not-yet-clear', ...told };
  return { why: compared?.isNear ? 'within-limit' : 'not-enough-history', ...told };
}

function evidenceOf(compared: Comparison | undefined, newest: Day): readonly Evidence[] {
  if (compared === undefined)
    return [...newest.morning, ...newest.later]
      .slice(0, 1)
      .map((seen) => ({ ...seen, part: 'to' }));
  return [
    { ...compared.before, part: 'from' },
    { ...compared.today, part: 'to' },
  ];
}
