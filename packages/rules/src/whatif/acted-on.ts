/**
 * Alarms of the record on which somebody acted, held against what each plan would have told (safety S15).
 * Acted on is what a person acknowledged, whenever in its life, or what an action names: more than those that
 * helped, and never fewer. Kept is what would have called by the moment at which somebody acted; what calls
 * only later was missed by whoever came.
 */
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { priorityRank } from '@ausculta/vitals/alarm';
import type { AlarmSpan } from './alarm-spans.ts';
import { inParts, type Steps } from './steps.ts';

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

/** As many of either as take about a millisecond. */
const AT_ONCE = 2_000;

export function* fatesOf(
  acted: readonly ActedOn[],
  {
    before,
    after,
  }: { readonly before: readonly AlarmSpan[]; readonly after: readonly AlarmSpan[] },
): Steps<readonly Fate[]> {
  const was = yield* callsByAlarm(before);
  const is = yield* callsByAlarm(after);
  const fates: Fate[] = [];
  yield* inParts(acted, AT_ONCE, (one) => {
    const fate = fateOf(one, {
      called: callOf(one, is),
      isReproduced: callOf(one, was) !== undefined,
    });
    if (fate !== undefined) fates.push(fate);
  });
  return fates;
}

function fateOf(
  { alarm, priority, openedMs, actedMs }: ActedOn,
  {
    called,
    isReproduced,
  }: { readonly called: AlarmSpan | undefined; readonly isReproduced: boolean },
): Fate | undefined {
  const fate = { alarm, priority, openedMs, actedMs, isReproduced };
  if (called === undefined) return { ...fate, fate: 'missed' };
  if (called.raisedMs > actedMs) return { ...fate, fate: 'missed', callsMs: called.raisedMs };
  const isLess = priorityRank(called.priority) > priorityRank(priority);
  return isLess ? { ...fate, fate: 'lowered', callsAs: called.priority } : undefined;
}

/** Of one alarm, in the order in which they were raised. */
interface Call {
  readonly span: AlarmSpan;
  /** Until when it, or one before it, went on: it never falls, so that it can be searched. */
  readonly lastedMs: number;
}

type CallsByAlarm = ReadonlyMap<string, readonly Call[]>;

function* callsByAlarm(spans: readonly AlarmSpan[]): Steps<CallsByAlarm> {
  const byAlarm = new Map<string, Call[]>();
  yield* inParts(spans, AT_ONCE, (span) => {
    const own = byAlarm.get(span.alarm) ?? [];
    own.push({ span, lastedMs: Math.max(span.endedMs, own.at(-1)?.lastedMs ?? span.endedMs) });
    byAlarm.set(span.alarm, own);
  });
  return byAlarm;
}

/** The first of the condition that was there while the recorded one was, or until somebody acted. */
function callOf(
  { alarm, openedMs, endedMs, actedMs }: ActedOn,
  calls: CallsByAlarm,
): AlarmSpan | undefined {
  const untilMs = Number.isFinite(endedMs) ? Math.max(endedMs, actedMs) : endedMs;
  const found = firstLastingUntil(calls.get(alarm) ?? [], openedMs);
  return found !== undefined && found.raisedMs <= untilMs ? found : undefined;
}

function firstLastingUntil(calls: readonly Call[], atMs: number): AlarmSpan | undefined {
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((calls[middle]?.lastedMs ?? atMs) < atMs) low = middle + 1;
    else high = middle;
  }
  return calls[low]?.span;
}
