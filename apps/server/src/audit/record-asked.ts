/** What is told of a record to whom it is about, and to whoever keeps the audit: of whom, and before when. */
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callerOf, refusalOf, viewerOf } from '../people/access.ts';

export interface OfRecord {
  Params: { id: string };
}

/** The next page begins before the oldest of this one. */
export const RecordQuery = z.object({
  before: z.coerce.number().int().min(0).default(Number.MAX_SAFE_INTEGER),
});

interface RecordAsked {
  readonly subjectId: SubjectId;
  readonly beforeMs: number;
}

/** `isSubject`: of an organisation, erased or not. */
export function recordAsked(
  request: FastifyRequest<OfRecord>,
  isSubject: (organisationId: string, id: string) => boolean,
): Result<RecordAsked> {
  const query = RecordQuery.safeParse(request.query);
  if (!query.success) return fail('PAYLOAD_MALFORMED', 'before');
  const subjectId = parseSubjectId(request.params.id);
  if (subjectId === undefined || !isSubject(callerOf(request).organisationId, subjectId))
    return fail('NOT_FOUND');
  const viewer = viewerOf(request);
  const decision = viewer.decide({ action: 'read', dataClass: 'disclosures', subjectId });
  if (!decision.isPermitted && !viewer.may({ action: 'read', dataClass: 'audit' }))
    return { ok: false, fault: refusalOf(decision) };
  return ok({ subjectId, beforeMs: query.data.before });
}
