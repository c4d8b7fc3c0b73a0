/**
 * Who may use a route: stated beside every route, asked of the policy before any of them. A route that says
 * nothing does not start the server. What a route then does, it does in the context of its viewer: rows and
 * persons that the caller may not see are not there.
 */
import { explain } from '@ausculta/policy/explain';
import { type Action, type DataClass, PURPOSES, type Purpose } from '@ausculta/policy/vocabulary';
import { expect } from '@ausculta/vitals/expect';
import { type Fault, fail } from '@ausculta/vitals/fault';
import { parseOrganisationId, parseSubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Gate } from '../access/gate.ts';
import { LOOKING, type Manner, TAKEN_ALONG_FOR } from '../access/manner.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Viewers } from '../access/viewers.ts';
import { viewAs } from '../database/viewing.ts';
import { sendFault } from './problem.ts';
import type { Caller, Credential, SignIn } from './sign-in.ts';

/**
 * public: the sign-in and the application's own files · device: proves itself in the route · signed-in: about
 * the caller alone · otherwise what the policy is asked.
 */
export type Access = 'public' | 'device' | 'signed-in' | Asks;

export interface Asks {
  readonly may: Action;
  readonly of: DataClass;
  /**
   * subject: of the person in the path (`:id`) · house: of nobody in particular · each: the route asks for each
   * person by itself, and tells of those alone whom the caller may see.
   */
  readonly about: 'subject' | 'house' | 'each';
  /** Undefined: for what the caller's role is there for. */
  readonly purposes?: readonly Purpose[];
}

export const ofSubject = (may: Action, of: DataClass): { readonly access: Asks } => ({
  access: { may, of, about: 'subject' },
});

/** A file that leaves the house. */
export const takenAlong = (of: DataClass): { readonly access: Asks } => ({
  access: { may: 'export', of, about: 'subject', purposes: TAKEN_ALONG_FOR },
});

export const ofHouse = (may: Action, of: DataClass): { readonly access: Asks } => ({
  access: { may, of, about: 'house' },
});

export const ofEach = (may: Action, of: DataClass): { readonly access: Asks } => ({
  access: { may, of, about: 'each' },
});

/** Of a caller who asks for what another organisation has opened to theirs: that organisation's id. */
export const ORGANISATION_HEADER = 'ausculta-organisation';

/** HL7's code of what it is for: only what is open for that is answered. */
export const PURPOSE_HEADER = 'ausculta-purpose';

export const SESSION_COOKIE = 'ausculta_session';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller | undefined;
    /** What the caller has shown: for what outlives the request. */
    credential: Credential | undefined;
    viewer: Viewer | undefined;
  }
}

export interface GuardPorts {
  readonly signIn: Pick<SignIn, 'credentialOf' | 'callerOf'>;
  readonly viewers: Pick<Viewers, 'of'> & { readonly gate: Pick<Gate, 'isOpenedTo'> };
}

export function guardRoutes(app: FastifyInstance, ports: GuardPorts): void {
  app.decorateRequest('caller', undefined);
  app.decorateRequest('credential', undefined);
  app.decorateRequest('viewer', undefined);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new Error(
        `the route ${String(route.method)} ${route.url} does not state who may use it`,
      );
    }
  });
  app.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config;
    if (access === 'public' || access === 'device') return;
    const refusal = (await identify(request, ports.signIn)) ?? lookThrough(request, ports.viewers);
    if (refusal !== undefined) return await sendFault(reply, refusal);
    // What is no route is answered as such to whoever is signed in.
    if (access === undefined || access === 'signed-in') return;
    const fault = faultOf(request, access);
    if (fault !== undefined) return await sendFault(reply, fault);
  });
  // Once the body is there: the context of a request ends where its bytes are waited for.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.viewer === undefined) done();
    else viewAs(request.viewer, done);
  });
}

/** Whose data are asked for, and what the caller sees of them. */
function lookThrough(request: FastifyRequest, viewers: GuardPorts['viewers']): Fault | undefined {
  const caller = callerOf(request);
  const named = request.headers[ORGANISATION_HEADER];
  if (named !== undefined) {
    const organisationId = parseOrganisationId([named].flat().join());
    if (organisationId === undefined) return fail('PAYLOAD_MALFORMED', ORGANISATION_HEADER).fault;
    // What another house has opened is for the person: an app that they let in is let in at home.
    const isApp = caller.smart !== undefined && caller.accountId !== undefined;
    if (isApp && organisationId !== caller.homeOrganisationId) return fail('NOT_PERMITTED').fault;
    if (!viewers.gate.isOpenedTo(caller, organisationId)) return fail('NOT_PERMITTED').fault;
    request.caller = { ...caller, organisationId };
  }
  const purpose = purposeNamed(request);
  if (purpose === 'unknown') return fail('PAYLOAD_MALFORMED', PURPOSE_HEADER).fault;
  request.viewer = viewers.of(callerOf(request), mannerOf(request, purpose));
  return undefined;
}

/** For what the caller says that it is; by itself it opens nothing. */
function purposeNamed({ headers }: FastifyRequest): Purpose | 'unknown' | undefined {
  const named = headers[PURPOSE_HEADER];
  if (named === undefined) return undefined;
  return (Object.keys(PURPOSES) as Purpose[]).find((one) => one === named) ?? 'unknown';
}

function mannerOf({ routeOptions }: FastifyRequest, purpose: Purpose | undefined): Manner {
  const { access } = routeOptions.config;
  const asks = typeof access === 'object' ? access : undefined;
  const named = purpose === undefined ? undefined : [purpose];
  if (asks?.may !== 'export')
    return named === undefined ? LOOKING : { ...LOOKING, purposes: named };
  const purposes = asks.purposes?.filter((one) => named?.includes(one) ?? true) ?? named;
  return { action: 'export', purposes };
}

function faultOf(request: FastifyRequest, asks: Asks): Fault | undefined {
  if (asks.about === 'each') return undefined;
  const viewer = viewerOf(request);
  const { id } = request.params as { readonly id?: string };
  const subjectId = asks.about === 'subject' ? parseSubjectId(id ?? '') : undefined;
  // Whoever is not there is told so by the route.
  if (asks.about === 'subject' && subjectId === undefined) return undefined;
  const { may: action, of: dataClass, purposes } = asks;
  const episode = subjectId && viewer.spanOf(subjectId);
  const span = episode && { fromMs: episode.fromMs, untilMs: episode.toMs };
  const decision = viewer.decide({ action, dataClass, subjectId, purposes, span });
  if (decision.isPermitted) {
    if (subjectId !== undefined) viewer.noteReached(subjectId);
    return undefined;
  }
  // A person may keep back some of what is measured: the route asks for each metric.
  const isKeptBack = decision.code === 'CONSENT_DENIES' && BY_METRIC.includes(dataClass);
  const isInPart = isKeptBack && subjectId !== undefined && viewer.sees(subjectId);
  return isInPart ? undefined : refusalOf(decision);
}

const BY_METRIC: readonly DataClass[] = ['vitals', 'waveforms'];

/** Says what is missing in general, and nothing of the person. */
export function refusalOf(decision: ReturnType<Viewer['decide']>): Fault {
  const { sentence, wouldOpen } = explain(decision, 'caller');
  return fail('NOT_PERMITTED', [sentence, ...wouldOpen].join(' ')).fault;
}

/** Finds the caller; the fault that refuses the request, or undefined. */
async function identify(
  request: FastifyRequest,
  signIn: Pick<SignIn, 'credentialOf' | 'callerOf'>,
): Promise<Fault | undefined> {
  const bearer = bearerToken(request);
  if (bearer !== undefined) {
    const ours = await recognise(request, signIn, signIn.credentialOf('api-token', bearer));
    if (ours === undefined) return undefined;
    return await recognise(request, signIn, signIn.credentialOf('access-token', bearer));
  }
  const cookie = request.cookies[SESSION_COOKIE];
  if (cookie === undefined) return fail('CREDENTIALS_REFUSED').fault;
  // A cookie travels by itself, so a page from elsewhere must not be able to use it.
  if (!isSameOrigin(request)) return fail('NOT_PERMITTED').fault;
  return await recognise(request, signIn, signIn.credentialOf('session', cookie));
}

async function recognise(
  request: FastifyRequest,
  signIn: Pick<SignIn, 'credentialOf' | 'callerOf'>,
  credential: Credential,
): Promise<Fault | undefined> {
  request.credential = credential;
  request.caller = await signIn.callerOf(credential);
  return request.caller === undefined ? fail('CREDENTIALS_REFUSED').fault : undefined;
}

export function bearerToken(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  return header?.startsWith('Bearer ') ? header.slice('Bearer '.length) : undefined;
}

/** What a browser says of who asks: our own page, or the person by the address bar. */
const OWN_SITES: readonly unknown[] = [undefined, 'same-origin', 'none'];

/** Browsers send Origin with every request that changes something and with every socket. */
function isSameOrigin(request: FastifyRequest): boolean {
  const { origin } = request.headers;
  if (!OWN_SITES.includes(request.headers['sec-fetch-site'])) return false;
  if (origin === undefined) return request.method === 'GET' || request.method === 'HEAD';
  try {
    // As the browser knows us: a trusted proxy may say by which name it was asked.
    return new URL(origin).host === request.host;
  } catch {
    return false;
  }
}

/** What the caller of such a route has shown. */
export function credentialOf(request: FastifyRequest): Credential {
  expect(request.credential !== undefined, 'the guard found a credential');
  return request.credential;
}

/** For routes that are for somebody, where the guard has seen to it. */
export function callerOf(request: FastifyRequest): Caller {
  expect(request.caller !== undefined, 'the guard found a caller');
  return request.caller;
}

export function viewerOf(request: FastifyRequest): Viewer {
  expect(request.viewer !== undefined, 'the guard found a viewer');
  return request.viewer;
}
