/** Readings as Observations, a page at a time: made on the way out, from one end until there are enough. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { LinksOf, PlacedReading } from '@ausculta/fhir/observation';
import {
  metricsOfQuery,
  type ObservationQuery,
  type PageStart,
} from '@ausculta/fhir/observation-query';
import { observationTexts, type ToldObservation } from '@ausculta/fhir/observation-text';
import { ALL_TIME, type SeriesRange } from '../telemetry/merge.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { FoundDocument } from './search-session.ts';

const READINGS_AT_ONCE = 200;

/** Of one time: those of earlier pages, which are counted again. */
const SKIPPED_MAX = 9_999;

/** Where readings come from, and how they name their devices. */
export interface ReadingSource {
  readonly telemetry: Pick<Telemetry, 'windows'>;
  readonly linksOf: LinksOf;
}

export interface ReadingPage {
  readonly resources: readonly ToldObservation[];
  readonly next: PageStart | undefined;
  /** Part of what was looked through does not open: the list may lack it. */
  readonly isUnreadable: boolean;
}

const NO_PAGE: ReadingPage = { resources: [], next: undefined, isUnreadable: false };

export function documentOfReading({ id, text }: ToldObservation, subjectId: string): FoundDocument {
  const subjectIds = [subjectId];
  return { type: 'Observation', id, versionId: '1', updatedMs: undefined, text, subjectIds };
}

/** Readings are looked at from one end until there are enough: ten of a year cost the last few chunks. */
export async function readingsPage(
  query: ObservationQuery,
  { telemetry, linksOf }: ReadingSource,
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
  let skipped = 0;
  const found: ToldObservation[] = [];
  const unreadable: UnreadablePart[] = [];
  const asked = { subjectId: query.subjectId, metrics, ...span, newestFirst, unreadable };
  for await (const ranges of telemetry.windows(asked)) {
    const wanted = skip - skipped + count + 1 - found.length;
    for (const piece of pieces(inOrder(ranges, { newestFirst, wanted }), linksOf)) {
      // They were on earlier pages: it is enough to know how many they are.
      const passed = Math.min(piece.length, skip - skipped);
      skipped += passed;
      found.push(...piece.slice(passed));
      if (found.length > count) break;
    }
    if (found.length > count) break;
  }
  const resources = found.slice(0, count);
  return {
    resources,
    next: found.length > count ? pageAfter(resources, page) : undefined,
    isUnreadable: unreadable.length > 0,
  };
}

type All = Pick<ObservationQuery, 'subjectId' | 'codes' | 'categories' | 'interval'>;

/** All of them, oldest first, as many at a time as lie together. */
export async function* allReadings(
  asked: All,
  { telemetry, linksOf }: ReadingSource,
  unreadable: UnreadablePart[],
): AsyncGenerator<readonly ToldObservation[]> {
  const { subjectId, interval } = asked;
  const query = { ...asked, newestFirst: false, count: 0, page: undefined, ignored: [] };
  const metrics = metricsOfQuery(query).map((metric) => metric.key);
  const fromMs = Math.max(interval.fromMs, ALL_TIME.fromMs);
  const toMs = Math.min(interval.untilMs, ALL_TIME.toMs);
  const wide = { subjectId, metrics, fromMs, toMs, newestFirst: false, unreadable };
  const whole = { newestFirst: false, wanted: Number.POSITIVE_INFINITY };
  for await (const ranges of telemetry.windows(wide))
    yield firstTold(inOrder(ranges, whole), whole.wanted, linksOf);
}

/** A page that ends within a time goes on after so many of that time, those of earlier pages too. */
export function pageAfter(
  given: readonly ToldObservation[],
  start: PageStart | null | undefined,
): PageStart {
  const atMs = given.at(-1)?.timeMs ?? 0;
  const before = start?.atMs === atMs ? start.skip : 0;
  return { atMs, skip: before + given.filter(({ timeMs }) => timeMs === atMs).length };
}

/** Whether a place may be one that we wrote: no patient has so many readings of one time. */
export function isPageStart({ atMs, skip }: Partial<PageStart>): boolean {
  const isPlace =
    Number.isInteger(skip) && (skip as number) >= 0 && (skip as number) <= SKIPPED_MAX;
  return isPlace && Math.abs(atMs ?? Number.NaN) <= 8.64e15;
}

export function firstTold(
  readings: readonly PlacedReading[],
  wanted: number,
  linksOf: LinksOf,
): ToldObservation[] {
  const found: ToldObservation[] = [];
  if (wanted === 0) return found;
  for (const piece of pieces(readings, linksOf)) {
    for (const one of piece) found.push(one);
    if (found.length >= wanted) break;
  }
  return found.slice(0, wanted);
}

/**
 * Observations are made a few at a time: ten of a day's readings do not cost the whole day. All that was
 * asked for by metric and time is an answer to the query.
 */
function* pieces(
  readings: readonly PlacedReading[],
  linksOf: LinksOf,
): Generator<ToldObservation[]> {
  let from = 0;
  while (from < readings.length) {
    let until = Math.min(from + READINGS_AT_ONCE, readings.length);
    // A panel's parts have one time: they are made together.
    while (readings[until]?.timeMs === readings[until - 1]?.timeMs) until += 1;
    yield observationTexts(readings.slice(from, until), linksOf);
    from = until;
  }
}

interface Wanted {
  readonly newestFirst: boolean;
  /** Of each series so many are enough: whatever else it has comes after them. */
  readonly wanted: number;
}

export function inOrder(
  ranges: readonly SeriesRange[],
  { newestFirst, wanted }: Wanted,
): PlacedReading[] {
  const readings: PlacedReading[] = [];
  for (const { series, stampsMs, timesMs, values, flags } of ranges) {
    const { metric, subjectId, deviceId, epoch } = series;
    const { length } = timesMs;
    let from = newestFirst ? Math.max(0, length - wanted) : 0;
    let until = newestFirst ? length : Math.min(length, wanted);
    // Of one time all or none.
    while (from > 0 && timesMs[from - 1] === timesMs[from]) from -= 1;
    while (until < length && timesMs[until] === timesMs[until - 1]) until += 1;
    for (let i = from; i < until; i += 1) {
      readings.push({
        ...{ metric, subjectId, deviceId, epoch },
        stampMs: stampsMs[i] as number,
        timeMs: timesMs[i] as number,
        value: values[i] as number,
        flags: flags[i] as number,
      });
    }
  }
  const sign = newestFirst ? -1 : 1;
  return readings.sort((a, b) => sign * (a.timeMs - b.timeMs));
}
