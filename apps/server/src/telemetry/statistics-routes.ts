/** Mean, spread and percentiles, also by time of day: GET /api/subjects/{id}/statistics. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { StatisticsAnswer } from '@ausculta/contract/statistics';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ofSubject } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { dayClock } from './day-clock.ts';
import {
  Metrics,
  questionOf,
  refuse,
  type SubjectRequest,
  type TelemetryRoutePorts,
  Time,
} from './questions.ts';
import { SeriesStatistics } from './series-statistics.ts';

/** A year of one vital at 1 Hz, and some. */
const READINGS_MAX = 50_000_000;

/** Vitals take hundreds of different values; only raw doubles take more, and each costs memory. */
const COUNTS_MAX = 1_000_000;

const Zone = z
  .string()
  .max(100)
  .transform((text, context) => {
    const minuteAt = dayClock(text);
    if (minuteAt !== undefined) return minuteAt;
    context.addIssue({ code: 'custom', message: 'no such time zone' });
    return z.NEVER;
  });

export const StatisticsQuery = z.object({
  metrics: Metrics,
  from: Time,
  to: Time,
  /** As IANA names them: there is no zone that is right for every patient. */
  zone: Zone.optional(),
  binMinutes: z.coerce
    .number()
    .int()
    .min(5)
    .max(1_440)
    .refine((minutes) => 1_440 % minutes === 0)
    .default(60),
});

export function statisticsRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = ofSubject('read', 'vitals');

  app.get('/api/subjects/:id/statistics', { config }, async (request: SubjectRequest, reply) => {
    const asked = questionOf(request, StatisticsQuery, ports);
    if (asked === undefined || asked.query.to <= asked.query.from)
      return await refuse(reply, request, ports);
    const { from: fromMs, to: toMs, metrics, zone: minuteAt, binMinutes } = asked.query;
    const found = new SeriesStatistics(minuteAt && { minuteAt, binMinutes });
    const unreadable: UnreadablePart[] = [];
    const of = { subjectId: asked.subject.id, metrics, unreadable };
    const wide = { ...of, fromMs, toMs, newestFirst: false };
    for await (const ranges of ports.telemetry.windows(wide)) {
      found.add(ranges);
      if (request.raw.socket.destroyed) return reply;
      if (found.readings > READINGS_MAX || found.size > COUNTS_MAX) {
        const why = 'more readings, or different values, than fit: ask for less time';
        return await sendFault(reply, fail('QUERY_TOO_WIDE', why).fault);
      }
    }
    return { fromMs, toMs, series: found.answer(), unreadable } satisfies StatisticsAnswer;
  });
}
