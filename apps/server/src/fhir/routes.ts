/**
 * FHIR R4, the first word: Patient by id, and Observations made from readings on the way out. Errors
 * are OperationOutcomes; an unknown search parameter is one, unless the caller prefers leniency.
 */
import { searchBundle } from '@ausculta/fhir/bundle';
import { type PlacedReading, toObservations } from '@ausculta/fhir/observation';
import {
  matches,
  metricsOfQuery,
  type ObservationQuery,
  parseObservationQuery,
} from '@ausculta/fhir/observation-query';
import { toOperationOutcome } from '@ausculta/fhir/operation-outcome';
import { toPatient } from '@ausculta/fhir/patient';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf } from '../people/access.ts';
import { statusOf } from '../people/problem.ts';
import type { SeriesRange, Span } from '../telemetry/queries.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

const BASE = '/fhir/R4';
const FHIR_JSON = 'application/fhir+json; charset=utf-8';

/** The newest readings are looked for in ever wider windows, so that a year is not read for ten of them. */
const HOUR_MS = 3_600_000;
const WINDOWS_MS = [HOUR_MS, 24 * HOUR_MS, 720 * HOUR_MS, Number.POSITIVE_INFINITY];

const PAGE_READINGS = 200;

export interface FhirPorts {
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  readonly nowMs: () => number;
}

export function fhirRoutes(app: FastifyInstance, ports: FhirPorts): void {
  const config = { access: 'clinician' } as const;

  app.get<{ Params: { id: string } }>(`${BASE}/Patient/:id`, { config }, async (request, reply) => {
    const subject = subjectOf(ports.registry, callerOf(request).organisationId, request.params.id);
    if (subject === undefined) return await refuse(reply, fail('NOT_FOUND').fault);
    return await reply.type(FHIR_JSON).send(toPatient(subject));
  });

  app.get(`${BASE}/Observation`, { config }, async (request, reply) => {
    const url = new URL(request.url, 'http://self');
    const isLenient = request.headers.prefer?.includes('handling=lenient') ?? false;
    const query = parseObservationQuery(url.searchParams, { isLenient });
    if (!query.ok) return await refuse(reply, query.fault);
    const { organisationId } = callerOf(request);
    const subject = subjectOf(ports.registry, organisationId, query.value.subjectId);
    // A patient that the caller may not see has no Observations: the answer does not tell which.
    const resources = subject === undefined ? [] : await observationsOf(query.value, ports);
    const { origin } = originOf(request);
    const bundle = searchBundle({
      baseUrl: `${origin}${BASE}`,
      selfUrl: `${origin}${request.url}`,
      resources,
    });
    return await reply.type(FHIR_JSON).send(bundle);
  });
}

async function observationsOf(query: ObservationQuery, ports: FhirPorts) {
  const metrics = metricsOfQuery(query).map((metric) => metric.key);
  const whole: Span = {
    fromMs: Math.max(query.interval.fromMs, -8.64e15),
    toMs: Math.min(query.interval.untilMs, 8.64e15),
  };
  const latestMs = Math.min(whole.toMs, ports.nowMs() + HOUR_MS);
  for (const windowMs of query.newestFirst ? WINDOWS_MS : [Number.POSITIVE_INFINITY]) {
    const span = { fromMs: Math.max(whole.fromMs, latestMs - windowMs), toMs: whole.toMs };
    const ranges = await ports.telemetry.range({ subjectId: query.subjectId, metrics, ...span });
    const found = firstMatching(query, inOrder(ranges, query.newestFirst));
    if (found.length >= query.count || span.fromMs === whole.fromMs) return found;
  }
  return [];
}

/** Observations are made a page at a time: ten of a day's readings do not cost the whole day. */
export function firstMatching(query: ObservationQuery, readings: readonly PlacedReading[]) {
  const found: ReturnType<typeof toObservations> = [];
  let from = 0;
  while (from < readings.length && found.length < query.count) {
    let until = Math.min(from + PAGE_READINGS, readings.length);
    // A panel's parts have one time: they stay on one page.
    while (readings[until]?.timeMs === readings[until - 1]?.timeMs) until += 1;
    const page = toObservations(readings.slice(from, until));
    found.push(...page.filter((one) => matches(query, one)));
    from = until;
  }
  return found.slice(0, query.count);
}

function inOrder(ranges: readonly SeriesRange[], newestFirst: boolean) {
  const sign = newestFirst ? -1 : 1;
  return ranges
    .flatMap(({ series, stampsMs, timesMs, values, flags }) =>
      stampsMs.map((stampMs, i) => ({
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

async function refuse(reply: FastifyReply, fault: Fault): Promise<FastifyReply> {
  return await reply.code(statusOf(fault.code)).type(FHIR_JSON).send(toOperationOutcome(fault));
}
