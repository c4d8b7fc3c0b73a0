/** The authorisation server inside ours, what SMART asks to be told of it, and its clients. */
import type { IncomingMessage } from 'node:http';
import { type ClientList, type ClientView, NewClient } from '@ausculta/contract/clients';
import { parseScopes } from '@ausculta/policy/smart-scope';
import { ROLES } from '@ausculta/policy/vocabulary';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { asOrganisation, type Sql } from '../database/pool.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { FHIR_BASE, sendFault } from '../people/problem.ts';
import { needsFreshProof } from '../people/proof-age.ts';
import type { SignIn } from '../people/sign-in.ts';
import { appendAudit } from '../vault/audit.ts';
import { OIDC_BASE, type Oidc } from './open-oidc.ts';
import { type ClientRow, clientsOf, disableClient, insertClient } from './store.ts';

export interface OidcRoutePorts {
  readonly oidc: Oidc;
  readonly people: Sql;
  readonly signIn: SignIn;
  readonly publicUrl: string | undefined;
  /** By which name its own port is reached. */
  readonly host: string;
  readonly isTls: boolean;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

/** What a program does once for an hour; more is guessing. */
const RATE = { max: 120, timeWindow: 60_000 };
const PUBLIC = { config: { access: 'public', rateLimit: RATE } } as const;
const KEEPS_CLIENTS = { config: ofHouse('administer', 'policy') };

export async function oidcRoutes(app: FastifyInstance, ports: OidcRoutePorts): Promise<void> {
  clientRoutes(app, ports);

  app.get(`${FHIR_BASE}/.well-known/smart-configuration`, PUBLIC, (_request, reply) => {
    const base = `${baseOf(app, ports)}${OIDC_BASE}`;
    // Not FHIR itself: plain JSON, as SMART App Launch has it.
    reply.type('application/json');
    return {
      issuer: base,
      jwks_uri: `${base}/jwks`,
      token_endpoint: `${base}/token`,
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384', 'RS256', 'ES256'],
      grant_types_supported: ['client_credentials'],
      revocation_endpoint: `${base}/token/revocation`,
      introspection_endpoint: `${base}/token/introspection`,
      scopes_supported: ['system/*.rs', 'system/*.cruds'],
      code_challenge_methods_supported: ['S256'],
      capabilities: ['client-confidential-asymmetric', 'permission-v2'],
    };
  });

  await app.register((oidc, _options, done) => {
    // The provider reads the body by itself.
    oidc.removeAllContentTypeParsers();
    oidc.addContentTypeParser('*', (_request, _body, parsed) => parsed(null));
    const routes = { method: ['GET', 'POST'] as const, url: `${OIDC_BASE}/*`, ...PUBLIC };
    oidc.route({
      ...routes,
      method: [...routes.method],
      handler: async (request, reply) => {
        const base = baseOf(app, ports);
        const provider = await ports.oidc.provider({ base, audience: `${base}${FHIR_BASE}` });
        for (const [name, value] of Object.entries(reply.getHeaders()))
          if (value !== undefined) reply.raw.setHeader(name, value);
        reply.hijack();
        await provider.callback()(asAskedAt(base, request.raw), reply.raw);
      },
    });
    done();
  });
}

/**
 * The provider takes its own address, and so the audience of an assertion, from the headers of whoever asks:
 * an assertion made for another server would be taken here by naming that one. It is told ours.
 */
function asAskedAt(base: string, raw: IncomingMessage): IncomingMessage {
  const { host, protocol } = new URL(base);
  for (const name of Object.keys(raw.headers))
    if (/^(x-)?forwarded/.test(name)) delete raw.headers[name];
  raw.headers.host = host;
  raw.headers['x-forwarded-proto'] = protocol.replace(':', '');
  const asked = Object.assign(raw, { originalUrl: raw.url });
  asked.url = (raw.url ?? '').slice(OIDC_BASE.length);
  return asked;
}

function baseOf(app: FastifyInstance, { publicUrl, host, isTls }: OidcRoutePorts): string {
  if (publicUrl !== undefined) return publicUrl;
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `${isTls ? 'https' : 'http'}://${name}:${port}`;
}

function clientRoutes(app: FastifyInstance, ports: OidcRoutePorts): void {
  const { people, newId, nowMs, signIn } = ports;
  const fresh = { ...KEEPS_CLIENTS, preHandler: needsFreshProof(nowMs) };

  app.get('/api/clients', KEEPS_CLIENTS, async (request): Promise<ClientList> => {
    const { organisationId } = callerOf(request);
    const rows = await asOrganisation(people, organisationId, (tx) =>
      clientsOf(tx, organisationId),
    );
    return {
      clients: rows.map((row) => viewOf(row, row.is_disabled)),
    };
  });

  app.post('/api/clients', fresh, async (request, reply) => {
    const body = NewClient.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const { organisationId, accountId } = callerOf(request);
    const { name, scope, jwks } = body.data;
    const roles = ROLES.filter((role) => body.data.roles.includes(role));
    const words = scope.split(' ');
    if (roles.length < body.data.roles.length || !words.every(isOfSystem))
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'roles, or scope').fault);
    const id = newId();
    await asOrganisation(people, organisationId, async (tx) => {
      await insertClient(tx, { organisation_id: organisationId, id, name, roles, scope, jwks });
      const act = { act: 'client-added', target: `client/${id}`, atMs: nowMs() } as const;
      await appendAudit(tx, { organisationId, actor: accountId, ...act });
    });
    return await reply.code(201).send(viewOf({ id, name, roles, scope }, false));
  });

  app.post<{ Params: { id: string } }>(
    '/api/clients/:id/disable',
    fresh,
    async (request, reply) => {
      const { id } = request.params;
      const { organisationId, accountId } = callerOf(request);
      if (!/^[0-9a-f-]{36}$/.test(id)) return await sendFault(reply, fail('NOT_FOUND').fault);
      const row = await asOrganisation(people, organisationId, async (tx) => {
        const gone = await disableClient(tx, { organisationId, id, at: new Date(nowMs()) });
        if (gone === undefined) return undefined;
        const act = { act: 'client-disabled', target: `client/${id}`, atMs: nowMs() } as const;
        await appendAudit(tx, { organisationId, actor: accountId, ...act });
        return gone;
      });
      if (row === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      signIn.forgetTokens();
      return viewOf(row, true);
    },
  );
}

function viewOf(
  { id, name, roles, scope }: Pick<ClientRow, 'id' | 'name' | 'roles' | 'scope'>,
  isDisabled: boolean,
): ClientView {
  return { id, name, roles: [...roles], scope, isDisabled };
}

/** A program by itself has no patient and no user to ask in the name of; parameters come with those. */
function isOfSystem(word: string): boolean {
  const [scope] = parseScopes(word);
  return scope?.compartment === 'system' && scope.parameters.length === 0;
}
