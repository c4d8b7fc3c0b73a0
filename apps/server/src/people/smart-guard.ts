/**
 * What a SMART token's scopes leave of what its client may do: a token narrows, and never opens. It is for
 * FHIR alone. A question that may tell of other types than the one it names needs the scope of all of them.
 */
import type { SmartScope } from '@ausculta/policy/smart-scope';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { FHIR_BASE, sendFault } from './problem.ts';

const LETTERS = { c: 1, r: 2, u: 4, d: 8, s: 16 } as const;
type Letter = keyof typeof LETTERS;

export function holdToScopes(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const scopes = request.caller?.scopes;
    if (scopes === undefined || isWithin(scopes, request)) return;
    return await sendFault(reply, fail('NOT_PERMITTED').fault);
  });
}

function isWithin(scopes: readonly SmartScope[], request: FastifyRequest): boolean {
  const route = request.routeOptions.url;
  // What is no route is answered as such.
  if (route === undefined || route === '/*') return true;
  if (!route.startsWith(`${FHIR_BASE}/`) && route !== FHIR_BASE) return false;
  const [type, letters] = neededFor(request, route.slice(FHIR_BASE.length));
  const given = scopes
    .filter(({ compartment, parameters }) => compartment === 'system' && parameters.length === 0)
    .filter(({ resourceType }) => resourceType === '*' || resourceType === type)
    .reduce((bits, scope) => bits | scope.letters, 0);
  return [...letters].every((letter) => (given & LETTERS[letter]) !== 0);
}

const EVERYTHING = '*';

/** Of which type, and which letters of `cruds`. */
function neededFor(request: FastifyRequest, route: string): [string, readonly Letter[]] {
  const { type } = request.params as { readonly type?: string };
  const { method } = request;
  const isRead = method === 'GET' || method === 'HEAD';
  // What is told to a subscriber is of any type.
  if (type === undefined || type === 'Subscription')
    return [EVERYTHING, isRead ? ['r', 's'] : ['c', 'r', 'u', 'd', 's']];
  switch (route) {
    case '/:type':
      if (isRead) return [leadsElsewhere(request) ? EVERYTHING : type, ['s', 'r']];
      // A conditional one finds before it writes.
      return [type, method === 'POST' ? ['c', 's'] : ['c', 'u', 'd', 's']];
    case '/:type/:id':
      if (isRead) return [type, ['r']];
      // What is written under an id that nobody has is made by it.
      return [type, method === 'DELETE' ? ['d'] : ['c', 'u']];
    case '/:type/:id/_history':
    case '/:type/:id/_history/:version':
      return [type, ['r']];
    case '/:type/_search':
      return [EVERYTHING, ['r', 's']];
    default:
      return [EVERYTHING, isRead ? ['r', 's'] : ['c', 'r', 'u', 'd', 's']];
  }
}

/** `_include`, `_has`, `subject.name`: an answer about one type that tells of another. */
function leadsElsewhere(request: FastifyRequest): boolean {
  const names = Object.keys(request.query as Record<string, unknown>);
  return names.some((name) => /^_(include|revinclude|has|filter|list|type)|\.|^_query/.test(name));
}
