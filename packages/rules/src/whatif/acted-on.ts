/**
 * Alarms of the record on which somebody acted, held against what each plan would have told (safety S15).
 * Acted on is what a person acknowledged, whenever in its life, or what an action names: more than those that
 * helped, and never fewer. Kept is what would have called by the moment at which somebody acted; what calls
 * only later was missed by whoever came.
 */
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { priorityRank } from '@ausculta/vitals/alarm';
import type { AlarmSpan } from './alarm-spans.ts';

/** One of the record. */
export interface ActedOn {
  /** The condition by which alarms are named. */
  readonly alarm: string;
  readonly priority: AlarmPriority;
  readonly openedMs: number;
  /** Infinity while it goes on. */
  readonly endedMs: number;
  /** When somebody acknowledged it, or did what names it. */
  readonly actedMs: number;
}

export interface Fate {
  readonly alarm: string;
  readonly priority: AlarmPriority;
  readonly openedMs: number;
  readonly actedMs: number;
  /** 'missed': nothing would have called by then. 'lowered': it would have, at a lesser priority. */
  readonly fate: 'missed' | 'lowered';
  /** Of a missed one that calls at all while it lasts: when. */
  readonly callsMs?: number;
  /** Of a lowered one: as what it would have called. */
  readonly callsAs?: AlarmPriority;
  /** The plan of before gives it, so that the change is what takes it away. */
  readonly isReproduced: boolean;
}

export function fatesOf(
  acted: readonly ActedOn[],
  {
    before,
    after,
  }: { readonly before: readonly AlarmSpan[]; readonly after: readonly AlarmSpan[] },
): readonly Fate[] {
  return acted.flatMap((one): Fate[] => {
    const { alarm, priority, openedMs, actedMs } = one;
    const called = callOf(one, after);
    const isReproduced = callOf(one, before) !== undefined;
    const fate = { alarm, priority, openedMs, actedMs, isReproduced };
    if (called === undefined) return [{ ...fate, fate: 'missed' }];
    if (called.raisedMs > actedMs) return [{ ...fate, fate: 'missed', callsMs: called.raisedMs }];
    const isLess = priorityRank(called.priority) > priorityRank(priority);
    return isLess ? [{ ...fate, fate: 'lowered', callsAs: called.priority }] : [];
  });
}

/** The first of the condition that was there while the recorded one was, or until somebody acted. */
function callOf(
  { alarm, openedMs, endedMs, actedMs }: ActedOn,
  spans: readonly AlarmSpan[],
): AlarmSpan | undefined {
  const untilMs = Number.isFinite(endedMs) ? Math.max(endedMs, actedMs) : endedMs;
  return spans.find(
    (span) => span.alarm === alarm && span.endedMs >= openedMs && span.raisedMs <= untilMs,
  );
}
