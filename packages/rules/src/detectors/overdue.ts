import type { Sample } from '../limit.ts';
import {
  type Detected,
  type Explanation,
  ended,
  facts,
  NOTHING_DETECTED,
  placedMs,
  raised,
  type Step,
} from './detection.ts';
import { instantOf, localDay, localTime, type ZoneOffsets } from './zone.ts';

/**
 * What should have come has not: "two weights a week", "a glucose every 5 minutes". It goes by the clock
 * and not by what arrives, for silence sends nothing. Where readings come steadily, `flow.ts` says sooner
 * that they have stopped; this one also misses who has never begun.
 *
 * - **Days are local and whole.** With one weight a day, who weighed on Monday has all of Tuesday; it is
 *   overdue when Tuesday is over. Two weighings of one day are one.
 * - **Quiet hours** hold a call back until they end, and never longer.
 * - **Late readings** count for when they were measured: a backlog of yesterday does not make today's.
 */
export type Cadence =
  | { readonly kind: 'every'; readonly everyMs: number; readonly graceMs: number }
  | { readonly kind: 'days'; readonly count: number; readonly days: number };

export interface OverdueSettings {
  readonly cadence: Cadence;
  readonly zone: ZoneOffsets;
  /** Minutes of the local day; from 1320 until 420 is ten in the evening until seven. */
  readonly quiet?: { readonly fromMinute: number; readonly untilMinute: number } | undefined;
}

export interface OverdueState extends Detected {
  /** When somebody began to wait for readings. */
  readonly startedAtMs: number;
  /** The newest reading, placed; 0 before there was one. */
  readonly lastAtMs: number;
  /** The newest local days with a reading, the newest first, as many as the cadence counts. */
  readonly days: readonly number[];
}

export function awaiting(startedAtMs: number): OverdueState {
  return { ...NOTHING_DETECTED, startedAtMs, lastAtMs: 0, days: [] };
}

export function onOverdueSample(
  state: OverdueState,
  sample: Sample,
  settings: OverdueSettings,
): Step<OverdueState> {
  const atMs = placedMs(sample);
  const next: OverdueState = {
    ...state,
    lastAtMs: Math.max(state.lastAtMs, atMs),
    days: withDay(state.days, localDay(settings.zone, atMs), settings.cadence),
  };
  const isOver = sample.receivedAtMs < wantedByMs(next, settings);
  return next.phase === 'raised' && isOver ? ended(next, sample.receivedAtMs) : { state: next };
}

/** When the clock will find it overdue; undefined while it is. */
export function overdueDueMs(state: OverdueState, settings: OverdueSettings): number | undefined {
  if (state.phase === 'raised') return undefined;
  return afterQuiet(wantedByMs(state, settings), settings);
}

export function onOverdueClock(
  state: OverdueState,
  nowMs: number,
  settings: OverdueSettings,
): Step<OverdueState> {
  const dueMs = overdueDueMs(state, settings);
  if (dueMs === undefined || nowMs < dueMs) return { state };
  return raised(state, { sinceMs: dueMs, atMs: dueMs });
}

/** The moment by which a reading is wanted, quiet or not. */
function wantedByMs(state: OverdueState, { cadence, zone }: OverdueSettings): number {
  if (cadence.kind === 'every')
    return Math.max(state.lastAtMs, state.startedAtMs) + cadence.everyMs + cadence.graceMs;
  // Whoever begins is taken as measured until now: their first span is a whole one.
  const startedDay = localDay(zone, state.startedAtMs);
  const oldest = Math.max(state.days[cadence.count - 1] ?? startedDay, startedDay);
  return instantOf(zone, { day: oldest + cadence.days + 1, minute: 0 });
}

function withDay(days: readonly number[], day: number, cadence: Cadence): readonly number[] {
  if (cadence.kind === 'every') return days;
  return [...new Set([...days, day])].sort((a, b) => b - a).slice(0, cadence.count);
}

function afterQuiet(atMs: number, { quiet, zone }: OverdueSettings): number {
  if (quiet === undefined) return atMs;
  const { fromMinute, untilMinute } = quiet;
  const { day, minute } = localTime(zone, atMs);
  const isOverMidnight = fromMinute > untilMinute;
  const isQuiet = isOverMidnight
    ? minute >= fromMinute || minute < untilMinute
    : minute >= fromMinute && minute < untilMinute;
  if (!isQuiet) return atMs;
  const endDay = isOverMidnight && minute >= fromMinute ? day + 1 : day;
  return Math.max(atMs, instantOf(zone, { day: endDay, minute: untilMinute }));
}

export function explainOverdue(
  state: OverdueState,
  nowMs: number,
  settings: OverdueSettings,
): Explanation {
  const dueMs = overdueDueMs(state, settings);
  const evidence = state.lastAtMs === 0 ? [] : [{ atMs: state.lastAtMs, value: 0, flags: 0 }];
  if (dueMs === undefined) return { why: 'raised', ...facts(state), evidence };
  const isHeldBack = nowMs >= wantedByMs(state, settings) && nowMs < dueMs;
  return { why: isHeldBack ? 'quiet-hours' : 'not-yet-due', dueMs, evidence };
}
