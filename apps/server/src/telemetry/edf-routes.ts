/** Waveforms as a file for other programs: GET /api/subjects/{id}/edf. */
import { finished, Readable } from 'node:stream';
import { EDF_QUERY_MAX_MS } from '@ausculta/contract/edf';
import { UNREADABLE_HEADER, type UnreadablePart } from '@ausculta/contract/readings';
import { fail } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { callerOf, takenAlong, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { appendAudit } from '../vault/audit.ts';
import { exportEdf } from './edf-export.ts';
import { FIRST_EVENTS } from './events.ts';
import {
  Metrics,
  questionOf,
  refuse,
  type SubjectRequest,
  type TelemetryRoutePorts,
  Time,
} from './questions.ts';

/** Notes of a file; the events of a longer time are asked for by themselves. */
const EVENTS_MAX = 1_000;

export const EdfQuery = z
  .object({
    metrics: Metrics,
    from: Time,
    to: Time,
    identity: z.enum(['none', 'full']).default('none'),
  })
  .refine(({ from, to }) => from < to && to - from <= EDF_QUERY_MAX_MS);

export function edfRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  const config = takenAlong('waveforms');
  // Each holds its samples in memory until it has ended.
  let isBusy = false;

  app.get('/api/subjects/:id/edf', { config }, async (request: SubjectRequest, reply) => {
    const asked = questionOf(request, EdfQuery, ports);
    if (asked === undefined) return await refuse(reply, request, ports);
    if (isBusy) {
      const why = 'another file is being written: ask again in a moment';
      return await sendFault(reply, fail('RATE_EXCEEDED', why).fault);
    }
    const { subject, query } = asked;
    const { from: fromMs, to: toMs, metrics } = query;
    const { organisationId, id: subjectId } = subject;
    const { telemetry } = ports;
    const unreadable: UnreadablePart[] = [];
    const whose = { organisationId, subjectId, fromMs, toMs };
    isBusy = true;
    // Whoever has left before this line is told of as well: an event would have come too early.
    finished(reply.raw, () => {
      isBusy = false;
    });
    const viewer = viewerOf(request);
    const seesEvents = viewer.may({ action: 'export', dataClass: 'events', subjectId });
    const { events } = seesEvents
      ? await telemetry.events({ ...whose, after: FIRST_EVENTS, limit: EVENTS_MAX })
      : { events: [] };
    const file = await exportEdf(
      {
        waveformsBySeries: (question) => telemetry.waveformsBySeries(question),
        events,
        pause: telemetry.queryPorts.pause,
        isGone: () => request.raw.socket.destroyed,
      },
      { subjectId, metrics, fromMs, toMs, unreadable },
      query.identity === 'full' ? subject.identity : undefined,
    );
    if (!file.ok) return await sendFault(reply, file.fault);
    if (query.identity === 'full') await noteNames(ports, request, subjectId);
    if (unreadable.length > 0) reply.header(UNREADABLE_HEADER, JSON.stringify(unreadable));
    return await reply
      .type('application/octet-stream')
      .header('cache-control', 'no-store')
      .header('content-disposition', 'attachment; filename="waveforms.edf"')
      .send(Readable.from(file.value));
  });
}

/** A file with a name in it leaves the house: no such file without its entry. */
async function noteNames(
  { sql, nowMs }: TelemetryRoutePorts,
  request: SubjectRequest,
  subjectId: SubjectId,
): Promise<void> {
  const { organisationId, accountId } = callerOf(request);
  const target = `subject/${subjectId}` as const;
  const act = { act: 'identity-exported', target, atMs: nowMs() } as const;
  await appendAudit(sql, { organisationId, actor: accountId, ...act });
}
