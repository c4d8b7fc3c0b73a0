/** The last millisecond of the year 9999, which is as far as four digits reach. */
export const STAMP_MAX_MS = 253_402_300_799_999;

const DAY_MS = 86_400_000;

/**
 * A moment as a message gives it: milliseconds since 1970, or ISO 8601 with date, time and zone.
 * Answers undefined for anything else: a time without a zone is a guess, and so is a bare date.
 */
export function readStamp(time: unknown): number | undefined {
  if (typeof time === 'number') {
    const stampMs = Math.floor(time);
    return stampMs >= 0 && stampMs <= STAMP_MAX_MS ? stampMs : undefined;
  }
  return typeof time === 'string' ? readIsoTime(time) : undefined;
}

/**
 * YYYY-MM-DDTHH:MM:SS[.digits](Z|±HH:MM), by hand, since Date.parse takes much more than that and a
 * regular expression costs more than all the rest of a message. Digits below a millisecond are cut.
 */
export function readIsoTime(text: string): number | undefined {
  if (text.length < 20 || text.length > 40) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T') return undefined;
  if (text[13] !== ':' || text[16] !== ':') return undefined;
  // 60 is a leap second: it is read as the first moment of the next minute.
  if (!(year >= 0 && hour <= 23 && hour >= 0 && minute >= 0 && minute <= 59)) return undefined;
  if (!(second >= 0 && second <= 60 && isDay(year, month, day))) return undefined;

  let at = 19;
  let millis = 0;
  if (text[at] === '.') {
    const from = ++at;
    while (isDigit(text.charCodeAt(at))) at++;
    if (at === from) return undefined;
    for (let place = 0; place < 3; place++) {
      millis = millis * 10 + (from + place < at ? text.charCodeAt(from + place) - 48 : 0);
    }
  }
  const offsetMs = readZone(text, at);
  if (offsetMs === undefined) return undefined;
  const timeMs = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
  const stampMs = daysSince1970(year, month, day) * DAY_MS + timeMs - offsetMs;
  return stampMs >= 0 && stampMs <= STAMP_MAX_MS ? stampMs : undefined;
}

function readZone(text: string, at: number): number | undefined {
  const sign = text[at];
  if (sign === 'Z') return text.length === at + 1 ? 0 : undefined;
  if (sign !== '+' && sign !== '-') return undefined;
  if (text.length !== at + 6 || text[at + 3] !== ':') return undefined;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  if (!(hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59)) return undefined;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** The number that `count` digits write, or NaN. */
function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + code - 48;
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isDay(year: number, month: number, day: number): boolean {
  if (!(month >= 1 && month <= 12 && day >= 1)) return false;
  if (month === 2) return day <= (isLeap(year) ? 29 : 28);
  return day <= (month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Counts years from March, so that the leap day is the last of its year. */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const century = Math.floor(marchYear / 100);
  const leapDays = Math.floor(marchYear / 4) - century + Math.floor(century / 4);
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return marchYear * 365 + leapDays + dayOfYear - 719_468;
}
