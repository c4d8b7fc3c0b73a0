/** What the clock on the wall says: the minute of the day in a time zone, daylight saving included. */

/** Zones change their offset at quarters of an hour of UTC; within one, an offset holds. */
const QUARTER_MS = 900_000;
const MINUTES_PER_DAY = 1_440;

/** For times that come in order: the zone is asked once a quarter of an hour. Undefined: no such zone. */
export function dayClock(zone: string): ((timeMs: number) => number) | undefined {
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  let knownQuarter = Number.NaN;
  let knownMinute = 0;
  return (timeMs) => {
    const quarter = Math.floor(timeMs / QUARTER_MS);
    if (quarter !== knownQuarter) {
      knownQuarter = quarter;
      knownMinute = minuteAt(format, quarter * QUARTER_MS);
    }
    const minute = knownMinute + Math.floor((timeMs - quarter * QUARTER_MS) / 60_000);
    return minute % MINUTES_PER_DAY;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch {
    return undefined;
  }
}

function minuteAt(format: Intl.DateTimeFormat, timeMs: number): number {
  const [hours = 0, minutes = 0] = format.format(timeMs).split(':').map(Number);
  return hours * 60 + minutes;
}
