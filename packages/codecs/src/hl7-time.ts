import { daysInMonth } from './calendar.ts';

/** A time of HL7 v2 (DTM, TS): YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]. */
export interface Hl7Time {
  readonly stampMs: number;
  /** What the sender gave: to the year … to the millisecond. */
  readonly precision: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond';
  /** The zone that the time itself names, east of Greenwich. */
  readonly offsetMinutes?: number;
}

const PRECISIONS: Readonly<Record<number, Hl7Time['precision']>> = {
  4: 'year',
  6: 'month',
  8: 'day',
  10: 'hour',
  12: 'minute',
  14: 'second',
};

/** Reads a time; one without a zone is the sender's, `defaultOffsetMinutes` east of Greenwich. */
export function readHl7Time(text: string, defaultOffsetMinutes: number): Hl7Time | undefined {
  let digits = 0;
  while (isDigit(text.charCodeAt(digits))) digits++;
  const precision = PRECISIONS[digits];
  if (precision === undefined) return undefined;
  let at = digits;
  let millis = 0;
  if (text[at] === '.' && digits === 14) {
    const from = ++at;
    while (isDigit(text.charCodeAt(at))) at++;
    if (at === from) return undefined;
    for (let place = 0; place < 3; place++) {
      millis = millis * 10 + (from + place < at ? text.charCodeAt(from + place) - 48 : 0);
    }
  }
  const offsetMinutes = at === text.length ? undefined : readZone(text, at);
  if (offsetMinutes === undefined && at < text.length) return undefined;
  const stampMs = momentMs(text, digits, millis);
  if (stampMs === undefined) return undefined;
  return {
    stampMs: stampMs - (offsetMinutes ?? defaultOffsetMinutes) * 60_000,
    precision: at > 14 ? 'millisecond' : precision,
    ...(offsetMinutes !== undefined && { offsetMinutes }),
  };
}

function momentMs(text: string, digits: number, millis: number): number | undefined {
  const year = number(text, 0, 4);
  const month = digits >= 6 ? number(text, 4, 2) : 1;
  const day = digits >= 8 ? number(text, 6, 2) : 1;
  const hour = digits >= 10 ? number(text, 8, 2) : 0;
  const minute = digits >= 12 ? number(text, 10, 2) : 0;
  const second = digits >= 14 ? number(text, 12, 2) : 0;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return undefined;
  }
  // 60 is a leap second: it is read as the first moment of the next minute.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, millis);
}

/** "-0000" is UTC whose local offset nobody knows; as a moment it is UTC. */
function readZone(text: string, at: number): number | undefined {
  const sign = text[at];
  if ((sign !== '+' && sign !== '-') || text.length !== at + 5) return undefined;
  for (let place = at + 1; place < text.length; place++) {
    if (!isDigit(text.charCodeAt(place))) return undefined;
  }
  const hours = number(text, at + 1, 2);
  const minutes = number(text, at + 3, 2);
  if (hours > 14 || minutes > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes) + 0;
}

function number(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at++) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** To the second and UTC, or to the millisecond where there is one. */
export function writeHl7Time(stampMs: number): string {
  const iso = new Date(stampMs).toISOString();
  const seconds = iso.slice(0, 19).replace(/[-T:]/g, '');
  const millis = iso.slice(20, 23);
  return `${seconds}${millis === '000' ? '' : `.${millis}`}+0000`;
}
