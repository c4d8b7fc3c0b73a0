/** Two records of one person, over HTTP: an administrator's. */
import { SubjectMerge } from '@ausculta/contract/subjects';
import { fail, type Result } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { AdmissionDesk } from './admission-desk.ts';

export interface AdmissionRoutePorts {
  readonly registry: Registry;
  readonly desk: AdmissionDesk;
  readonly nowMs: () => number;
}

const ADMINISTRATOR = { config: { access: 'administrator' } } as const;

interface OfSubject {
  Params: { id: string };
}

export function admissionRoutes(app: FastifyInstance, ports: AdmissionRoutePorts): void {
  const { registry, desk, nowMs } = ports;

  app.post<OfSubject>('/api/subjects/:id/merge', ADMINISTRATOR, async (request, reply) => {
    const who = callerOf(request);
    const body = SubjectMerge.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'into').fault);
    const old = subjectOf(registry, who.organisationId, request.params.id);
    const kept = subjectOf(registry, who.organisationId, body.data.into);
    if (old === undefined || kept === undefined) {
      return await sendFault(reply, fail('NOT_FOUND', old && 'into').fault);
    }
    if (old === kept) return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'into').fault);
    return await answer(reply, await desk.merge(who, { old, kept }, nowMs()));
  });

  app.post<OfSubject>('/api/subjects/:id/unmerge', ADMINISTRATOR, async (request, reply) => {
    const who = callerOf(request);
    const old = subjectOf(registry, who.organisationId, request.params.id);
    if (old === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
    return await answer(reply, await desk.unmerge(who, old, nowMs()));
  });
}

async function answer(reply: FastifyReply, done: Result<void>): Promise<FastifyReply> {
  return done.ok ? await reply.code(200).send({}) : await sendFault(reply, done.fault);
}
