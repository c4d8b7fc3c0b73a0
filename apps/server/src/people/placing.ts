/** What somebody wears, and to whom what it measures goes, is said by who treats them. */
import type { Fault } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyRequest } from 'fastify';
import { refusalOf, viewerOf } from './access.ts';

/** Undefined where the caller may say so of this person; of nobody, whoever admits may. */
export function refusalToPlace(
  request: FastifyRequest,
  subjectId: SubjectId | undefined,
): Fault | undefined {
  const action = subjectId === undefined ? 'create' : 'change';
  const decision = viewerOf(request).decide({ action, dataClass: 'placement', subjectId });
  return decision.isPermitted ? undefined : refusalOf(decision);
}
