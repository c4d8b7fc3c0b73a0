/** Signing in and out, and the session of whoever asks. */
import { LinkLook, LinkUse } from '@ausculta/contract/accounts';
import {
  HOUSE_ACTS,
  type HouseAct,
  ProofOfSession,
  type Session,
  SignIn as SignInBody,
  type SignInInfo,
} from '@ausculta/contract/session';
import type { SignOnProvider } from '@ausculta/contract/sign-on';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asked } from '../access/gate.ts';
import type { Sql } from '../database/pool.ts';
import { callerOf, credentialOf, SESSION_COOKIE, viewerOf } from './access.ts';
import { addressKey } from './address-key.ts';
import { browserName } from './browser-name.ts';
import { DEMO_LOGIN } from './first-start.ts';
import { idleLockMsOf } from './idle-lock.ts';
import { sendFault } from './problem.ts';
import { BUSY_MS, type Proof, type Proofs } from './proofs.ts';
import type { SignIn } from './sign-in.ts';
import { followLink, type LinkPorts, lookAtLink } from './sign-in-links.ts';
import { SignInTries } from './sign-in-tries.ts';
import { lockSession, proveSession } from './store.ts';
import { WALL_LIFE_MS } from './wall.ts';

/** From one address; a shift that begins behind one proxy nobody has named signs in within a minute. */
const SIGN_IN_RATE = { max: 30, timeWindow: 60_000 };

export const PUBLIC = { config: { access: 'public', rateLimit: SIGN_IN_RATE } } as const;
export const SIGNED_IN = { config: { access: 'signed-in' } } as const;

export interface PeopleRoutePorts extends LinkPorts {
  readonly sql: Sql;
  readonly signIn: SignIn;
  readonly proofs: Proofs;
  readonly demo: boolean;
  /** By which people come in from elsewhere. */
  readonly providers: readonly SignOnProvider[];
  /** Undefined: no screen locks itself. */
  readonly idleLockMs: number | undefined;
  readonly nowMs: () => number;
}

export function peopleRoutes(app: FastifyInstance, ports: PeopleRoutePorts): void {
  signInRoutes(app, ports);
  linkRoutes(app, ports);
  sessionRoutes(app, ports);
}

function signInRoutes(app: FastifyInstance, ports: PeopleRoutePorts): void {
  const { signIn, proofs, work, sql, demo, nowMs } = ports;
  const tries = new SignInTries();

  app.post('/api/session', PUBLIC, async (request, reply) => {
    const body = SignInBody.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const { loginName, password, code } = body.data;
    const address = addressKey(request.ip);
    const from = tries.isKnown(loginName, address) ? 'known-station' : 'elsewhere';
    // Who is refused because many others wait has not tried.
    if (!work.hasRoom(from)) return await refuseProof(reply, { kind: 'wait', waitMs: BUSY_MS });
    const waitMs = tries.take(loginName, address, nowMs());
    if (waitMs > 0) return await refuseProof(reply, { kind: 'wait', waitMs });
    const proof = await proofs.ofLogin(loginName, { password, code, from });
    if (proof.kind !== 'proved') return await refuseProof(reply, proof);
    tries.succeeded(loginName, address);
    const { organisation_id: organisationId, id } = proof.account;
    const how = { method: proof.method, browser: browserOf(request) };
    const token = await sql.begin((tx) => signIn.begin(tx, { organisationId, id }, how));
    return await setCookie(request, reply, token);
  });

  app.get('/api/sign-in', { config: { access: 'public' } }, (): SignInInfo => {
    return { demoLogin: demo ? DEMO_LOGIN : null, providers: [...ports.providers] };
  });
}

function linkRoutes(app: FastifyInstance, ports: PeopleRoutePorts): void {
  app.post('/api/sign-in-link/look', PUBLIC, async (request, reply) => {
    const body = LinkLook.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const owner = await lookAtLink(ports, body.data.token);
    return owner ?? (await sendFault(reply, fail('LINK_SPENT').fault));
  });

  app.post('/api/sign-in-link', PUBLIC, async (request, reply) => {
    const body = LinkUse.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const done = await followLink(ports, body.data, browserOf(request));
    if ('kind' in done) return await refuseProof(reply, done);
    if (!done.ok) return await sendFault(reply, done.fault);
    return await setCookie(request, reply, done.value);
  });
}

function sessionRoutes(app: FastifyInstance, ports: PeopleRoutePorts): void {
  const { signIn, proofs, sql, demo, nowMs } = ports;

  app.get('/api/session', SIGNED_IN, (request): Session => {
    const caller = callerOf(request);
    const viewer = viewerOf(request);
    const { accountId, displayName, roles, organisationName, session } = caller;
    const idleMs = idleLockMsOf(caller, ports.idleLockMs);
    return {
      ...{ accountId: accountId ?? '', displayName, roles: [...roles], organisationName, demo },
      may: HOUSE_ACTS.filter((act) => viewer.may(askedBy(act))),
      idleLockSeconds: idleMs === undefined ? null : idleMs / 1000,
      isLocked: session?.isLocked ?? false,
    };
  });

  app.post('/api/session/lock', SIGNED_IN, async (request, reply) => {
    const credential = credentialOf(request);
    await lockSession(sql, credential.tokenHash, new Date(nowMs()));
    signIn.forget(credential);
    signIn.forgetTokens();
    return await reply.code(204).send();
  });

  /** Unlocks it, and what asks for a fresh proof is taken again. */
  app.post('/api/session/proof', SIGNED_IN, async (request, reply) => {
    const body = ProofOfSession.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const { organisationId, accountId: id } = callerOf(request);
    if (id === undefined) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    const { password, code } = body.data;
    const proof = await proofs.ofAccount({ organisationId, id }, { password, code });
    if (proof.kind !== 'proved') return await refuseProof(reply, proof);
    const credential = credentialOf(request);
    await proveSession(sql, credential.tokenHash, new Date(nowMs()));
    signIn.forget(credential);
    signIn.forgetTokens();
    return await reply.code(204).send();
  });

  app.delete('/api/session', SIGNED_IN, async (request, reply) => {
    const token = request.cookies[SESSION_COOKIE];
    if (token !== undefined) await signIn.end(token);
    reply.clearCookie(SESSION_COOKIE, { path: '/' });
    return await reply.code(204).send();
  });
}

function askedBy(act: HouseAct): Asked {
  switch (act) {
    case 'administer accounts':
      return { action: 'administer', dataClass: 'accounts' };
    case 'administer devices':
      return { action: 'administer', dataClass: 'devices' };
    case 'administer policy':
      return { action: 'administer', dataClass: 'policy' };
    case 'search audit':
      return { action: 'search', dataClass: 'audit' };
    case 'search identity':
      return { action: 'search', dataClass: 'identity' };
    default:
      return act satisfies never;
  }
}

export const browserOf = (request: FastifyRequest): string =>
  browserName(request.headers['user-agent']);

export async function setCookie(request: FastifyRequest, reply: FastifyReply, token: string) {
  giveCookie(request, reply, token);
  return await reply.code(204).send();
}

export function giveCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  reply.setCookie(SESSION_COOKIE, token, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
    // As long as any lasts: when one ends is ours to say.
    maxAge: WALL_LIFE_MS / 1000,
    secure: request.protocol === 'https',
  });
}

/** Which of name and password is wrong is never said. */
export async function refuseProof(
  reply: FastifyReply,
  proof: Exclude<Proof, { kind: 'proved' }>,
): Promise<FastifyReply> {
  if (proof.kind === 'refused') return await sendFault(reply, fail('CREDENTIALS_REFUSED').fault);
  if (proof.kind === 'code-needed')
    return await sendFault(reply, fail('SECOND_FACTOR_NEEDED').fault);
  reply.header('retry-after', String(Math.ceil(proof.waitMs / 1000)));
  return await sendFault(reply, fail('RATE_EXCEEDED').fault);
}
