/** FHIR Period: both ends inclusive, each as exact as it is written: '2026-11' ends with the month. */
import type { Span } from './consent.ts';
import type { Json } from './consent-json.ts';

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/;
const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?(?:(Z)|([+-])(\d\d):(\d\d))$/;

/** Undefined when it cannot be read, or ends before it begins. */
export function spanOf(period: Json, utcOffsetMinutes: number): Span | undefined {
  const { start, end } = period;
  const from = start === undefined ? undefined : momentOf(start, utcOffsetMinutes);
  const until = end === undefined ? undefined : momentOf(end, utcOffsetMinutes);
  if ((start !== undefined && from === undefined) || (end !== undefined && until === undefined)) {
    return undefined;
  }
  const span = {
    fromMs: from?.fromMs ?? Number.NEGATIVE_INFINITY,
    untilMs: until?.untilMs ?? Number.POSITIVE_INFINITY,
  };
  return span.fromMs < span.untilMs ? span : undefined;
}

/** The stretch that a date or an instant names. */
function momentOf(value: unknown, utcOffsetMinutes: number): Span | undefined {
  if (typeof value !== 'string') return undefined;
  const date = DATE.exec(value);
  if (date !== null) return dateSpan(date, utcOffsetMinutes);
  const instant = INSTANT.exec(value);
  return instant === null ? undefined : instantSpan(instant);
}

function dateSpan([, year, month, day]: RegExpExecArray, offsetMinutes: number): Span | undefined {
  const at = { year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1) };
  const fromMs = utcMs(at);
  if (fromMs === undefined || !Number.isFinite(offsetMinutes)) return undefined;
  const untilMs =
    day !== undefined
      ? fromMs + 86_400_000
      : Date.UTC(at.year + (month === undefined ? 1 : 0), month === undefined ? 0 : at.month, 1);
  const shiftMs = offsetMinutes * 60_000;
  return { fromMs: fromMs - shiftMs, untilMs: untilMs - shiftMs };
}

function instantSpan(parts: RegExpExecArray): Span | undefined {
  const [, year, month, day, hour, minute, second, fraction, , sign, zoneHour, zoneMinute] = parts;
  const midnightMs = utcMs({ year: Number(year), month: Number(month), day: Number(day) });
  if (midnightMs === undefined) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(zoneHour ?? 0) > 14 || Number(zoneMinute ?? 0) > 59) return undefined;
  const offsetMinutes =
    (sign === '-' ? -1 : 1) * (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0));
  const ofDayS = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const fromMs =
    midnightMs + ofDayS * 1000 + Number((fraction ?? '').padEnd(3, '0')) - offsetMinutes * 60_000;
  return {
    fromMs,
    untilMs: fromMs + (fraction === undefined ? 1000 : 10 ** (3 - fraction.length)),
  };
}

/** The thirtieth of February is no day. */
function utcMs(date: { year: number; month: number; day: number }): number | undefined {
  const ms = Date.UTC(date.year, date.month - 1, date.day);
  const back = new Date(ms);
  const isSame = back.getUTCMonth() === date.month - 1 && back.getUTCDate() === date.day;
  return isSame && date.year >= 1900 ? ms : undefined;
}
