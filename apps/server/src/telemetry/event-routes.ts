/** Events, the newest first: GET /api/subjects/{id}/events. */

import type { EventList } from '@ausculta/contract/readings';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ofSubject } from '../people/access.ts';
import { FIRST_EVENTS, parseCursor } from './events.ts';
import { ALL_TIME } from './merge.ts';
import {
  questionOf,
  refuse,
  type SubjectRequest,
  type TelemetryRoutePorts,
  Time,
} from './questions.ts';

/** A screen's worth, and what an answer may hold. */
const EVENTS_DEFAULT = 200;
const EVENTS_MAX = 1_000;

export const EventQuery = z.object({
  from: Time.default(ALL_TIME.fromMs),
  to: Time.default(ALL_TIME.toMs),
  limit: z.coerce.number().int().min(1).max(EVENTS_MAX).default(EVENTS_DEFAULT),
  cursor: z
    .string()
    .transform((text, context) => {
      const cursor = parseCursor(text);
      if (cursor !== undefined) return cursor;
      context.addIssue({ code: 'custom', message: 'not the cursor of an answer' });
      return z.NEVER;
    })
    .default(FIRST_EVENTS),
});
export function eventRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = ofSubject('read', 'events');

  app.get('/api/subjects/:id/events', { config }, async (request: SubjectRequest, reply) => {
    const read = questionOf(request, EventQuery, ports);
    if (read === undefined) return await refuse(reply, request, ports);
    const { from: fromMs, to: toMs, limit, cursor: after } = read.query;
    const { organisationId, id: subjectId } = read.subject;
    const asked = { organisationId, subjectId, fromMs, toMs, after, limit };
    return (await ports.telemetry.events(asked)) satisfies EventList;
  });
}
