/** `$status`, `$events` and `$get-ws-binding-token` of Subscriptions, and the socket that a token binds. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Parameters } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, NOT_HERE, refuse } from '../fhir/answer.ts';
import { baseOf, bundleText, sendRefusal } from '../fhir/http-answer.ts';
import { readAsked, UNKNOWN_PARAMETER, unknownIn } from '../fhir/operations/parameters.ts';
import { type OfInstance, SUBSCRIPTION_ROUTE } from '../fhir/route-kind.ts';
import { callerOf, credentialOf, viewerOf } from '../people/access.ts';
import { FHIR_BASE, FHIR_JSON } from '../people/problem.ts';
import { CONTENTS, type Content } from './asked.ts';
import type { Subscriptions } from './subscriptions.ts';

export const SOCKET_PATH = '/subscriptions-ws';

/** Of one answer; the next page is named in it. */
const EVENTS_MAX = 100;

export function subscriptionRoutes(fhir: FastifyInstance, subscriptions: Subscriptions): void {
  const status = statusAnswer(subscriptions);
  fhir.get<OfInstance>('/Subscription/:id/$status', SUBSCRIPTION_ROUTE, status);
  fhir.post<OfInstance>('/Subscription/:id/$status', SUBSCRIPTION_ROUTE, status);
  fhir.get('/Subscription/$status', SUBSCRIPTION_ROUTE, status);
  fhir.post('/Subscription/$status', SUBSCRIPTION_ROUTE, status);
  const events = eventsAnswer(subscriptions);
  fhir.get<OfInstance>('/Subscription/:id/$events', SUBSCRIPTION_ROUTE, events);
  fhir.post<OfInstance>('/Subscription/:id/$events', SUBSCRIPTION_ROUTE, events);
  const token = tokenAnswer(subscriptions);
  fhir.get<OfInstance>('/Subscription/:id/$get-ws-binding-token', SUBSCRIPTION_ROUTE, token);
  fhir.post<OfInstance>('/Subscription/:id/$get-ws-binding-token', SUBSCRIPTION_ROUTE, token);
  fhir.get('/Subscription/$get-ws-binding-token', SUBSCRIPTION_ROUTE, token);
  fhir.post('/Subscription/$get-ws-binding-token', SUBSCRIPTION_ROUTE, token);
  // Whoever opens it is nobody yet: a token, which was given to somebody signed in, says who.
  fhir.get(SOCKET_PATH, { config: { access: 'public' }, websocket: true }, (socket) => {
    const unbound = subscriptions.after(BIND_WITHIN_MS, () => socket.terminate());
    const ends = [unbound];
    const events = {
      send: (text: string) => socket.send(text),
      bufferedBytes: () => socket.bufferedAmount,
      close: (code: number, reason: string) => {
        socket.close(code, reason);
        ends.push(subscriptions.after(CLOSE_WITHIN_MS, () => socket.terminate()));
      },
    };
    socket.on('message', (data, isBinary) => {
      const [, text] = isBinary ? [] : (BIND.exec(String(data)) ?? []);
      if (text === undefined)
        return events.close(1008, 'bind-with-token TOKEN is all that is understood');
      const end = subscriptions.sockets.bind(text, events);
      if (end === undefined) return;
      unbound();
      ends.push(end);
    });
    socket.on('close', () => {
      for (const end of ends) end();
    });
    socket.on('error', () => socket.terminate());
  });
}

const BIND = /^bind-with-token:?\s+([A-Za-z0-9_-]{20,100})\s*$/;
const BIND_WITHIN_MS = 10_000;
const CLOSE_WITHIN_MS = 5_000;

interface Asked {
  readonly organisationId: OrganisationId;
  readonly ids: readonly string[];
  readonly texts: URLSearchParams;
}

function askedOf(request: FastifyRequest, known: readonly string[]): Answer<Asked> {
  const given = readAsked(request);
  if (!given.ok) return given;
  if (unknownIn(given.value, known) !== undefined) return UNKNOWN_PARAMETER;
  const { texts } = given.value;
  const { id } = request.params as { readonly id?: string };
  const ids = id === undefined ? texts.getAll('id').flatMap((one) => one.split(',')) : [id];
  return { ok: true, value: { organisationId: callerOf(request).organisationId, ids, texts } };
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

function statusAnswer(subscriptions: Subscriptions): Handler {
  return async (request, reply) => {
    const asked = askedOf(request, ['id', 'status']);
    if (!asked.ok) return await sendRefusal(reply, asked.refusal);
    const { organisationId, ids, texts } = asked.value;
    const isOne = (request.params as { readonly id?: string }).id !== undefined;
    const baseUrl = baseOf(request);
    const statuses = texts.getAll('status').flatMap((one) => one.split(','));
    const wanted = { ids: ids.length === 0 ? undefined : ids, statuses };
    const found = await subscriptions.statuses(organisationId, wanted, baseUrl);
    if (isOne && found.length === 0) return await sendRefusal(reply, NOT_HERE.refusal);
    const entries = found.map((parameters) => ({
      text: JSON.stringify(parameters),
      beside: { search: { mode: 'match' } },
    }));
    return await reply
      .type(FHIR_JSON)
      .send(bundleText({ type: 'searchset', total: found.length }, entries));
  };
}

function eventsAnswer(subscriptions: Subscriptions): Handler {
  return async (request, reply) => {
    const asked = askedOf(request, ['eventsSinceNumber', 'eventsUntilNumber', 'content']);
    if (!asked.ok) return await sendRefusal(reply, asked.refusal);
    const { organisationId, ids, texts } = asked.value;
    const [id = ''] = ids;
    const from = numberIn(texts, 'eventsSinceNumber', 1);
    const until = numberIn(texts, 'eventsUntilNumber', Number.MAX_SAFE_INTEGER);
    const content = texts.get('content') ?? undefined;
    if (from === undefined || until === undefined || !isContent(content))
      return await sendRefusal(reply, EVENTS_ASKED_BADLY.refusal);
    const span = { from, until, limit: EVENTS_MAX };
    const text = await subscriptions.events(
      { organisationId, id },
      { span, content, viewer: viewerOf(request) },
      baseOf(request),
    );
    if (text === undefined) return await sendRefusal(reply, NOT_HERE.refusal);
    return await reply.type(FHIR_JSON).send(text);
  };
}

function numberIn(texts: URLSearchParams, name: string, otherwise: number): number | undefined {
  const text = texts.get(name);
  if (text === null) return otherwise;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function isContent(text: string | undefined): text is Content | undefined {
  return text === undefined || (CONTENTS as readonly string[]).includes(text);
}

const EVENTS_ASKED_BADLY = refuse(400, {
  code: 'value',
  text: `Numbers of events are whole; content is one of ${CONTENTS.join(', ')}.`,
});

function tokenAnswer(subscriptions: Subscriptions): Handler {
  return async (request, reply) => {
    const asked = askedOf(request, ['id']);
    if (!asked.ok) return await sendRefusal(reply, asked.refusal);
    const { organisationId, ids } = asked.value;
    const isBindable =
      ids.length > 0 && ids.every((id) => subscriptions.isOnSocket({ organisationId, id }));
    if (!isBindable) return await sendRefusal(reply, NOT_ON_SOCKET.refusal);
    const credential = credentialOf(request);
    const given = subscriptions.sockets.give({
      ...{ organisationId, ids, credential },
      viewer: viewerOf(request),
    });
    if (given === undefined) return await sendRefusal(reply, TOO_MANY.refusal);
    const url = baseOf(request)
      .replace(/^http/, 'ws')
      .replace(/\/fhir\/R4$/, `${FHIR_BASE}${SOCKET_PATH}`);
    const parameters: Parameters = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'token', valueString: given.token },
        { name: 'expiration', valueDateTime: new Date(given.expiresMs).toISOString() },
        ...ids.map((id) => ({ name: 'subscription', valueString: id })),
        { name: 'websocket-url', valueUrl: url },
      ],
    };
    return await reply
      .header('cache-control', 'no-store')
      .type(FHIR_JSON)
      .send(JSON.stringify(parameters));
  };
}

const NOT_ON_SOCKET = refuse(404, {
  code: 'not-found',
  text: 'Each id names a Subscription of the channel websocket that is requested or active.',
});

const TOO_MANY = refuse(429, { code: 'throttled', text: 'Too many tokens wait to be used.' });
