/**
 * What a SMART token is for, before anything is done: FHIR alone, and there what its scopes say. What is then
 * found, told and written is held by the viewer, resource by resource (access/smart-limits.ts).
 */
import { bitsOf } from '@ausculta/policy/smart-scope';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SmartLimits } from '../access/smart-limits.ts';
import { FHIR_BASE, sendFault } from './problem.ts';

export function holdToScopes(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const limits = request.viewer?.scopes;
    if (limits === undefined || isWithin(limits, request)) return;
    return await sendFault(reply, fail('NOT_PERMITTED').fault);
  });
}

function isWithin(limits: SmartLimits, request: FastifyRequest): boolean {
  const route = request.routeOptions.url;
  // What is no route is answered as such.
  if (route === undefined || route === '/*') return true;
  if (!route.startsWith(`${FHIR_BASE}/`) && route !== FHIR_BASE) return false;
  const within = route.slice(FHIR_BASE.length);
  // It goes on when the person who gave the token is gone.
  const isOfPrograms = OF_PROGRAMS.test(within) || typeOf(request) === 'Subscription';
  if (isOfPrograms && request.caller?.accountId !== undefined) return false;
  return isOfOneType(limits, request, within) ?? isOfAllTypes(limits, request, within);
}

const OF_PROGRAMS = /\/(Subscription|\$(export|import|merge|unmerge|match|claim))(\/|$)/;

const typeOf = ({ params }: FastifyRequest): string | undefined =>
  (params as { readonly type?: string }).type;

/** Undefined where it may tell of others. */
function isOfOneType(
  limits: SmartLimits,
  request: FastifyRequest,
  route: string,
): boolean | undefined {
  const type = typeOf(request);
  // What is told to a subscriber is of any type.
  if (type === undefined || type === 'Subscription') return undefined;
  const may = (letters: string) => limits.reaches(type, bitsOf(letters));
  switch (`${request.method} ${route}`) {
    case 'GET /:type':
    case 'HEAD /:type':
    case 'POST /:type/_search':
      return may('s');
    case 'POST /:type':
      return may('c');
    // What is written under an id that nobody has is made by it.
    case 'PUT /:type':
    case 'PUT /:type/:id':
      return may('cu');
    // A patch can ask what there is.
    case 'PATCH /:type/:id':
      return may('r') && may('u');
    case 'DELETE /:type':
    case 'DELETE /:type/:id':
      return may('d');
    case 'GET /:type/:id':
    case 'HEAD /:type/:id':
    case 'GET /:type/:id/_history':
    case 'HEAD /:type/:id/_history':
    case 'GET /:type/:id/_history/:version':
    case 'HEAD /:type/:id/_history/:version':
      return may('r');
    default:
      return undefined;
  }
}

const ASKED_IN_PARTS = /\$graphql$/;

/** Operations that tell and write nothing, although they are posted. */
const ONLY_TELLS = /^\/(_search|.*\$(lastn|stats|waveform|closed-loop|summary|validate))$/;

function isOfAllTypes(limits: SmartLimits, request: FastifyRequest, route: string): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  // Each entry of a Bundle, and each field of a GraphQL question, is asked for by itself.
  if (ASKED_IN_PARTS.test(route)) return true;
  if (route === '' || route === '/') return isRead ? limits.mayOfAll('rs') : true;
  if (route === '/Patient/:id/$everything') return limits.mayRead('Patient');
  return limits.mayOfAll(isRead || ONLY_TELLS.test(route) ? 'rs' : 'cruds');
}
