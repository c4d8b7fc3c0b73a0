/**
 * Over HTTP: what admission systems said and was refused, for whoever is at the bed; and two records of
 * one person, an administrator's.
 */
import type { RefusedAdmissionList } from '@ausculta/contract/admissions';
import { SubjectMerge } from '@ausculta/contract/subjects';
import { fail, type Result } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { viewAsPlatform } from '../database/viewing.ts';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf, ofHouse, ofSubject, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { AdmissionDesk } from './admission-desk.ts';
import { type RefusedPorts, refusedAdmissions } from './refused-admissions.ts';

export interface AdmissionRoutePorts extends RefusedPorts {
  readonly registry: Registry;
  readonly desk: AdmissionDesk;
  readonly nowMs: () => number;
}

const SAYS_WHO = { config: ofSubject('change', 'identity') };

interface OfSubject {
  Params: { id: string };
}

export function admissionRoutes(app: FastifyInstance, ports: AdmissionRoutePorts): void {
  const { registry, desk, nowMs } = ports;

  app.get(
    '/api/admissions/refused',
    { config: ofHouse('search', 'identity') },
    async (request): Promise<RefusedAdmissionList> => {
      const { organisationId } = callerOf(request);
      const all = await refusedAdmissions(ports, organisationId);
      const viewer = viewerOf(request);
      // Whoever may not be found is not told of.
      const finds = (id: string | null) => id === null || viewer.finds(id as SubjectId);
      const refused = all
        .filter(({ subjectId }) => finds(subjectId))
        .map((one) => (finds(one.inBed) ? one : { ...one, inBed: null }));
      noteRead(
        request,
        refused.map(({ subjectId }) => subjectId),
      );
      return { refused };
    },
  );

  app.post<OfSubject>('/api/subjects/:id/merge', SAYS_WHO, async (request, reply) => {
    const who = callerOf(request);
    const body = SubjectMerge.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'into').fault);
    const old = subjectOf(registry, who.organisationId, request.params.id);
    const kept = subjectOf(registry, who.organisationId, body.data.into);
    if (old === undefined || kept === undefined) {
      return await sendFault(reply, fail('NOT_FOUND', old && 'into').fault);
    }
    const asked = { action: 'change', dataClass: 'identity', subjectId: kept.id } as const;
    const decision = viewerOf(request).decide(asked);
    if (!decision.isPermitted) return await sendFault(reply, refusalOf(decision));
    if (old === kept) return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'into').fault);
    return await answer(reply, await viewAsPlatform(() => desk.merge(who, { old, kept }, nowMs())));
  });

  app.post<OfSubject>('/api/subjects/:id/unmerge', SAYS_WHO, async (request, reply) => {
    const who = callerOf(request);
    const old = subjectOf(registry, who.organisationId, request.params.id);
    if (old === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
    return await answer(reply, await viewAsPlatform(() => desk.unmerge(who, old, nowMs())));
  });
}

async function answer(reply: FastifyReply, done: Result<void>): Promise<FastifyReply> {
  return done.ok ? await reply.code(200).send({}) : await sendFault(reply, done.fault);
}
