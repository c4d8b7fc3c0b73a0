/** Whether what is to be written may be: of the type and id that its address says, and valid by base R4. */
import { isError } from '@ausculta/fhir/validation';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { Act } from './acts.ts';
import { type Answer, refuse, refuseInvalid } from './answer.ts';
import { inTurns } from './in-turns.ts';
import type { Knowledge } from './knowledge.ts';

export interface ValidPorts {
  readonly knowledge: Knowledge;
  readonly pause: () => Promise<void>;
}

export async function validIn(
  act: Act,
  { knowledge, pause }: ValidPorts,
): Promise<Answer<undefined>> {
  if (act.kind === 'delete' || act.kind === 'delete-where') return { ok: true, value: undefined };
  const { resource, type } = act;
  if (resource.resourceType !== type) {
    const text = 'The resource is of another type than the address.';
    return refuse(400, { code: 'invalid', text, at: 'resourceType' });
  }
  if (act.kind === 'update' && resource.id !== act.id) {
    const text = 'The resource has another id than the address, or none.';
    return refuse(400, { code: 'invalid', text, at: `${type}.id` });
  }
  const issues: OperationOutcomeIssue[] = [];
  for await (const part of inTurns(knowledge.issuesInParts(resource), pause)) issues.push(...part);
  return issues.some(isError) ? refuseInvalid(issues) : { ok: true, value: undefined };
}
