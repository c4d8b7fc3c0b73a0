/** Readings as Observations, a page at a time: made on the way out, from one end until there are enough. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import { type PlacedReading, toObservations } from '@ausculta/fhir/observation';
import {
  matches,
  metricsOfQuery,
  type ObservationQuery,
  type PageStart,
} from '@ausculta/fhir/observation-query';
import { ALL_TIME, type SeriesRange } from '../telemetry/merge.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

export type ReadingObservation = ReturnType<typeof toObservations>[number];

const READINGS_AT_ONCE = 200;

export interface ReadingPage {
  readonly resources: readonly ReadingObservation[];
  readonly next: PageStart | undefined;
  /** Part of what was looked through does not open: the list may lack it. */
  readonly isUnreadable: boolean;
}

const NO_PAGE: ReadingPage = { resources: [], next: undefined, isUnreadable: false };

/** Readings are looked at from one end until there are enough: ten of a year cost the last few chunks. */
export async function readingsPage(
  query: ObservationQuery,
  telemetry: Telemetry,
): Promise<ReadingPage> {
  const { page, count, newestFirst } = query;
  if (count === 0) return NO_PAGE;
  const { fromMs, untilMs } = query.interval;
  // A page begins at the very time at which the one before it ended.
  const pageFromMs = newestFirst || page === undefined ? ALL_TIME.fromMs : page.atMs;
  const pageUntilMs = newestFirst && page !== undefined ? page.atMs + 1 : ALL_TIME.toMs;
  const span = { fromMs: Math.max(fromMs, pageFromMs), toMs: Math.min(untilMs, pageUntilMs) };
  const metrics = metricsOfQuery(query).map((metric) => metric.key);
  const skip = page?.skip ?? 0;
  const found: ReadingObservation[] = [];
  const unreadable: UnreadablePart[] = [];
  const asked = { subjectId: query.subjectId, metrics, ...span, newestFirst, unreadable };
  for await (const ranges of telemetry.windows(asked)) {
    const wanted = skip + count + 1 - found.length;
    for (const one of firstMatching(query, inOrder(ranges, newestFirst), wanted)) found.push(one);
    if (found.length > skip + count) break;
  }
  const given = found.slice(0, skip + count);
  return {
    resources: given.slice(skip),
    next: found.length > given.length ? pageAfter(given) : undefined,
    isUnreadable: unreadable.length > 0,
  };
}

export function pageAfter(given: readonly ReadingObservation[]): PageStart {
  const atMs = timeOf(given.at(-1) as ReadingObservation);
  return { atMs, skip: given.filter((one) => timeOf(one) === atMs).length };
}

export const timeOf = (observation: ReadingObservation): number =>
  Date.parse(observation.effectiveDateTime ?? '');

/** Observations are made a few at a time: ten of a day's readings do not cost the whole day. */
export function firstMatching(
  query: ObservationQuery,
  readings: readonly PlacedReading[],
  wanted: number,
): ReadingObservation[] {
  const found: ReadingObservation[] = [];
  let from = 0;
  while (from < readings.length && found.length < wanted) {
    let until = Math.min(from + READINGS_AT_ONCE, readings.length);
    // A panel's parts have one time: they are made together.
    while (readings[until]?.timeMs === readings[until - 1]?.timeMs) until += 1;
    for (const one of toObservations(readings.slice(from, until)))
      if (matches(query, one)) found.push(one);
    from = until;
  }
  return found.slice(0, wanted);
}

function inOrder(ranges: readonly SeriesRange[], newestFirst: boolean) {
  const sign = newestFirst ? -1 : 1;
  return ranges
    .flatMap(({ series, stampsMs, timesMs, values, flags }) =>
      Array.from(stampsMs, (stampMs, i) => ({
        metric: series.metric,
        subjectId: series.subjectId,
        deviceId: series.deviceId,
        epoch: series.epoch,
        stampMs,
        timeMs: timesMs[i] as number,
        value: values[i] as number,
        flags: flags[i] as number,
      })),
    )
    .sort((a, b) => sign * (a.timeMs - b.timeMs));
}
