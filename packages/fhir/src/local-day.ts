/**
 * Days as the clock on the wall has them: most have 24 hours, those on which it is changed 23, 25 or what
 * the law of the place says. Each moment belongs to one day.
 */
import type { Interval } from './date-range.ts';

export interface LocalDays {
  /** As IANA names it. */
  readonly zone: string;
  /** As ISO 8601 writes it: 2026-03-29. Throws a RangeError outside the years that it writes with four digits. */
  readonly dayOf: (timeMs: number) => string;
  /** Half-open; empty for a day that the zone has left out. */
  readonly spanOf: (day: string) => Interval;
  /** With the offset that holds at that moment. */
  readonly dateTimeOf: (timeMs: number) => string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** No zone is further from UTC, nor has been since 1867. */
const FURTHEST_MS = 16 * HOUR_MS;
const KNOWN_MAX = 1_000;
/** Two days within the years that have four digits, wherever the zone is. */
const FIRST_MS = Date.parse('0001-01-03T00:00:00Z');
const LAST_MS = Date.parse('9999-12-30T00:00:00Z');

/** Undefined: no such zone. */
export function localDays(zone: string): LocalDays | undefined {
  const wallMsAt = wallClock(zone);
  if (wallMsAt === undefined) return undefined;
  const starts = new Map<number, number>();

  /** Where the wall's clock reaches the day, and goes on from there. */
  const startOf = (midnightMs: number): number => {
    const known = starts.get(midnightMs);
    if (known !== undefined) return known;
    let untilMs = midnightMs - FURTHEST_MS;
    while (wallMsAt(untilMs) < midnightMs) untilMs += HOUR_MS;
    let beforeMs = untilMs - HOUR_MS;
    while (untilMs - beforeMs > 1) {
      const middleMs = Math.floor((beforeMs + untilMs) / 2);
      if (wallMsAt(middleMs) < midnightMs) beforeMs = middleMs;
      else untilMs = middleMs;
    }
    if (starts.size >= KNOWN_MAX) starts.clear();
    starts.set(midnightMs, untilMs);
    return untilMs;
  };

  const spanFrom = (midnightMs: number): Interval => {
    return { fromMs: startOf(midnightMs), untilMs: startOf(midnightMs + DAY_MS) };
  };

  return {
    zone,
    dayOf: (timeMs) => {
      if (!(timeMs >= FIRST_MS && timeMs < LAST_MS))
        throw new RangeError('no day with four digits');
      let midnightMs = Math.floor(wallMsAt(timeMs) / DAY_MS) * DAY_MS;
      // A clock that is set back over midnight shows the day before once more.
      while (timeMs >= startOf(midnightMs + DAY_MS)) midnightMs += DAY_MS;
      while (timeMs < startOf(midnightMs)) midnightMs -= DAY_MS;
      return textOf(midnightMs);
    },
    spanOf: (day) => spanFrom(Date.parse(`${day}T00:00:00Z`)),
    dateTimeOf: (timeMs) => dateTimeOf(timeMs, wallMsAt(timeMs) - timeMs),
  };
}

/** The next day of the calendar, or one further off. */
export function dayAfter(day: string, days = 1): string {
  return textOf(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS);
}

/** Whether the calendar has it: 2026-02-31 is none. */
export function isCalendarDay(text: string): boolean {
  const midnightMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(midnightMs) && textOf(midnightMs) === text;
}

function textOf(midnightMs: number): string {
  return new Date(midnightMs).toISOString().slice(0, 10);
}

/** What the wall shows, as if it hung in Greenwich. */
function wallClock(timeZone: string): ((timeMs: number) => number) | undefined {
  const format = formatOf(timeZone);
  if (format === undefined) return undefined;
  return (timeMs) => {
    const parts = new Map(format.formatToParts(timeMs).map(({ type, value }) => [type, value]));
    const of = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    const wall = new Date(0);
    // Date.UTC would take a year below 100 for one of the twentieth century.
    wall.setUTCFullYear(of('year'), of('month') - 1, of('day'));
    wall.setUTCHours(of('hour'), of('minute'), of('second'));
    return wall.getTime() + (((timeMs % 1000) + 1000) % 1000);
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
      ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
    });
  } catch {
    return undefined;
  }
}

function dateTimeOf(timeMs: number, offsetMs: number): string {
  // Offsets of long ago have seconds, which nobody can write.
  if (offsetMs % 60_000 !== 0) return new Date(timeMs).toISOString();
  const minutes = Math.abs(offsetMs) / 60_000;
  const two = (value: number): string => String(value).padStart(2, '0');
  const sign = offsetMs < 0 ? '-' : '+';
  const wall = new Date(timeMs + offsetMs).toISOString().slice(0, -1);
  return `${wall}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
