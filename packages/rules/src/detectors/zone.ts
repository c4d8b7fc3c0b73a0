/**
 * The local time of a patient, as data: the zone's offsets and from when each holds. A detector reads no
 * table of zones, so a replay ten years later counts the same days, whatever a government has decided since.
 */
export type ZoneOffsets = readonly ZoneOffset[];

export interface ZoneOffset {
  /** Ascending; the first holds before its beginning, too. */
  readonly fromMs: number;
  /** Local time minus UTC. */
  readonly offsetMs: number;
}

export const UTC: ZoneOffsets = [{ fromMs: 0, offsetMs: 0 }];

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A day by its count since 1970-01-01, local, and the minute of that day as a clock shows it. */
export interface LocalTime {
  readonly day: number;
  readonly minute: number;
}

export function localTime(zone: ZoneOffsets, atMs: number): LocalTime {
  const localMs = atMs + offsetAt(zone, atMs);
  const day = Math.floor(localMs / DAY_MS);
  return { day, minute: Math.floor((localMs - day * DAY_MS) / MINUTE_MS) };
}

export function localDay(zone: ZoneOffsets, atMs: number): number {
  return Math.floor((atMs + offsetAt(zone, atMs)) / DAY_MS);
}

/**
 * When a local clock shows this: the first time where it shows it twice, and the moment of the leap where
 * it never does.
 */
export function instantOf(zone: ZoneOffsets, { day, minute }: LocalTime): number {
  const localMs = day * DAY_MS + minute * MINUTE_MS;
  for (const [index, { fromMs, offsetMs }] of zone.entries()) {
    const atMs = localMs - offsetMs;
    if (index > 0 && atMs < fromMs) return fromMs;
    const untilMs = zone[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    if (atMs < untilMs) return atMs;
  }
  return localMs;
}

function offsetAt(zone: ZoneOffsets, atMs: number): number {
  let offsetMs = zone[0]?.offsetMs ?? 0;
  for (const each of zone) {
    if (each.fromMs > atMs) break;
    offsetMs = each.offsetMs;
  }
  return offsetMs;
}
