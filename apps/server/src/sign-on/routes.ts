/** Signing on by another provider, over HTTP: off to it, back from it, and what of it one's own account has. */
import {
  type ProofBySignOn,
  type SignOnBegun,
  type SignOnProvider,
  SignOnWanted,
} from '@ausculta/contract/sign-on';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { credentialOf } from '../people/access.ts';
import { mineOf, noPerson } from '../people/me-routes.ts';
import { sendFault } from '../people/problem.ts';
import { needsFreshProof } from '../people/proof-age.ts';
import { browserOf, giveCookie, PUBLIC, refuseProof, SIGNED_IN } from '../people/routes.ts';
import { type Purpose, SIGN_ON_WAITS_MS } from './begun.ts';
import type { Came, SignOn } from './sign-on.ts';

export interface SignOnRoutePorts {
  readonly signOn: SignOn;
  /** Our own address, as the operator has said it: never what a request says. */
  readonly base: () => string;
  readonly randomToken: () => string;
  readonly sha256: (text: string) => Uint8Array;
  readonly nowMs: () => number;
}

interface One {
  readonly Params: { provider: string };
}

const BELOW = '/api/sign-on';
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A path of our own pages, and nothing that a browser could take for another place. */
const OWN_PAGE = /^\/[\w.~-]+(\/[\w.~-]+)*$/;

export function signOnRoutes(app: FastifyInstance, ports: SignOnRoutePorts): void {
  const { signOn } = ports;

  app.post<One>(`${BELOW}/:provider/begin`, PUBLIC, async (request, reply) => {
    const wanted = SignOnWanted.safeParse(request.body ?? {});
    if (!wanted.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const { link, next } = wanted.data;
    if (link === undefined) return await begin(request, reply, { kind: 'sign-in', next });
    const may = await signOn.mayFollow(link.token, link.code);
    if ('kind' in may) return await refuseProof(reply, may);
    if (!may.ok) return await sendFault(reply, may.fault);
    return await begin(request, reply, { kind: 'follow-link', linkToken: link.token });
  });

  /** The provider sends the browser here; what it says in the address is good once. */
  app.get<One>(`${BELOW}/:provider/back`, PUBLIC, async (request, reply) => {
    const { provider } = request.params;
    const [, query = ''] = request.url.split('?', 2);
    const url = new URL(`${redirectUri(provider)}?${query}`);
    const name = cookieOf(url.searchParams.get('state') ?? '');
    const shown = request.cookies[name];
    const browserKey = shown === undefined ? undefined : hex(ports.sha256(shown));
    const came = await signOn.cameBack({ provider, url, browserKey, browser: browserOf(request) });
    // An address that somebody has sent takes nothing from whoever is on their way.
    if (came.purpose !== undefined) reply.clearCookie(name, { path: BELOW });
    if (came.cookie !== undefined) giveCookie(request, reply, came.cookie);
    return await reply.redirect(pageOf(came), 303);
  });

  ownRoutes(app, ports, begin);

  const redirectUri = (provider: string): string =>
    `${ports.base()}${BELOW}/${encodeURIComponent(provider)}/back`;

  const cookieOf = (state: string): string =>
    `ausculta_sign_on_${hex(ports.sha256(state)).slice(0, 12)}`;

  async function begin(request: FastifyRequest<One>, reply: FastifyReply, purpose: Purpose) {
    const { provider } = request.params;
    const token = ports.randomToken();
    const place = { redirectUri: redirectUri(provider), browserKey: hex(ports.sha256(token)) };
    const begun = await signOn.begin(provider, purpose, place);
    if (!begun.ok) return await sendFault(reply, begun.fault);
    reply.setCookie(cookieOf(begun.value.state), token, {
      httpOnly: true,
      // It comes back with a page of the provider's: a strict cookie would stay at home.
      sameSite: 'lax',
      path: BELOW,
      maxAge: SIGN_ON_WAITS_MS / 1000,
      secure: request.protocol === 'https',
    });
    return await reply.send({ goTo: begun.value.url } satisfies SignOnBegun);
  }
}

type Begin = (
  request: FastifyRequest<One>,
  reply: FastifyReply,
  purpose: Purpose,
) => Promise<FastifyReply>;

function ownRoutes(app: FastifyInstance, { signOn, nowMs }: SignOnRoutePorts, begin: Begin): void {
  const fresh = { ...SIGNED_IN, preHandler: needsFreshProof(nowMs) };

  /** To a locked screen, too: what others are linked to would open nothing here. */
  app.get('/api/session/proof/sign-on', SIGNED_IN, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const { providers } = await signOn.listMine(mine);
    const linked = providers.filter(({ isOffered, linkedAt }) => isOffered && linkedAt !== null);
    const named = linked.map(({ name, label }) => ({ name, label }));
    return { providers: named } satisfies ProofBySignOn;
  });

  /** Who is signed in proves once more that it is they: a locked session goes on. */
  app.post<One>('/api/session/proof/sign-on/:provider', SIGNED_IN, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const sessionHash = credentialOf(request).tokenHash;
    return await begin(request, reply, { kind: 'prove', mine, sessionHash });
  });

  app.get('/api/me/sign-on', SIGNED_IN, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    return await signOn.listMine(mine);
  });

  app.post<One>('/api/me/sign-on/:provider/begin', fresh, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    return await begin(request, reply, { kind: 'link', mine });
  });

  app.delete<One>('/api/me/sign-on/:provider', fresh, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const done = await signOn.unlink(mine, request.params.provider);
    if (!done.ok) return await sendFault(reply, done.fault);
    return await reply.code(204).send();
  });
}

/** By the names of their buttons. */
export const offeredBy = (signOn: SignOn): SignOnProvider[] =>
  signOn.providers().map(({ name, label }) => ({ name, label }));

function pageOf({ said, purpose }: Came): string {
  if (purpose?.kind === 'link' || purpose?.kind === 'prove') return `/signed-on?said=${said}`;
  const next = purpose?.kind === 'sign-in' ? purpose.next : undefined;
  const own = next !== undefined && OWN_PAGE.test(next) ? next : undefined;
  if (said === 'done') return own ?? (purpose?.kind === 'follow-link' ? '/account' : '/watch');
  return `/sign-in?said=${said}${own === undefined ? '' : `&next=${encodeURIComponent(own)}`}`;
}
