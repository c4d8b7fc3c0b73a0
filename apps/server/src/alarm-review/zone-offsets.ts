import type { ZoneOffset, ZoneOffsets } from '@ausculta/rules/detectors/zone';
import { utcOffsetIn } from '../access/house-clock.ts';
import type { Span } from '../telemetry/merge.ts';

/** Zones change their offset at quarters of an hour of UTC. */
const QUARTER_MS = 900_000;
const MINUTE_MS = 60_000;

/** What the clocks of a zone showed in a span, as data. Undefined: no such zone. */
export function zoneOffsets(zone: string, { fromMs, toMs }: Span): ZoneOffsets | undefined {
  const offsetAt = utcOffsetIn(zone);
  if (offsetAt === undefined) return undefined;
  const offsets: ZoneOffset[] = [];
  const firstMs = Math.floor(fromMs / QUARTER_MS) * QUARTER_MS;
  for (let atMs = firstMs; atMs < toMs; atMs += QUARTER_MS) {
    const offsetMs = offsetAt(atMs) * MINUTE_MS;
    if (offsets.at(-1)?.offsetMs !== offsetMs) offsets.push({ fromMs: atMs, offsetMs });
  }
  return offsets;
}
