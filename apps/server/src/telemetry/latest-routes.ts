/** The last readings of many subjects at once: POST /api/latest. */
import { LATEST_SUBJECTS_MAX, type Latest, LatestQuestion } from '@ausculta/contract/latest';
import { fail } from '@ausculta/vitals/fault';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { FastifyInstance } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { callerOf, ofEach } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { subjectsOf } from './cohort.ts';
import { latestOfMany } from './last-readings.ts';
import type { TelemetryRoutePorts } from './questions.ts';

/** Ten thousand ids, each with its quotes and comma. */
const BODY_BYTES_MAX = 512 * 1024;

export function latestRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = ofEach('search', 'vitals');

  app.post('/api/latest', { config, bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    const question = LatestQuestion.safeParse(request.body);
    if (!question.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const metrics = question.data.metrics.map((key) => metricByKey(key));
    const known = metrics.filter((metric) => metric !== undefined);
    if (known.length < metrics.length)
      return await sendFault(reply, fail('METRIC_UNKNOWN', 'metrics').fault);
    const { organisationId } = callerOf(request);
    const cohort = subjectsOf(ports.registry, organisationId, question.data.subjects);
    if (cohort.subjects.length > LATEST_SUBJECTS_MAX) {
      const why = `more than ${LATEST_SUBJECTS_MAX} subjects: name those that you want`;
      return await sendFault(reply, fail('QUERY_TOO_WIDE', why).fault);
    }
    const asked = { subjects: cohort.subjects.map(({ id }) => id), metrics: known };
    const found = await latestOfMany(ports.telemetry.queryPorts, asked);
    noteRead(request, asked.subjects);
    return { nowMs: ports.nowMs(), ...found, notFound: cohort.notFound } satisfies Latest;
  });
}
