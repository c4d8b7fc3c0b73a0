/** Programs and apps of others, as whoever keeps accounts adds them: nobody registers one by themselves. */
import {
  type ClientList,
  type ClientView,
  type NewApp,
  NewClient,
  type NewProgram,
} from '@ausculta/contract/clients';
import { parseScopes } from '@ausculta/policy/smart-scope';
import { ROLES } from '@ausculta/policy/vocabulary';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import { asOrganisation, type Sql } from '../database/pool.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { needsFreshProof } from '../people/proof-age.ts';
import type { SignIn } from '../people/sign-in.ts';
import { appendAudit } from '../vault/audit.ts';
import { isWordOfApp } from './app-words.ts';
import type { Oidc } from './open-oidc.ts';
import { type ClientRow, clientsOf, disableClient, insertClient } from './store.ts';

export interface ClientRoutePorts {
  readonly people: Sql;
  readonly oidc: Pick<Oidc, 'forgetOrigins'>;
  readonly signIn: Pick<SignIn, 'forgetTokens'>;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

const KEEPS_CLIENTS = { config: ofHouse('administer', 'policy') };

export function clientRoutes(app: FastifyInstance, ports: ClientRoutePorts): void {
  const { people, newId, nowMs, oidc } = ports;
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
    const wanted = body.data.kind === 'app' ? appOf(body.data) : programOf(body.data);
    if (!wanted.ok) return await sendFault(reply, wanted.fault);
    const { organisationId, accountId } = callerOf(request);
    const row: ClientRow = { organisation_id: organisationId, id: newId(), ...wanted.value };
    await asOrganisation(people, organisationId, async (tx) => {
      await insertClient(tx, row);
      const act = { act: 'client-added', target: `client/${row.id}`, atMs: nowMs() } as const;
      await appendAudit(tx, { organisationId, actor: accountId, ...act });
    });
    oidc.forgetOrigins();
    return await reply.code(201).send(viewOf(row, false));
  });

  disableRoute(app, ports);
}

function disableRoute(app: FastifyInstance, ports: ClientRoutePorts): void {
  const { people, nowMs, oidc, signIn } = ports;
  const fresh = { ...KEEPS_CLIENTS, preHandler: needsFreshProof(nowMs) };
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
      oidc.forgetOrigins();
      return viewOf(row, true);
    },
  );
}

function viewOf(row: Omit<ClientRow, 'organisation_id' | 'jwks'>, isDisabled: boolean): ClientView {
  const { id, name, kind, roles, scope, redirect_uris, launch_url: launchUrl } = row;
  const redirectUris = [...redirect_uris];
  return { id, name, kind, roles: [...roles], scope, redirectUris, launchUrl, isDisabled };
}

type Wanted = Omit<ClientRow, 'organisation_id' | 'id'>;

function programOf({ name, scope, jwks, ...wanted }: NewProgram): Result<Wanted> {
  const roles = ROLES.filter((role) => wanted.roles.includes(role));
  if (roles.length < wanted.roles.length || !scope.split(' ').every(isOfSystem))
    return fail('PAYLOAD_MALFORMED', 'roles, or scope');
  return ok({ kind: 'program', name, roles, scope, jwks, redirect_uris: [], launch_url: null });
}

/** A program by itself has no patient and no user to ask in the name of; parameters come with those. */
function isOfSystem(word: string): boolean {
  const [scope] = parseScopes(word);
  return scope?.compartment === 'system' && scope.parameters.length === 0;
}

function appOf({ name, scope, jwks, redirectUris, launchUrl }: NewApp): Result<Wanted> {
  if (!scope.split(' ').every(isWordOfApp))
    return fail('PAYLOAD_MALFORMED', 'scope: a word that no app is given');
  const isWeb = redirectUris.map((uri) => /^https?:/.test(uri));
  if (!redirectUris.every(isAddress) || new Set(isWeb).size > 1)
    return fail('PAYLOAD_MALFORMED', 'redirectUris: https, http of this machine, or app.example:/');
  if (launchUrl !== undefined && (!isAddress(launchUrl) || !/^https?:/.test(launchUrl)))
    return fail('PAYLOAD_MALFORMED', 'launchUrl: https, or http of this machine');
  const places = { redirect_uris: redirectUris, launch_url: launchUrl ?? null };
  return ok({ kind: 'app', name, roles: [], scope, jwks: jwks ?? null, ...places });
}

const OF_THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];

/** A code that is sent to another place, or in clear, lets somebody else in. */
function isAddress(text: string): boolean {
  if (!URL.canParse(text) || text.includes('#') || text.includes('*')) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  if (protocol === 'https:') return true;
  if (protocol === 'http:') return OF_THIS_MACHINE.includes(hostname);
  // RFC 8252: a name that its owner has, turned round.
  return /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(protocol);
}
