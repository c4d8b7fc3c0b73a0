/** Periods that indicators are told of, as the calendar of a place has them, and when each is looked at. */
import type { Interval } from './date-range.ts';
import { dayAfter, type LocalDays } from './local-day.ts';

export const PERIOD_KINDS = ['day', 'week', 'month'] as const;
export type PeriodKind = (typeof PERIOD_KINDS)[number];

export interface IndicatorPeriod extends Interval {
  /** 2026-11-22, 2026-W47 or 2026-11. */
  readonly name: string;
  readonly firstDay: string;
  readonly lastDay: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** After its end: first an hour later, and anew a day and a week after that, for what came late. */
const LOOKS_MS = [HOUR_MS, 25 * HOUR_MS, 7 * DAY_MS + HOUR_MS] as const;
/** So long after its last look a period is still found by a server that was away. */
const FOUND_FOR_MS = DAY_MS;

/** When it was to be looked at last, by now; undefined: not yet. */
export function lookDueMs({ untilMs }: Interval, nowMs: number): number | undefined {
  return LOOKS_MS.map((afterMs) => untilMs + afterMs).findLast((atMs) => atMs <= nowMs);
}

/** Those that are over and may have to be looked at, the newest first; that one however long ago it ended. */
export function endedPeriods(kind: PeriodKind, days: LocalDays, nowMs: number): IndicatorPeriod[] {
  const sinceMs = nowMs - LOOKS_MS[2] - FOUND_FOR_MS;
  const ended: IndicatorPeriod[] = [];
  let { firstDay } = periodOf(kind, days, days.dayOf(nowMs));
  for (;;) {
    const before = periodOf(kind, days, dayAfter(firstDay, -1));
    if (ended.length > 0 && before.untilMs < sinceMs) return ended;
    ended.push(before);
    ({ firstDay } = before);
  }
}

export function periodOf(kind: PeriodKind, days: LocalDays, day: string): IndicatorPeriod {
  const { name, firstDay, nextDay } = calendar(kind, day);
  const { fromMs } = days.spanOf(firstDay);
  const { fromMs: untilMs } = days.spanOf(nextDay);
  return { name, firstDay, lastDay: dayAfter(nextDay, -1), fromMs, untilMs };
}

function calendar(kind: PeriodKind, day: string) {
  switch (kind) {
    case 'day':
      return { name: day, firstDay: day, nextDay: dayAfter(day) };
    case 'week':
      return weekOf(day);
    case 'month': {
      const firstDay = `${day.slice(0, 7)}-01`;
      const nextDay = `${dayAfter(firstDay, 31).slice(0, 7)}-01`;
      return { name: day.slice(0, 7), firstDay, nextDay };
    }
    default:
      return kind satisfies never;
  }
}

/** ISO 8601: from Monday on, and of the year that its Thursday is in. */
function weekOf(day: string) {
  const sinceMonday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  const firstDay = dayAfter(day, -sinceMonday);
  const thursday = dayAfter(firstDay, 3);
  const year = thursday.slice(0, 4);
  const days = (Date.parse(thursday) - Date.parse(`${year}-01-01`)) / DAY_MS;
  const week = String(Math.floor(days / 7) + 1).padStart(2, '0');
  return { name: `${year}-W${week}`, firstDay, nextDay: dayAfter(firstDay, 7) };
}

/** Whether a text may be the name of one. */
export function isPeriodName(text: string): boolean {
  return /^\d{4}-(\d\d(-\d\d)?|W\d\d)$/.test(text);
}
