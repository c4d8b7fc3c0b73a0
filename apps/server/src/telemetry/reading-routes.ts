/** Readings in the form that is asked for: GET /api/subjects/{id}/readings. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { noteRead, writeNoted } from '../audit/noted-reads.ts';
import { ofSubject } from '../people/access.ts';
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
    const { from: fromMs, to: toMs, metric: metrics, limit } = query;
    const unreadable: UnreadablePart[] = [];
    const asked = { subjectId: subject.id, metrics, fromMs, toMs, newestFirst, unreadable };
    const windows = ports.telemetry.windows(asked);
    noteRead(request, [subject.id]);
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
  });
}
