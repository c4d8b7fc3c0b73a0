/**
 * FHIR R4: Patient by id, and Observations made from readings on the way out. Errors
 * are OperationOutcomes; an unknown search parameter is one, unless the caller prefers leniency.
 */
import type { UnreadablePart } from '@ausculta/contract/readings';
import { searchBundle } from '@ausculta/fhir/bundle';
import { bundleJson } from '@ausculta/fhir/json';
import { type PlacedReading, toObservations } from '@ausculta/fhir/observation';
import {
  matches,
  metricsOfQuery,
  type ObservationQuery,
  PAGE_PARAMETER,
  type PageStart,
  pageText,
  parseObservationQuery,
} from '@ausculta/fhir/observation-query';
import { toPatient } from '@ausculta/fhir/patient';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf } from '../people/access.ts';
import { FHIR_BASE, FHIR_JSON, sendFault } from '../people/problem.ts';
import { ALL_TIME, type SeriesRange } from '../telemetry/merge.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

type Observation = ReturnType<typeof toObservations>[number];

const READINGS_AT_ONCE = 200;

export interface FhirPorts {
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  readonly nowMs: () => number;
}

export function fhirRoutes(app: FastifyInstance, ports: FhirPorts): void {
  const config = { access: 'clinician' } as const;

  app.get<{ Params: { id: string } }>(
    `${FHIR_BASE}/Patient/:id`,
    { config },
    async (request, reply) => {
      const subject = subjectOf(
        ports.registry,
        callerOf(request).organisationId,
        request.params.id,
      );
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      return await reply.type(FHIR_JSON).send(toPatient(subject));
    },
  );

  app.get(`${FHIR_BASE}/Observation`, { config }, async (request, reply) => {
    const url = new URL(request.url, 'http://self');
    const isLenient = request.headers.prefer?.includes('handling=lenient') ?? false;
    const query = parseObservationQuery(url.searchParams, { isLenient });
    if (!query.ok) return await sendFault(reply, query.fault);
    const { organisationId } = callerOf(request);
    const subject = subjectOf(ports.registry, organisationId, query.value.subjectId);
    // A patient that the caller may not see has no Observations: the answer does not tell which.
    const page = subject === undefined ? NO_PAGE : await pageOf(query.value, ports);
    const { origin } = originOf(request);
    const bundle = searchBundle({
      baseUrl: `${origin}${FHIR_BASE}`,
      selfUrl: `${origin}${request.url}`,
      resources: page.resources,
      ...(page.isUnreadable && {
        warning: fail('SEAL_BROKEN', 'part of the record is unreadable').fault,
      }),
      ...(page.next !== undefined && { nextUrl: nextUrl(`${origin}${request.url}`, page.next) }),
    });
    return await reply.type(FHIR_JSON).send(bundleJson(bundle));
  });
}

function nextUrl(selfUrl: string, start: PageStart): string {
  const url = new URL(selfUrl);
  url.searchParams.set(PAGE_PARAMETER, pageText(start));
  return url.href;
}

interface Page {
  readonly resources: readonly Observation[];
  readonly next: PageStart | undefined;
  /** Part of what was looked through does not open: the list may lack it. */
  readonly isUnreadable: boolean;
}

const NO_PAGE: Page = { resources: [], next: undefined, isUnreadable: false };

/** Readings are looked at from one end until there are enough: ten of a year cost the last few chunks. */
async function pageOf(query: ObservationQuery, ports: FhirPorts): Promise<Page> {
  const { page, count, newestFirst } = query;
  if (count === 0) return NO_PAGE;
  const { fromMs, untilMs } = query.interval;
  // A page begins at the very time at which the one before it ended.
  const pageFromMs = newestFirst || page === undefined ? ALL_TIME.fromMs : page.atMs;
  const pageUntilMs = newestFirst && page !== undefined ? page.atMs + 1 : ALL_TIME.toMs;
  const span = { fromMs: Math.max(fromMs, pageFromMs), toMs: Math.min(untilMs, pageUntilMs) };
  const metrics = metricsOfQuery(query).map((metric) => metric.key);
  const skip = page?.skip ?? 0;
  const found: Observation[] = [];
  const unreadable: UnreadablePart[] = [];
  const asked = { subjectId: query.subjectId, metrics, ...span, newestFirst, unreadable };
  for await (const ranges of ports.telemetry.windows(asked)) {
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

function pageAfter(given: readonly Observation[]): PageStart {
  const atMs = timeOf(given.at(-1) as Observation);
  return { atMs, skip: given.filter((one) => timeOf(one) === atMs).length };
}

const timeOf = (observation: Observation): number =>
  Date.parse(observation.effectiveDateTime ?? '');

/** Observations are made a few at a time: ten of a day's readings do not cost the whole day. */
export function firstMatching(
  query: ObservationQuery,
  readings: readonly PlacedReading[],
  wanted: number,
): Observation[] {
  const found: Observation[] = [];
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

function originOf(request: FastifyRequest): { origin: string } {
  return { origin: `${request.protocol}://${request.host}` };
}
