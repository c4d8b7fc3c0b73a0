/** Waveforms as blocks: GET /api/subjects/{id}/waveforms. */
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import {
  UNREADABLE_HEADER,
  type UnreadablePart,
  WAVEFORM_QUERY_MAX_MS,
} from '@ausculta/contract/readings';
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

export const WaveformQuery = z.object({ metrics: Metrics, from: Ms, to: Ms });

export function waveformRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = ofSubject('read', 'waveforms');

  app.get('/api/subjects/:id/waveforms', { config }, async (request: SubjectRequest, reply) => {
    const asked = questionOf(request, WaveformQuery, ports);
    const isShort =
      asked !== undefined && asked.query.to - asked.query.from <= WAVEFORM_QUERY_MAX_MS;
    if (asked === undefined || !isShort || asked.query.to <= asked.query.from) {
      return await refuse(reply, request, ports);
    }
    const { subject, query } = asked;
    const span: Span = { fromMs: query.from, toMs: query.to };
    const unreadable: UnreadablePart[] = [];
    const runs = await ports.telemetry.waveforms({
      subjectId: subject.id,
      metrics: query.metrics,
      ...span,
      unreadable,
    });
    const whole = runs.map((run) => ({ ...run, startMs: Math.round(run.startMs) }));
    const block = encodeRuns(whole, NO_COMPRESSION);
    if (!block.ok) return await sendFault(reply, block.fault);
    if (unreadable.length > 0) reply.header(UNREADABLE_HEADER, JSON.stringify(unreadable));
    return await reply.type('application/octet-stream').send(Buffer.from(block.value));
  });
}
