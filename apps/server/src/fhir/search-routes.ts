/** Searching: by the address, or by a form in the body, which keeps names out of addresses. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { callerOf } from '../people/access.ts';
import { FHIR_JSON } from '../people/problem.ts';
import { refuse } from './answer.ts';
import { isHidden, type QuestionPlace } from './hidden-questions.ts';
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

interface Asked {
  readonly type: string | undefined;
  readonly form: string;
}

async function answer(
  ports: SearchPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  { type, form }: Asked,
): Promise<FastifyReply> {
  const { organisationId } = callerOf(request);
  const place = { organisationId, type };
  const told = new URLSearchParams(queryOf(request.url));
  const baseUrl = baseOf(request);
  const address = type === undefined ? baseUrl : `${baseUrl}/${type}`;
  const question = questionOf(ports, place, { told, form: new URLSearchParams(form) });
  if (question === undefined) return await sendRefusal(reply, NO_LONGER_KNOWN.refusal);
  const { parameters, hidden } = question;
  // What was written into a form stays out of addresses: they are kept in logs and histories.
  const selfUrl = told.size === 0 ? address : `${address}?${told}`;
  const nextUrl = (cursor: string): string =>
    hidden === undefined
      ? withCursor(selfUrl, cursor)
      : withCursor(address, ports.questions.hide(place, { parameters: hidden, cursor }));
  const isStrict = prefers(request, 'handling=strict');
  const note = (subjects: readonly string[]) =>
    noteRead(request, subjects, { act: 'search', type });
  const asked = { ...place, parameters, baseUrl, isStrict, selfUrl, nextUrl, note };
  const answered = await searchAnswer(ports, asked);
  if (!answered.ok) return await sendRefusal(reply, answered.refusal);
  return await reply.type(FHIR_JSON).send(answered.value);
}

export function withCursor(address: string, cursor: string): string {
  if (!address.includes('_cursor')) {
    const way = address.includes('?') ? '&' : '?';
    return `${address}${way}${new URLSearchParams({ _cursor: cursor })}`;
  }
  const url = new URL(address);
  url.searchParams.set('_cursor', cursor);
  return url.href;
}

type AskedParameters = readonly (readonly [string, string])[];

interface Question {
  readonly parameters: AskedParameters;
  /** What no address of a later page says; undefined where nothing is hidden. */
  readonly hidden: AskedParameters | undefined;
}

const isOther = ([name]: readonly [string, string]): boolean => name !== '_cursor';

/** Undefined where a link goes on with a question that is not known, or no longer. */
function questionOf(
  { questions }: SearchPorts,
  place: QuestionPlace,
  { told, form }: { readonly told: URLSearchParams; readonly form: URLSearchParams },
): Question | undefined {
  const parameters = [...told, ...form];
  const cursor = told.get('_cursor') ?? '';
  if (!isHidden(cursor))
    return { parameters, hidden: form.size === 0 ? undefined : parameters.filter(isOther) };
  const found = questions.find(place, cursor);
  if (found === undefined) return undefined;
  const goingOn = [...found.parameters, ...parameters.filter(isOther)];
  return { parameters: [...goingOn, ['_cursor', found.cursor]], hidden: found.parameters };
}

const NO_LONGER_KNOWN = refuse(400, {
  code: 'value',
  text: '_cursor is of a next link, and a long question is not kept for long. Ask it again.',
});
