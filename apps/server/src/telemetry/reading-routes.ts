/** Readings as lines: GET /api/subjects/{id}/readings. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ALL_TIME } from './merge.ts';
import {
  Metrics,
  questionOf,
  refuse,
  type SubjectRequest,
  type TelemetryRoutePorts,
  Time,
} from './questions.ts';
import { writeLines } from './reading-lines.ts';

const ReadingsQuery = z.object({
  metric: Metrics,
  from: Time.optional(),
  to: Time.optional(),
  limit: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
});

export function readingRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = { access: 'clinician' } as const;

  app.get('/api/subjects/:id/readings', { config }, async (request: SubjectRequest, reply) => {
    const read = questionOf(request, ReadingsQuery, ports);
    if (read === undefined) return await refuse(reply, request, ports);
    const { subject, query } = read;
    const span = { fromMs: query.from ?? ALL_TIME.fromMs, toMs: query.to ?? ALL_TIME.toMs };
    const unreadable: UnreadablePart[] = [];
    const whose = { subjectId: subject.id, metrics: query.metric };
    const asked = { ...whose, ...span, newestFirst: false, unreadable };
    reply.hijack();
    try {
      await writeLines(
        reply,
        { windows: ports.telemetry.windows(asked), unreadable },
        query.limit ?? Number.POSITIVE_INFINITY,
      );
    } catch (error) {
      // Half an answer must not look like a whole one: its end is missing.
      reply.raw.destroy();
      ports.onProblem('write readings', error);
    }
    return reply;
  });
}
