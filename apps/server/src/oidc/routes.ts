/** The authorisation server inside ours, and what SMART asks to be told of it. */
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sql } from '../database/pool.ts';
import { FHIR_BASE, sendFault } from '../people/problem.ts';
import type { SignIn } from '../people/sign-in.ts';
import { clientAndAddress } from './asking-client.ts';
import { authoriseRoutes } from './authorise-routes.ts';
import { Authorising, type AuthorisingPorts } from './authorising.ts';
import { clientRoutes } from './client-routes.ts';
import { type AppRoutePorts, appRoutes } from './launch-routes.ts';
import { OIDC_BASE, type Oidc } from './open-oidc.ts';
import { type AddressPorts, asAskedAt, baseOf, withBody } from './own-address.ts';
import { smartConfiguration } from './smart-configuration.ts';

export interface OidcRoutePorts extends AddressPorts, AuthorisingPorts {
  readonly oidc: Oidc;
  readonly people: Sql;
  readonly signIn: SignIn;
  readonly randomToken: () => string;
  readonly stayOf: AppRoutePorts['stayOf'];
}

/** Of one client: a clinic opens an app some times a minute, and a screen that waits for its code asks each 5 s. */
const RATE = { max: 600, timeWindow: 60_000 };
/** Many wards behind one address, each with apps of its own: none of them uses up what is the others'. */
const ADDRESS_RATE = { max: 6_000, timeWindow: 60_000 };
/** Asking to be let in takes no credentials and is written down: it must not shut out who redeems a code. */
const AUTH_RATE = { max: 120, timeWindow: 60_000 };
const AUTH_BYTES_MAX = 4096;
/** What programs and apps ask. Pages and forms of its own it has as well: a person meets ours alone. */
const OF_PROVIDER =
  /^\/(\.well-known\/openid-configuration|auth(\/[\w-]+)?|token(\/(revocation|introspection))?|jwks|device-authorization)$/;

const FORM = 'application/x-www-form-urlencoded';

const PUBLIC = { config: { access: 'public', rateLimit: RATE } } as const;

export async function oidcRoutes(app: FastifyInstance, ports: OidcRoutePorts): Promise<void> {
  const base = () => baseOf(app, ports);
  clientRoutes(app, ports);
  authoriseRoutes(app, {
    authorising: new Authorising(ports),
    provider: () => ports.oidc.provider(base()),
  });
  appRoutes(app, { ...ports, iss: () => `${base()}${FHIR_BASE}` });

  app.get(`${FHIR_BASE}/.well-known/smart-configuration`, PUBLIC, (_request, reply) => {
    // Not FHIR itself: plain JSON, as SMART App Launch has it.
    reply.type('application/json');
    return smartConfiguration(base());
  });

  /** The code is typed in on a page of ours, by whoever is signed in there. */
  app.get<{ Querystring: { user_code?: string } }>(
    `${OIDC_BASE}/device`,
    PUBLIC,
    async ({ query: { user_code: code } }, reply) => {
      const shown = code === undefined ? '' : `#${encodeURIComponent(code)}`;
      return await reply.redirect(`/device-code${shown}`, 303);
    },
  );

  await app.register((oidc, _options, done) => {
    // The provider reads the body by itself; a form is looked into before.
    oidc.removeAllContentTypeParsers();
    oidc.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    oidc.addContentTypeParser('*', (_request, _body, parsed) => parsed(null));
    const method = ['GET', 'POST', 'OPTIONS'];
    oidc.route({
      config: { access: 'public', rateLimit: AUTH_RATE },
      bodyLimit: AUTH_BYTES_MAX,
      method,
      url: `${OIDC_BASE}/auth`,
      handler: async (request, reply) => {
        const [, query = ''] = request.url.split('?', 2);
        if (query.length <= AUTH_BYTES_MAX) return await hand(request, reply);
        return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'the query is too long').fault);
      },
    });
    oidc.route({
      config: { access: 'public', rateLimit: ADDRESS_RATE },
      method,
      url: `${OIDC_BASE}/*`,
      // Once the form is there, which says who asks.
      preHandler: heldByClient(oidc),
      handler: hand,
    });
    done();
  });

  async function hand(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const path = request.url.slice(OIDC_BASE.length).split('?', 1)[0] ?? '';
    if (!OF_PROVIDER.test(path)) return await sendFault(reply, fail('NOT_FOUND').fault);
    const { provider } = await ports.oidc.provider(base());
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    reply.hijack();
    const asked = asAskedAt(base(), request.raw);
    const whole = await ports.oidc.withClient(request.body, request.headers);
    const handed = whole === undefined ? asked : withBody(asked, whole);
    await provider.callback()(handed, reply.raw);
    return reply;
  }
}

function heldByClient(app: FastifyInstance) {
  const countOf = app.createRateLimit({ ...RATE, keyGenerator: clientAndAddress });
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const count = await countOf(request);
    if (count.isAllowed || !count.isExceeded) return undefined;
    reply.header('retry-after', String(count.ttlInSeconds));
    return await sendFault(reply, fail('RATE_EXCEEDED').fault);
  };
}
