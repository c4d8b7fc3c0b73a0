/** Charts: GET /api/subjects/{id}/trend. */
import type { Trend, UnreadablePart } from '@ausculta/contract/readings';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ofSubject } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Span } from './merge.ts';
import {
  Metrics,
  Ms,
  questionOf,
  refuse,
  type SubjectRequest,
  type TelemetryRoutePorts,
} from './questions.ts';

/** A lane is never drawn wider than a screen. */
const TREND_POINTS_MAX = 4_000;

const TOO_WIDE = 'more than can be read at once: ask for a shorter time';

export const TrendQuery = z.object({
  metrics: Metrics,
  from: Ms,
  to: Ms,
  points: z.coerce.number().int().min(10).max(TREND_POINTS_MAX).default(1_000),
});

export function trendRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = ofSubject('read', 'vitals');

  app.get('/api/subjects/:id/trend', { config }, async (request: SubjectRequest, reply) => {
    const asked = questionOf(request, TrendQuery, ports);
    if (asked === undefined || asked.query.to <= asked.query.from)
      return await refuse(reply, request, ports);
    const { subject, query } = asked;
    const span: Span = { fromMs: query.from, toMs: query.to };
    const unreadable: UnreadablePart[] = [];
    const whose = { subjectId: subject.id, metrics: query.metrics };
    const lanes = await ports.telemetry.trend({
      ...whose,
      ...span,
      points: query.points,
      unreadable,
    });
    if (lanes === undefined) return await sendFault(reply, fail('QUERY_TOO_WIDE', TOO_WIDE).fault);
    return { ...span, lanes, unreadable } satisfies Trend;
  });
}
