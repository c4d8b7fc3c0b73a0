/** Readings in the form that is asked for: GET /api/subjects/{id}/readings. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import { fail } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { TAKEN_ALONG_FOR } from '../access/manner.ts';
import type { Viewer } from '../access/viewer.ts';
import { noteRead, writeNoted } from '../audit/noted-reads.ts';
import { viewAs } from '../database/viewing.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import { ofSubject, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { acceptedFormat } from './accepted-format.ts';
import { ALL_TIME } from './merge.ts';
import {
  Metrics,
  questionOf,
  refuse,
  type SubjectRequest,
  type TelemetryRoutePorts,
  Time,
} from './questions.ts';
import { READING_FORMATS, writeReadings } from './reading-answer.ts';

export const ReadingsQuery = z.object({
  metric: Metrics,
  from: Time.default(ALL_TIME.fromMs),
  to: Time.default(ALL_TIME.toMs),
  limit: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  order: z.enum(['oldest', 'newest']).default('oldest'),
  format: z.enum(READING_FORMATS).optional(),
});

export function readingRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = ofSubject('read', 'vitals');

  app.get('/api/subjects/:id/readings', { config }, async (request: SubjectRequest, reply) => {
    const read = questionOf(request, ReadingsQuery, ports);
    if (read === undefined) return await refuse(reply, request, ports);
    const { subject, query } = read;
    const format = query.format ?? acceptedFormat(request.headers.accept);
    const newestFirst = query.order === 'newest';
    if (format === 'blocks' && (query.limit !== undefined || newestFirst)) {
      const why = 'limit and order: blocks come whole and in time order';
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', why).fault);
    }
    if (format !== 'csv') return await answer(request, reply, ports, { subject, query, format });
    // A table is made to be taken along.
    const viewer = viewerOf(request).exporting(TAKEN_ALONG_FOR);
    const refusal = refusalToTake(viewer, subject.id, query.metric);
    if (refusal !== undefined) return await sendFault(reply, refusal);
    return await viewAs(viewer, () => answer(request, reply, ports, { subject, query, format }));
  });
}

/** Of several metrics those are taken along that may be. */
function refusalToTake(viewer: Viewer, subjectId: SubjectId, metrics: readonly string[]) {
  const known = metrics.flatMap((key) => metricByKey(key) ?? []);
  if (known.some((metric) => viewer.seesMetric(subjectId, metric))) return undefined;
  const asked = { action: 'export', dataClass: 'vitals', subjectId } as const;
  const decision = viewer.decide({ ...asked, metric: known[0]?.key });
  return decision.isPermitted ? undefined : refusalOf(decision);
}

interface Answered {
  readonly subject: RegisteredSubject;
  readonly query: z.infer<typeof ReadingsQuery>;
  readonly format: (typeof READING_FORMATS)[number];
}

async function answer(
  request: SubjectRequest,
  reply: FastifyReply,
  ports: TelemetryRoutePorts,
  { subject, query, format }: Answered,
): Promise<FastifyReply> {
  const { from: fromMs, to: toMs, metric: metrics, limit } = query;
  const newestFirst = query.order === 'newest';
  const unreadable: UnreadablePart[] = [];
  const asked = { subjectId: subject.id, metrics, fromMs, toMs, newestFirst, unreadable };
  const windows = ports.telemetry.windows(asked);
  const span = { fromMs, untilMs: toMs };
  noteRead(request, [subject.id], { act: format === 'csv' ? 'export' : 'read', span });
  await writeNoted(request);
  reply.hijack();
  try {
    await writeReadings(reply, format, {
      windows,
      unreadable,
      newestFirst,
      limit: limit ?? Number.POSITIVE_INFINITY,
    });
  } catch (error) {
    // Half an answer must not look like a whole one: its end is missing.
    reply.raw.destroy();
    ports.onProblem('write readings', error);
  }
  return reply;
}
