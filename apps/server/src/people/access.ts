/**
 * Who may use a route: stated beside every route, checked before any of them. A route that says
 * nothing does not start the server.
 */
import type { Role } from '@ausculta/policy/vocabulary';
import { expect } from '@ausculta/vitals/expect';
import type { FaultCode } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendFault } from './problem.ts';
import type { Caller, Credential, SignIn } from './sign-in.ts';

export const ACCESS = ['public', 'signed-in', 'clinician', 'administrator', 'device'] as const;

/**
 * public: the sign-in and the application's own files · signed-in: whoever it is, about themselves ·
 * clinician: whoever is signed in, and administrators · administrator: administers the platform · device: proves itself in the route.
 */
export type Access = (typeof ACCESS)[number];

export const SESSION_COOKIE = 'ausculta_session';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller | undefined;
    /** What the caller has shown: for what outlives the request. */
    credential: Credential | undefined;
  }
}

const MAY: Record<Access, (roles: readonly Role[]) => boolean> = {
  public: () => true,
  device: () => true,
  'signed-in': () => true,
  clinician: (roles) => roles.some((role) => CLINICIANS.includes(role)),
  administrator: (roles) => roles.includes('administrator'),
};

const CLINICIANS: readonly Role[] = ['nurse', 'physician'];

export function guardRoutes(
  app: FastifyInstance,
  signIn: Pick<SignIn, 'credentialOf' | 'callerOf'>,
): void {
  app.decorateRequest('caller', undefined);
  app.decorateRequest('credential', undefined);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new Error(
        `the route ${String(route.method)} ${route.url} does not state who may use it`,
      );
    }
  });
  app.addHook('onRequest', async (request, reply) => {
    const access = request.routeOptions.config.access ?? 'administrator';
    if (access === 'public' || access === 'device') return;
    const refusal = await identify(request, signIn);
    if (refusal !== undefined) return await refuse(reply, refusal);
    if (!MAY[access](request.caller?.roles ?? [])) return await refuse(reply, 'NOT_PERMITTED');
  });
}

/** Finds the caller; the fault that refuses the request, or undefined. */
async function identify(
  request: FastifyRequest,
  signIn: Pick<SignIn, 'credentialOf' | 'callerOf'>,
): Promise<FaultCode | undefined> {
  const bearer = bearerToken(request);
  if (bearer !== undefined) {
    const ours = await recognise(request, signIn, signIn.credentialOf('api-token', bearer));
    if (ours === undefined) return undefined;
    return await recognise(request, signIn, signIn.credentialOf('access-token', bearer));
  }
  const cookie = request.cookies[SESSION_COOKIE];
  if (cookie === undefined) return 'CREDENTIALS_REFUSED';
  // A cookie travels by itself, so a page from elsewhere must not be able to use it.
  if (!isSameOrigin(request)) return 'NOT_PERMITTED';
  return await recognise(request, signIn, signIn.credentialOf('session', cookie));
}

async function recognise(
  request: FastifyRequest,
  signIn: Pick<SignIn, 'credentialOf' | 'callerOf'>,
  credential: Credential,
): Promise<FaultCode | undefined> {
  request.credential = credential;
  request.caller = await signIn.callerOf(credential);
  return request.caller === undefined ? 'CREDENTIALS_REFUSED' : undefined;
}

export function bearerToken(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  return header?.startsWith('Bearer ') ? header.slice('Bearer '.length) : undefined;
}

/** Browsers send Origin with every request that changes something and with every socket. */
function isSameOrigin(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return request.method === 'GET' || request.method === 'HEAD';
  try {
    // As the browser knows us: a trusted proxy may say by which name it was asked.
    return new URL(origin).host === request.host;
  } catch {
    return false;
  }
}

async function refuse(reply: FastifyReply, code: FaultCode): Promise<FastifyReply> {
  return await sendFault(reply, { code });
}

/** What the caller of such a route has shown. */
export function credentialOf(request: FastifyRequest): Credential {
  expect(request.credential !== undefined, 'the guard found a credential');
  return request.credential;
}

/** For routes behind `clinician` or `administrator`, where the guard has seen to it. */
export function callerOf(request: FastifyRequest): Caller {
  expect(request.caller !== undefined, 'the guard found a caller');
  return request.caller;
}
