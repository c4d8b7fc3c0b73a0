/** Which ladder of a route is in force by the clock of the house, and until when a medium alarm waits. */
import type { CalledPriority, Route, Tier } from './policy.ts';

const MINUTE_MS = 60_000;
const MINUTES_A_DAY = 1_440;

/** Where the house is by the clock: Monday is 1. */
export interface HouseTime {
  readonly weekday: number;
  readonly minute: number;
}

export interface InForce {
  readonly hours: 'cover' | 'outside';
  readonly tiers: readonly Tier[];
  /** Undefined: nobody waits. */
  readonly quietUntilMs: number | undefined;
}

export interface HoursAsked {
  readonly priority: CalledPriority;
  readonly nowMs: number;
  readonly houseTime: (atMs: number) => HouseTime;
}

export function inForce(route: Route, { priority, nowMs, houseTime }: HoursAsked): InForce {
  const at = houseTime(nowMs);
  const isCovered = route.cover === undefined || isWithin(route.cover.spans, at);
  const ladder = isCovered
    ? { hours: 'cover' as const, tiers: route.tiers }
    : { hours: 'outside' as const, tiers: route.cover?.outside ?? route.tiers };
  // Quiet hours never apply to high (safety S10).
  const isQuiet = priority !== 'high' && route.quiet !== undefined && isIn(route.quiet, at.minute);
  const quietUntilMs =
    isQuiet && route.quiet !== undefined
      ? endOfMinutes(nowMs, (route.quiet.until - at.minute + MINUTES_A_DAY) % MINUTES_A_DAY)
      : undefined;
  return { ...ladder, quietUntilMs };
}

export function isWithin(
  spans: readonly {
    readonly days: readonly number[];
    readonly from: number;
    readonly until: number;
  }[],
  { weekday, minute }: HouseTime,
): boolean {
  return spans.some(
    ({ days, from, until }) => days.includes(weekday) && from <= minute && minute < until,
  );
}

/** A span may go over midnight. */
function isIn({ from, until }: { readonly from: number; readonly until: number }, minute: number) {
  return from < until ? from <= minute && minute < until : minute >= from || minute < until;
}

/** Where the clocks are changed meanwhile, it is looked at again then. */
const endOfMinutes = (nowMs: number, minutes: number): number =>
  (Math.floor(nowMs / MINUTE_MS) + minutes) * MINUTE_MS;
