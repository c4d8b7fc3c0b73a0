/** Where the house is by the clock: minutes east of Greenwich, daylight saving included. */
import { dayClock } from '../telemetry/day-clock.ts';

const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1_440;
/** No place is further east: Kiritimati. What is further is west; by the hour of the day both are one. */
const EAST_MAX = 14 * 60;

/** Undefined: no such zone. */
export function utcOffsetIn(zone: string): ((atMs: number) => number) | undefined {
  const minuteOfDay = dayClock(zone);
  if (minuteOfDay === undefined) return undefined;
  return (atMs) => {
    const greenwich = Math.floor(atMs / MINUTE_MS) % MINUTES_PER_DAY;
    const ahead = (minuteOfDay(atMs) - greenwich + MINUTES_PER_DAY) % MINUTES_PER_DAY;
    return ahead > EAST_MAX ? ahead - MINUTES_PER_DAY : ahead;
  };
}
