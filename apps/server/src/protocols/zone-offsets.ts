/** The house's time zone as a plan keeps it: its offsets, and from when each holds. */
import { UTC, type ZoneOffset, type ZoneOffsets } from '@ausculta/rules/detectors/zone';
import { utcOffsetIn } from '../access/house-clock.ts';

/** Days are counted back by a month or so; who goes on after these years is given newer ones in time. */
const YEARS_BEFORE = 1;
const YEARS_AFTER = 4;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export function zoneOffsets(zone: string | undefined, nowMs: number): ZoneOffsets {
  const offsetAt = zone === undefined ? undefined : utcOffsetIn(zone);
  if (offsetAt === undefined) return UTC;
  const year = new Date(nowMs).getUTCFullYear();
  const untilMs = Date.UTC(year + YEARS_AFTER, 0, 1);
  let dayMs = Date.UTC(year - YEARS_BEFORE, 0, 1);
  const offsets: ZoneOffset[] = [{ fromMs: dayMs, offsetMs: offsetAt(dayMs) * MINUTE_MS }];
  for (; dayMs < untilMs; dayMs += DAY_MS) {
    if (offsetAt(dayMs) === offsetAt(dayMs + DAY_MS)) continue;
    const fromMs = changeWithin(offsetAt, dayMs);
    offsets.push({ fromMs, offsetMs: offsetAt(dayMs + DAY_MS) * MINUTE_MS });
  }
  return offsets;
}

/** Zones change at a full minute. */
function changeWithin(offsetAt: (atMs: number) => number, dayMs: number): number {
  let [before, after] = [dayMs, dayMs + DAY_MS];
  while (after - before > MINUTE_MS) {
    const middle = before + Math.floor((after - before) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offsetAt(middle) === offsetAt(dayMs)) before = middle;
    else after = middle;
  }
  return after;
}
