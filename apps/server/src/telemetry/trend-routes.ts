/** Charts: GET /api/subjects/{id}/trend. */
import type { Trend, UnreadablePart } from '@ausculta/contract/readings';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
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
import { TrendLanes } from './trend.ts';

/** A lane is never drawn wider than a screen. */
const TREND_POINTS_MAX = 4_000;

/** Three months of one vital at 1 Hz, or a fortnight of six: some seconds of reading. */
const TREND_READINGS_MAX = 8_000_000;

const TrendQuery = z.object({
  metrics: Metrics,
  from: Ms,
  to: Ms,
  points: z.coerce.number().int().min(10).max(TREND_POINTS_MAX).default(1_000),
});

export function trendRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = { access: 'clinician' } as const;

  app.get('/api/subjects/:id/trend', { config }, async (request: SubjectRequest, reply) => {
    const asked = questionOf(request, TrendQuery, ports);
    if (asked === undefined || asked.query.to <= asked.query.from)
      return await refuse(reply, request, ports);
    const { subject, query } = asked;
    const span: Span = { fromMs: query.from, toMs: query.to };
    const trend = new TrendLanes(span, query.points);
    const unreadable: UnreadablePart[] = [];
    const whose = { subjectId: subject.id, metrics: query.metrics };
    const wide = { ...whose, ...span, newestFirst: false, unreadable };
    for await (const ranges of ports.telemetry.windows(wide)) {
      for (const found of ranges) trend.add(found);
      if (trend.readings > TREND_READINGS_MAX) {
        const why = `more than ${TREND_READINGS_MAX} readings: ask for a shorter time`;
        return await sendFault(reply, fail('QUERY_TOO_WIDE', why).fault);
      }
      if (request.raw.destroyed) return reply;
    }
    return { ...span, lanes: trend.lanes(), unreadable } satisfies Trend;
  });
}
