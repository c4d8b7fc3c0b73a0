/** How questions of telemetry are read over HTTP: times, metrics, and whose. */
import { fail } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Sql } from '../database/pool.ts';
import { viewing } from '../database/viewing.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { ALL_TIME } from './merge.ts';
import type { Telemetry } from './telemetry.ts';

const METRICS_MAX = 32;

export interface TelemetryRoutePorts {
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  readonly nowMs: () => number;
  /** For the audit of what leaves the house. */
  readonly sql: Sql;
  readonly onProblem: (what: string, error: unknown) => void;
}

export type SubjectRequest = FastifyRequest<{ Params: { id: string } }>;

export const Ms = z.coerce.number().int().min(ALL_TIME.fromMs).max(ALL_TIME.toMs);

/** Milliseconds since 1970, or ISO 8601 with a zone. */
export const Time = z.union([
  Ms,
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);

/** Keys of the catalogue, with commas between them. */
export const Metrics = z
  .string()
  .min(1)
  .transform((text) => text.split(','))
  .pipe(z.array(z.string().min(1)).max(METRICS_MAX));

/** Undefined when there is no such subject for the caller, or the question cannot be read. */
export function questionOf<T>(
  request: SubjectRequest,
  schema: z.ZodType<T>,
  { registry }: TelemetryRoutePorts,
): { subject: RegisteredSubject; query: T } | undefined {
  const subject = subjectOf(registry, callerOf(request).organisationId, request.params.id);
  const query = schema.safeParse(request.query);
  if (subject === undefined || !query.success) return undefined;
  return isKeptBack(subject.id, query.data) ? undefined : { subject, query: query.data };
}

interface AsksForMetrics {
  readonly metric?: unknown;
  readonly metrics?: unknown;
}

/** An empty answer would look as if nothing had been measured. */
function isKeptBack(subjectId: SubjectId, asked: unknown): boolean {
  const { metric, metrics = metric } = Object(asked) as AsksForMetrics;
  const known = [metrics].flat().flatMap((key) => metricByKey(String(key)) ?? []);
  const viewer = viewing();
  if (viewer === undefined || known.length === 0) return false;
  return !known.some((one) => viewer.seesMetric(subjectId, one));
}

function asLists(query: unknown): AsksForMetrics {
  const { metric, metrics = metric } = Object(query) as AsksForMetrics;
  return { metrics: String(metrics).split(',') };
}

export async function refuse(
  reply: FastifyReply,
  request: SubjectRequest,
  { registry }: TelemetryRoutePorts,
): Promise<FastifyReply> {
  const subject = subjectOf(registry, callerOf(request).organisationId, request.params.id);
  const isAllKept = subject !== undefined && isKeptBack(subject.id, asLists(request.query));
  const code =
    subject === undefined ? 'NOT_FOUND' : isAllKept ? 'NOT_PERMITTED' : 'PAYLOAD_MALFORMED';
  return await sendFault(reply, fail(code).fault);
}
