/** Emergency access, and its review. */
import { BreakGlass, type BrokenGlassList } from '@ausculta/contract/access';
import { BREAK_GLASS_MAX_MS } from '@ausculta/policy/request';
import { fail } from '@ausculta/vitals/fault';
import { parseSubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofHouse, refusalOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { type AccessRoutePorts, iso, type OfId } from './route-ports.ts';
import * as store from './standing-store.ts';

const BROKEN_LISTED_MAX = 500;

export function glassRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  const { sql, registry, gate, acts, keys, newId, nowMs } = ports;

  app.post<OfId>(
    '/api/subjects/:id/break-glass',
    { config: { access: 'signed-in' } },
    async (request, reply) => {
      const body = BreakGlass.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const caller = callerOf(request);
      const { accountId } = caller;
      const subjectId = parseSubjectId(request.params.id);
      const subject = subjectId && registry.subjects.get(subjectId);
      const untilMs = nowMs() + Math.min(body.data.minutes * 60_000, BREAK_GLASS_MAX_MS);
      const { reason } = body.data;
      // A program stands at no bed, and nobody reaches over to another house without a grant.
      if (accountId === undefined || caller.organisationId !== caller.homeOrganisationId)
        return await sendFault(reply, fail('NOT_PERMITTED').fault);
      if (subject?.organisationId !== caller.organisationId)
        return await sendFault(reply, fail('NOT_FOUND').fault);
      const glass = { actorId: accountId, subjectId: subject.id, reason, fromMs: nowMs(), untilMs };
      const decision = gate.decideThroughGlass(caller, glass);
      if (!decision.isPermitted) return await sendFault(reply, refusalOf(decision));
      const seal = keys.sealOf(subject.id);
      if (seal === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const row = await acts.breakGlass(
        { ...caller, accountId },
        { id: newId(), subjectId: subject.id, reason, untilMs, seal },
      );
      return await reply.code(201).send(glassView(row));
    },
  );

  app.get(
    '/api/broken-glass',
    { config: ofHouse('search', 'audit') },
    async (request): Promise<BrokenGlassList> => {
      const { organisationId } = callerOf(request);
      const rows = await store.listGlass(sql, organisationId, BROKEN_LISTED_MAX);
      const names = await store.namedAccounts(sql, [...new Set(rows.map((row) => row.account_id))]);
      // Why somebody was in danger is of that person.
      noteRead(
        request,
        rows.map((row) => row.subject_id),
      );
      const broken = rows.map((row) => {
        const name = names.get(row.account_id)?.name ?? row.account_id;
        return { ...glassView(row), name, reason: reasonOf(row, keys) };
      });
      return { broken };
    },
  );

  app.post<{ Params: { id: string; glass: string } }>(
    '/api/subjects/:id/break-glass/:glass/review',
    { config: ofHouse('search', 'audit') },
    (request, reply) => answerReview(request, reply, ports),
  );
}

async function answerReview(
  request: FastifyRequest<{ Params: { id: string; glass: string } }>,
  reply: FastifyReply,
  { registry, acts }: AccessRoutePorts,
): Promise<FastifyReply> {
  const caller = callerOf(request);
  const subjectId = parseSubjectId(request.params.id);
  const id = request.params.glass;
  const isHere =
    subjectId && registry.subjects.get(subjectId)?.organisationId === caller.organisationId;
  if (!isHere || !/^[0-9a-f-]{36}$/.test(id))
    return await sendFault(reply, fail('NOT_FOUND').fault);
  const isReviewed = await acts.review(caller, { id, subjectId });
  return isReviewed
    ? await reply.code(204).send()
    : await sendFault(reply, fail('NOT_FOUND').fault);
}

/** Null where the record was erased: its key is gone. */
function reasonOf(
  { subject_id, id, reason_sealed }: store.GlassRow,
  keys: AccessRoutePorts['keys'],
): string | null {
  const opened = keys.sealOf(subject_id)?.open(reason_sealed, store.glassContext(subject_id, id));
  return opened?.ok === true ? new TextDecoder().decode(opened.value) : null;
}

function glassView(row: store.GlassRow) {
  return {
    id: row.id,
    subjectId: row.subject_id,
    accountId: row.account_id,
    from: iso(row.from_ms),
    until: iso(row.until_ms),
    reviewed: row.reviewed_ms !== null,
  };
}
