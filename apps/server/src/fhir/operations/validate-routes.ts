/** `$validate` of a type, of an instance, and of what is stored. The answer is 200 whatever is wrong with the resource. */
import type { Resource } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { type Answer, outcomeOf, refuse } from '../answer.ts';
import { sendRefusal } from '../http-answer.ts';
import type { Repository } from '../repository.ts';
import { FHIR_ROUTE, type OfResource, type OfType } from '../route-kind.ts';
import { type OperationAsked, readAsked, UNKNOWN_PARAMETER, unknownIn } from './parameters.ts';
import { ALL_WELL, issuesBy } from './validate.ts';

interface ValidatePorts {
  readonly repository: Repository;
  readonly pause: () => Promise<void>;
}

export function validateRoutes(app: FastifyInstance, ports: ValidatePorts): void {
  const answer = (request: FastifyRequest<OfType | OfResource>, reply: FastifyReply) =>
    answerValidate(ports, request, reply);
  app.post<OfType>('/:type/$validate', FHIR_ROUTE, answer);
  app.get<OfResource>('/:type/:id/$validate', FHIR_ROUTE, answer);
  app.post<OfResource>('/:type/:id/$validate', FHIR_ROUTE, answer);
}

const KNOWN = ['profile', 'mode'];
const MODES = ['create', 'update', 'delete', 'profile'];

async function answerValidate(
  { repository, pause }: ValidatePorts,
  request: FastifyRequest<OfType | OfResource>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { type, id } = request.params as { readonly type: string; readonly id?: string };
  const given = readAsked(request);
  if (!given.ok) return await sendRefusal(reply, given.refusal);
  const { texts } = given.value;
  if (unknownIn(given.value, KNOWN) !== undefined)
    return await sendRefusal(reply, UNKNOWN_PARAMETER.refusal);
  const mode = texts.get('mode');
  if (mode !== null && !MODES.includes(mode)) return await sendRefusal(reply, NO_MODE.refusal);
  const { organisationId } = callerOf(request);
  const stored = id === undefined ? undefined : await repository.read(organisationId, { type, id });
  if (stored !== undefined && !stored.ok) return await sendRefusal(reply, stored.refusal);
  const resource = resourceOf(given.value, stored?.value.text);
  if (!resource.ok) return await sendRefusal(reply, resource.refusal);
  if (resource.value.resourceType !== type) return await sendRefusal(reply, OTHER_TYPE.refusal);
  const found = await issuesBy(texts.getAll('profile'), resource.value, pause);
  if (!found.ok) return await sendRefusal(reply, found.refusal);
  const issues = found.value.length === 0 ? [ALL_WELL] : found.value;
  return await reply.type(FHIR_JSON).send(outcomeOf(issues));
}

/** What was sent, or else what is stored. */
function resourceOf({ resources }: OperationAsked, text: string | undefined): Answer<Resource> {
  const sent = resources.get('resource');
  if (sent !== undefined) return { ok: true, value: sent };
  return text === undefined ? MISSING : { ok: true, value: JSON.parse(text) as Resource };
}

const NO_MODE = refuse(400, { code: 'value', text: `mode is one of ${MODES.join(', ')}.` });

const MISSING = refuse(400, {
  code: 'required',
  text: 'The resource is missing: as the body, or as the parameter "resource" of Parameters.',
});

const OTHER_TYPE = refuse(400, {
  code: 'invalid',
  text: 'The resource is of another type than the address.',
  at: 'resourceType',
});
