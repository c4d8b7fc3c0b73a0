/** Writing one resource: create, update, patch, delete, each also by a condition. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../people/access.ts';
import { makerOf } from '../people/makers.ts';
import { FHIR_JSON } from '../people/problem.ts';
import type { Act, Done } from './acts.ts';
import { mayDo } from './allowed.ts';
import { type Answer, outcomeOf, refuse } from './answer.ts';
import type { FhirDocument } from './document.ts';
import { baseOf, describe, prefers, sendRefusal, versionIn } from './http-answer.ts';
import { type Incoming, readIncoming } from './incoming.ts';
import { patched } from './patch.ts';
import type { PostedReadings } from './posted-readings.ts';
import type { Repository } from './repository.ts';
import { FHIR_ROUTE, type OfResource, type OfType } from './route-kind.ts';

export interface WritePorts {
  readonly repository: Repository;
  readonly posted: Pick<PostedReadings, 'take'>;
}

export function writeRoutes(app: FastifyInstance, { repository, posted }: WritePorts): void {
  app.post<OfType>('/:type', FHIR_ROUTE, async (request, reply) => {
    const { type } = request.params;
    const ifNoneExist = headerOf(request, 'if-none-exist');
    const given = incoming(request);
    if (!given.ok) return await sendRefusal(reply, given.refusal);
    const act = {
      kind: 'create',
      type,
      ...given.value,
      ...(ifNoneExist !== undefined && { ifNoneExist: queryOf(ifNoneExist) }),
    } as const;
    const reading = await posted.take(callerOf(request), act);
    if (reading === undefined) return await perform(repository, request, reply, act);
    if (!reading.ok) return await sendRefusal(reply, reading.refusal);
    return await answerDone(request, reply, reading.value);
  });

  app.put<OfResource>('/:type/:id', FHIR_ROUTE, async (request, reply) => {
    const given = incoming(request);
    if (!given.ok) return await sendRefusal(reply, given.refusal);
    const act = {
      kind: 'update',
      ...request.params,
      ...given.value,
      ...ifMatchOf(request),
    } as const;
    return await perform(repository, request, reply, act);
  });

  app.put<OfType>('/:type', FHIR_ROUTE, async (request, reply) => {
    const given = incoming(request);
    if (!given.ok) return await sendRefusal(reply, given.refusal);
    const { type } = request.params;
    const act = {
      kind: 'update-where',
      type,
      query: queryOf(request.url),
      ...given.value,
    } as const;
    return await perform(repository, request, reply, { ...act, ...ifMatchOf(request) });
  });

  app.patch<OfResource>('/:type/:id', FHIR_ROUTE, async (request, reply) => {
    const { type, id } = request.params;
    const { organisationId } = callerOf(request);
    const current = await repository.read(organisationId, { type, id });
    if (!current.ok) return await sendRefusal(reply, current.refusal);
    const given = patched(current.value.text ?? '', String(request.body ?? ''));
    if (!given.ok) return await sendRefusal(reply, given.refusal);
    // Who patches means what is there: it is replaced only if it still is.
    const seen = { ifMatch: current.value.versionId, ...ifMatchOf(request) };
    const act = { kind: 'update', type, id, ...given.value, ...seen } as const;
    return await perform(repository, request, reply, act);
  });

  app.delete<OfResource>('/:type/:id', FHIR_ROUTE, async (request, reply) => {
    const act = { kind: 'delete', ...request.params, ...ifMatchOf(request) } as const;
    return await perform(repository, request, reply, act);
  });

  app.delete<OfType>('/:type', FHIR_ROUTE, async (request, reply) => {
    const { type } = request.params;
    const act = { kind: 'delete-where', type, query: queryOf(request.url) } as const;
    return await perform(repository, request, reply, act);
  });
}

function incoming(request: FastifyRequest): Answer<Incoming> {
  return readIncoming(String(request.body ?? ''));
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  return [request.headers[name]].flat()[0];
}

function ifMatchOf(request: FastifyRequest): { readonly ifMatch?: string } {
  const header = headerOf(request, 'if-match');
  return header === undefined ? {} : { ifMatch: versionIn(header) };
}

/** What follows the question mark, with or without an address before it. */
export function queryOf(text: string): string {
  return text.slice(text.indexOf('?') + 1 || (text.includes('=') ? 0 : text.length));
}

async function perform(
  repository: Repository,
  request: FastifyRequest,
  reply: FastifyReply,
  act: Act,
): Promise<FastifyReply> {
  const caller = callerOf(request);
  const allowed = mayDo([act]);
  if (!allowed.ok) return await sendRefusal(reply, allowed.refusal);
  const { organisationId, accountId } = caller;
  const asker = { actor: accountId, baseUrl: baseOf(request), maker: makerOf(caller) };
  const performed = await repository.perform(organisationId, [act], asker);
  if (!performed.ok) return await sendRefusal(reply, performed.refusal);
  const [done] = performed.value;
  if (done === undefined) return await sendRefusal(reply, NOTHING_DONE.refusal);
  return await answerDone(request, reply, done);
}

const NOTHING_DONE = refuse(500, { code: 'exception', text: 'Nothing was done.' });

async function answerDone(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, document }: Done,
): Promise<FastifyReply> {
  reply.code(status);
  if (document === undefined || document.text === undefined) return await reply.send();
  describe(reply, document);
  reply.header('location', locationOf(request, document));
  if (prefers(request, 'return=minimal')) return await reply.send();
  if (prefers(request, 'return=OperationOutcome')) {
    const text = status === 201 ? 'created' : 'updated';
    const issue = { severity: 'information', code: 'informational', details: { text } } as const;
    return await reply.type(FHIR_JSON).send(outcomeOf([issue]));
  }
  return await reply.type(FHIR_JSON).send(document.text);
}

function locationOf(request: FastifyRequest, { type, id, versionId }: FhirDocument): string {
  return `${baseOf(request)}/${type}/${id}/_history/${versionId}`;
}
