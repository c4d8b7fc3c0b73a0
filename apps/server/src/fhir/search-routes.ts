/** Searching: by the address, or by a form in the body, which keeps names out of addresses. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../people/access.ts';
import { FHIR_JSON } from '../people/problem.ts';
import { baseOf, prefers, sendRefusal } from './http-answer.ts';
import { FHIR_ROUTE, type OfType } from './route-kind.ts';
import { type SearchPorts, searchAnswer } from './search-answer.ts';
import { queryOf } from './write-routes.ts';

export function searchRoutes(app: FastifyInstance, ports: SearchPorts): void {
  app.get<OfType>('/:type', FHIR_ROUTE, (request, reply) =>
    answer(ports, request, reply, { type: request.params.type, form: '' }),
  );
  app.post<OfType>('/:type/_search', FHIR_ROUTE, (request, reply) =>
    answer(ports, request, reply, { type: request.params.type, form: String(request.body ?? '') }),
  );
  app.get('/', FHIR_ROUTE, (request, reply) =>
    answer(ports, request, reply, { type: undefined, form: '' }),
  );
  app.post('/_search', FHIR_ROUTE, (request, reply) =>
    answer(ports, request, reply, { type: undefined, form: String(request.body ?? '') }),
  );
}

async function answer(
  ports: SearchPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  { type, form }: { readonly type: string | undefined; readonly form: string },
): Promise<FastifyReply> {
  const query = queryOf(request.url);
  const parameters: [string, string][] = [
    ...new URLSearchParams(query),
    ...new URLSearchParams(form),
  ];
  const baseUrl = baseOf(request);
  const told = new URLSearchParams(parameters);
  const place = type === undefined ? baseUrl : `${baseUrl}/${type}`;
  const answered = await searchAnswer(ports, {
    ...{ type, parameters, baseUrl },
    organisationId: callerOf(request).organisationId,
    isStrict: prefers(request, 'handling=strict'),
    selfUrl: told.size === 0 ? place : `${place}?${told}`,
  });
  if (!answered.ok) return await sendRefusal(reply, answered.refusal);
  return await reply.type(FHIR_JSON).send(answered.value);
}
