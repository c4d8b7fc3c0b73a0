/**
 * FHIR's dates as spans of time. A date is as long as it is precise: "2026-03" is all of March
 * (R4, search, 3.1.1.4.6).
 */

/** Half-open, in milliseconds since 1970. */
export interface Interval {
  readonly fromMs: number;
  readonly untilMs: number;
}

export const ALL_TIME: Interval = {
  fromMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.POSITIVE_INFINITY,
};

/** YYYY, YYYY-MM, YYYY-MM-DD, or with a time of day and its zone. */
const DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+\- ]\d{2}:\d{2})?)?)?)?$/;

/**
 * Days begin at midnight UTC, and a time without a zone is of UTC. A "+" of a zone that arrives as a
 * blank, because nobody encoded it, is read as the plus it was.
 */
export function readDate(text: string): Interval | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [, year = '', month, day, hour, minute, second, fraction, zone = 'Z'] = match;
  const fields = {
    year: Number(year),
    month: month === undefined ? 1 : Number(month),
    day: day === undefined ? 1 : Number(day),
  };
  if (!isDay(fields)) return undefined;
  const startMs = utc(fields);
  if (month === undefined)
    return { fromMs: startMs, untilMs: utc({ ...fields, year: fields.year + 1 }) };
  if (day === undefined)
    return { fromMs: startMs, untilMs: utc({ ...fields, month: fields.month + 1 }) };
  if (hour === undefined) return { fromMs: startMs, untilMs: startMs + 86_400_000 };
  const offsetMs = zoneMs(zone);
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second ?? 0)];
  if (offsetMs === undefined || hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const millis = Number((fraction ?? '').padEnd(3, '0').slice(0, 3));
  const fromMs = startMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis - offsetMs;
  if (second === undefined) return { fromMs, untilMs: fromMs + 60_000 };
  const lengthMs = fraction === undefined ? 1000 : 10 ** Math.max(0, 3 - fraction.length);
  return { fromMs, untilMs: fromMs + lengthMs };
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Date.UTC takes years below 100 for the twentieth century, so the year is set apart. */
function utc({ year, month, day }: Day): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

/** A day that does not exist would silently be another one. */
function isDay({ year, month, day }: Day): boolean {
  const date = new Date(utc({ year, month, day }));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function zoneMs(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(':').map(Number);
  if (hours > 14 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
