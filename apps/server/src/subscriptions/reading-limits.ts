/** Which readings are to be told to whom: who it is of, what was measured, how much, and how often. Pure. */
import { categoryOf, codingsOf } from '@ausculta/fhir/observation';
import { passesFilter } from '@ausculta/fhir/search-match';
import { SYSTEM } from '@ausculta/fhir/systems';
import type { SubjectId } from '@ausculta/vitals/identity';
import { FLAG } from '@ausculta/vitals/reading';
import type { Observation } from '@medplum/fhirtypes';
import type { Arrival } from '../line/consume.ts';
import { isOfPatient, type Plan } from './asked.ts';

/** One subscription, and which series are beyond its limit by now. */
export interface Watch {
  readonly id: string;
  readonly plan: Plan;
  readonly crossings: Map<number, Crossing>;
  /** Whether it is about a metric at all: asked once, for most readings are not. */
  readonly metrics: Map<string, boolean>;
  /** What has been asked of a metric and a value, whoever has it. */
  readonly known: Map<string, boolean>;
}

/** Of one series that has been beyond the limit. */
interface Crossing {
  isTold: boolean;
  /** So often it may be told, as of then. */
  left: number;
  leftAtMs: number;
}

const KNOWN_MAX = 10_000;

/** A series is told so often at once, and once in so long after that, if it is beyond the limit then. */
const TOLD_AT_ONCE = 10;
const TOLD_EVERY_MS = 60_000;

export function watchOf(id: string, plan: Plan, before: Watch | undefined): Watch {
  const crossings = new Map<number, Crossing>();
  // How often they were told still counts; what was beyond the limit before says nothing of this one.
  for (const [seriesId, crossing] of before?.crossings ?? [])
    crossings.set(seriesId, { ...crossing, isTold: false });
  return { id, plan, crossings, metrics: new Map(), known: new Map() };
}

/** The records that are used for those who are asked for. Undefined: whoever. All filters must hold. */
export function subjectsOf(
  { filters }: { readonly filters: readonly Pick<Plan['filters'][number], 'subjectIds'>[] },
  usedFor: (id: SubjectId) => SubjectId,
): SubjectId[] | undefined {
  const named = filters.flatMap(({ subjectIds }) =>
    subjectIds === undefined ? [] : new Set([...subjectIds].map(usedFor)),
  );
  const [first] = named;
  return first && [...first].filter((id) => named.every((ids) => ids.has(id)));
}

interface ReadingSeen extends Pick<Arrival, 'receivedMs'> {
  readonly series: Pick<Arrival['series'], 'id' | 'metric'>;
  readonly reading: Measured;
}

type Metric = Arrival['series']['metric'];
type Measured = Pick<Arrival['reading'], 'value' | 'flags'>;

/** Whether a reading of somebody who is asked for is to be told; `hasRoom` says whether anything can be. */
export function isToTell(
  watch: Watch,
  { series, reading, receivedMs }: ReadingSeen,
  hasRoom: boolean,
): boolean {
  if (!isAbout(watch, series.metric)) return false;
  const { crossings } = watch;
  const before = crossings.get(series.id);
  if (!isBeyond(watch, series.metric, reading)) {
    if (before !== undefined) before.isTold = false;
    return false;
  }
  if (before?.isTold === true || !hasRoom) return false;
  const crossing = before ?? { isTold: false, left: TOLD_AT_ONCE, leftAtMs: receivedMs };
  crossings.set(series.id, crossing);
  crossing.isTold = mayTellAgain(crossing, receivedMs);
  return crossing.isTold;
}

/** By our receipt: a replay allows what was allowed. */
function mayTellAgain(crossing: Crossing, nowMs: number): boolean {
  const more = Math.max(0, nowMs - crossing.leftAtMs) / TOLD_EVERY_MS;
  crossing.left = Math.min(TOLD_AT_ONCE, crossing.left + more);
  crossing.leftAtMs = nowMs;
  if (crossing.left < 1) return false;
  crossing.left -= 1;
  return true;
}

function isAbout(watch: Watch, metric: Metric): boolean {
  const before = watch.metrics.get(metric.key);
  if (before !== undefined) return before;
  const answer = passes(watch, observationOf(metric), isOfMetric);
  watch.metrics.set(metric.key, answer);
  return answer;
}

function isBeyond(watch: Watch, metric: Metric, { value, flags }: Measured): boolean {
  const key = `${metric.key} ${value} ${flags & (FLAG.ABOVE | FLAG.BELOW)}`;
  const before = watch.known.get(key);
  if (before !== undefined) return before;
  const { unit } = metric;
  const quantity = { value, unit, system: SYSTEM.UCUM, code: unit };
  const measured: Observation = {
    ...observationOf(metric),
    valueQuantity: { ...quantity, ...comparatorOf(flags) },
  };
  const answer = passes(watch, measured, (filter) => !isOfMetric(filter));
  if (watch.known.size >= KNOWN_MAX) watch.known.clear();
  watch.known.set(key, answer);
  return answer;
}

function comparatorOf(flags: number): { readonly comparator?: '>' | '<' } {
  if (flags & FLAG.ABOVE) return { comparator: '>' };
  return flags & FLAG.BELOW ? { comparator: '<' } : {};
}

/** What of it says what was measured, and not how much. */
function observationOf(metric: Metric): Observation {
  const code = categoryOf(metric);
  return {
    ...{ resourceType: 'Observation', status: 'final' },
    ...(code && { category: [{ coding: [{ system: SYSTEM.OBSERVATION_CATEGORY, code }] }] }),
    code: { coding: codingsOf(metric) },
  };
}

type Filter = Plan['filters'][number]['query']['filters'][number];

const isOfMetric = (filter: Filter): boolean =>
  filter.kind === 'value' && (filter.parameter === 'code' || filter.parameter === 'category');

/** Whose it is has been asked already. */
function passes({ plan }: Watch, one: Observation, isAsked: (filter: Filter) => boolean): boolean {
  const rows = plan.rowsOf(one);
  const filters = plan.filters.flatMap(({ query }) => query.filters);
  return filters.every((filter) => {
    if (filter.kind === 'chain' || filter.kind === 'has') return false;
    return isOfPatient(filter) || !isAsked(filter) || passesFilter(filter, rows);
  });
}
