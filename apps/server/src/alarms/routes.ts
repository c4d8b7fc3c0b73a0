import type { AlarmList, LimitList } from '@ausculta/contract/alarms';
import { ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { fail } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { noteRead } from '../audit/noted-reads.ts';
import { viewAsPlatform } from '../database/viewing.ts';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf, ofEach, ofSubject, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { isMoreUrgent, isOpen } from './alarm-change.ts';
import type { AlarmBook } from './book.ts';

export const AlarmsQuery = z.object({
  state: z.enum(['open', 'all']).default('open'),
  subject: z.string().optional(),
});

/** `priority`: as it was seen. Who saw the lesser has not seen the greater (safety S13). */
export const Acknowledgement = z.strictObject({
  subjectId: z.string(),
  priority: z.enum(ALARM_PRIORITIES).optional(),
});

export function alarmRoutes(
  app: FastifyInstance,
  ports: { alarms: AlarmBook; registry: Registry },
): void {
  const { alarms, registry } = ports;
  app.get('/api/alarms', { config: ofEach('read', 'alarms') }, async (request, reply) => {
    const query = AlarmsQuery.safeParse(request.query);
    if (!query.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const { organisationId } = callerOf(request);
    const viewer = viewerOf(request);
    const { state, subject } = query.data;
    const list = alarms.all(
      (view, owner) =>
        owner === organisationId &&
        (subject === undefined || view.subjectId === subject) &&
        (state === 'all' || isOpen(view)) &&
        viewer.seesAlarmsOf(view.subjectId as SubjectId),
    );
    const whose = list.map(({ subjectId }) => subjectId);
    noteRead(request, whose, { mayOwe: true });
    return { alarms: list } satisfies AlarmList;
  });

  app.get<{ Params: { id: string } }>(
    '/api/subjects/:id/limits',
    { config: ofSubject('read', 'protocols') },
    async (request, reply) => {
      const subject = subjectOf(registry, callerOf(request).organisationId, request.params.id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const limits = alarms.limitsOf(subject.id).map((rule) => ({
        ruleKey: rule.key,
        vital: rule.vital,
        direction: rule.direction,
        limit: rule.limit,
        delayMs: rule.delayMs,
        priority: rule.priority,
        source: rule.source,
      }));
      return { limits } satisfies LimitList;
    },
  );

  // Alarm ids hold slashes, so they come encoded; a program is not a person and cannot acknowledge.
  app.post<{ Params: { id: string } }>(
    '/api/alarms/:id/acknowledge',
    { config: ofEach('acknowledge', 'alarms') },
    async (request, reply) => {
      const { accountId, displayName, organisationId } = callerOf(request);
      const body = Acknowledgement.safeParse(request.body);
      if (accountId === undefined) return await sendFault(reply, fail('NOT_PERMITTED').fault);
      if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
      const subject = subjectOf(registry, organisationId, body.data.subjectId);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const asked = { action: 'acknowledge', dataClass: 'alarms', subjectId: subject.id } as const;
      const decision = viewerOf(request).decide(asked);
      if (!decision.isPermitted) return await sendFault(reply, refusalOf(decision));
      const { priority: seen } = body.data;
      const present = alarms.openOf(subject.id).find(({ id }) => id === request.params.id);
      const isGreater = present && seen !== undefined && isMoreUrgent(present.priority, seen);
      if (isGreater === true) return present;
      const who = { accountId, displayName, organisationId };
      const alarm = await viewAsPlatform(() =>
        alarms.acknowledge(who, { subjectId: subject.id, id: request.params.id }),
      );
      return alarm ?? (await sendFault(reply, fail('NOT_FOUND').fault));
    },
  );
}
