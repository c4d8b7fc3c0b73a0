/** When something held for how long, of whom: POST /api/spells. */
import { SPELL_SUBJECTS_MAX, type SpellAnswer, SpellQuestion } from '@ausculta/contract/spells';
import { fail } from '@ausculta/vitals/fault';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { FastifyInstance } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { callerOf, ofEach } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { subjectsOf } from './cohort.ts';
import type { TelemetryRoutePorts } from './questions.ts';
import { findSpells, usualSilenceMs } from './spells.ts';

export function spellRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = ofEach('search', 'vitals');

  app.post('/api/spells', { config }, async (request, reply) => {
    const asked = SpellQuestion.safeParse(request.body);
    if (!asked.success) {
      const why = asked.error.issues[0]?.message;
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', why).fault);
    }
    const { below, above, atLeastMs, fromMs, toMs } = asked.data;
    const metric = metricByKey(asked.data.metric);
    if (metric === undefined || metric.kind === 'waveform')
      return await sendFault(reply, fail('METRIC_UNKNOWN', 'metric').fault);
    const gapMaxMs = asked.data.gapMaxMs ?? usualSilenceMs(metric);
    if (gapMaxMs === undefined) {
      const why =
        'gapMaxMs: this metric is measured now and then; say how far apart readings may lie';
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', why).fault);
    }
    const { organisationId } = callerOf(request);
    const cohort = subjectsOf(ports.registry, organisationId, asked.data.subjects);
    if (cohort.subjects.length > SPELL_SUBJECTS_MAX) {
      const why = `more than ${SPELL_SUBJECTS_MAX} subjects: name those that you want`;
      return await sendFault(reply, fail('QUERY_TOO_WIDE', why).fault);
    }
    const direction = below === undefined ? 'above' : 'below';
    const bound = below ?? above ?? Number.NaN;
    const found = await findSpells(
      {
        windows: (question) => ports.telemetry.windows(question),
        isGone: () => request.raw.socket.destroyed,
      },
      {
        subjects: cohort.subjects.map(({ id }) => id),
        metric,
        question: { direction, bound, atLeastMs, gapMaxMs, step: metric.resolution },
        ...{ fromMs, toMs },
      },
    );
    if (!found.ok) return await sendFault(reply, found.fault);
    noteRead(
      request,
      cohort.subjects.map(({ id }) => id),
      { act: 'search' },
    );
    const { key, unit } = metric;
    const { notFound } = cohort;
    return { metric: key, unit, gapMaxMs, ...found.value, notFound } satisfies SpellAnswer;
  });
}
