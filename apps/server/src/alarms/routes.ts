import type { AlarmList, LimitList } from '@ausculta/contract/alarms';
import { SNOOZE_MINUTES_MAX, type SnoozeRefusal, snoozeRefusal } from '@ausculta/rules/snooze';
import { ALARM_PRIORITIES } from '@ausculta/vitals/alarm';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { noteRead } from '../audit/noted-reads.ts';
import { viewAsPlatform } from '../database/viewing.ts';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf, ofEach, ofSubject, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { isMoreUrgent, isOpen } from './alarm-change.ts';
import type { Answerer } from './answers.ts';
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

/** In whole minutes; why, in the words of whoever snoozes it. */
export const SnoozeRequest = z.strictObject({
  subjectId: z.string(),
  minutes: z.number().int().min(1).max(SNOOZE_MINUTES_MAX),
  reason: z.string().trim().min(1).max(200),
});

const SNOOZE_REFUSALS: Record<SnoozeRefusal, string> = {
  high: 'A high alarm is not snoozed: see the patient, acknowledge it, or pause its sound.',
  technical: 'Look at the device and the patient: what has to be mended is not snoozed.',
  happening: 'Each time counts: what happens again is told again, so acknowledge it.',
  over: 'It is over: acknowledge it.',
};

interface AlarmRoutePorts {
  readonly alarms: AlarmBook;
  readonly registry: Registry;
}

export function alarmRoutes(app: FastifyInstance, ports: AlarmRoutePorts): void {
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
      const limits = alarms.watch.limitsOf(subject.id).map((rule) => ({
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

  answerRoutes(app, ports);
}

// Alarm ids hold slashes, so they come encoded; a program is not a person and answers nothing.
function answerRoutes(app: FastifyInstance, ports: AlarmRoutePorts): void {
  const { alarms } = ports;
  app.post<OfAlarm>(
    '/api/alarms/:id/acknowledge',
    { config: ofEach('acknowledge', 'alarms') },
    async (request, reply) => {
      const body = Acknowledgement.safeParse(request.body);
      const asked = answererOf(request, body.data?.subjectId, ports);
      if (!asked.ok) return await sendFault(reply, asked.fault);
      if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
      const { who, alarm } = asked.value;
      const { priority: seen } = body.data;
      const present = alarms.openOf(alarm.subjectId).find(({ id }) => id === alarm.id);
      const isGreater = present && seen !== undefined && isMoreUrgent(present.priority, seen);
      if (isGreater === true) return present;
      const answer = { kind: 'acknowledged' } as const;
      const answered = await viewAsPlatform(() => alarms.answer(who, alarm, answer));
      return answered ?? (await sendFault(reply, fail('NOT_FOUND').fault));
    },
  );

  app.post<OfAlarm>(
    '/api/alarms/:id/snooze',
    { config: ofEach('acknowledge', 'alarms') },
    async (request, reply) => {
      const body = SnoozeRequest.safeParse(request.body);
      const asked = answererOf(request, body.data?.subjectId, ports);
      if (!asked.ok) return await sendFault(reply, asked.fault);
      if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
      const { who, alarm } = asked.value;
      const { minutes, reason } = body.data;
      const present = alarms.openOf(alarm.subjectId).find(({ id }) => id === alarm.id);
      if (present === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const refusal = snoozeRefusal(present);
      if (refusal !== undefined)
        return await sendFault(reply, fail('SNOOZE_REFUSED', SNOOZE_REFUSALS[refusal]).fault);
      const answer = { kind: 'snoozed', minutes, reason } as const;
      const answered = await viewAsPlatform(() => alarms.answer(who, alarm, answer));
      return answered ?? (await sendFault(reply, fail('NOT_FOUND').fault));
    },
  );
}

interface OfAlarm {
  Params: { id: string };
}

/** Who answers which alarm, if they are a person who may. */
function answererOf(
  request: FastifyRequest<OfAlarm>,
  subject: string | undefined,
  { registry }: Pick<AlarmRoutePorts, 'registry'>,
): Result<{ who: Answerer; alarm: { subjectId: SubjectId; id: string } }> {
  const { accountId, displayName, organisationId } = callerOf(request);
  if (accountId === undefined) return fail('NOT_PERMITTED');
  if (subject === undefined) return fail('PAYLOAD_MALFORMED');
  const known = subjectOf(registry, organisationId, subject);
  if (known === undefined) return fail('NOT_FOUND');
  const asked = { action: 'acknowledge', dataClass: 'alarms', subjectId: known.id } as const;
  const decision = viewerOf(request).decide(asked);
  if (!decision.isPermitted) return { ok: false, fault: refusalOf(decision) };
  const who = { accountId, displayName, organisationId };
  return ok({ who, alarm: { subjectId: known.id, id: request.params.id } });
}
