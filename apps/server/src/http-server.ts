/** The HTTP server: its limits, headers and errors, before any room adds a route. */
import { existsSync } from 'node:fs';
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import { fail } from '@ausculta/vitals/fault';
import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import staticFiles from '@fastify/static';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyInstance } from 'fastify';
import { securityHeaders } from './http-headers.ts';
import {
  faultOfHead,
  isToWebSocket,
  refuseAddress,
  refuseExpectation,
  refuseUnreadable,
} from './http-refusals.ts';
import { chooseSubprotocol, LIVE_REQUEST_BYTES_MAX } from './live/socket.ts';
import { type GuardPorts, guardRoutes } from './people/access.ts';
import { addressKey } from './people/address-key.ts';
import { holdLockedSessions } from './people/idle-lock.ts';
import { letAppsAsk } from './people/pages-of-apps.ts';
import { sendFault } from './people/problem.ts';
import { holdToScopes } from './people/smart-guard.ts';
import type { TlsSource } from './tls-source.ts';

/** Longer than a browser's own, so that it is the browser that hangs up. */
const KEEP_ALIVE_MS = 72_000;

const BODY_BYTES_MAX = 256 * 1024;

/** How long a request may take to arrive: who dribbles must not hold a socket for good. */
export interface Patience {
  /** They are a few hundred bytes. */
  readonly headersWithinMs: number;
  /** Of the whole: a megabyte by a line of 9 KB a second. */
  readonly requestWithinMs: number;
  readonly lookedAtEveryMs: number;
}

const PATIENCE: Patience = {
  headersWithinMs: 20_000,
  requestWithinMs: 120_000,
  lookedAtEveryMs: 5_000,
};

/** One address: a ward's station behind one proxy asks a few times a second. */
const REQUESTS_PER_MINUTE_MAX = 3_000;

export interface HttpServerParts {
  readonly signIn: GuardPorts['signIn'];
  readonly viewers: GuardPorts['viewers'];
  /** Whether a page from there may ask by FHIR, with a token that it was given. */
  readonly isOriginOfApp: (origin: string) => Promise<boolean>;
  /** Undefined: plain text. */
  readonly tls?: TlsSource | undefined;
  /** Whose X-Forwarded headers are believed. */
  readonly trustedProxies: readonly string[];
  /** By which address the operator says that we are reached. */
  readonly publicUrl?: string | undefined;
  /** The built web application; absent in tests that need none. */
  readonly webDir: string | undefined;
  readonly onProblem: (what: string, error: unknown) => void;
  /** Undefined: as everywhere. */
  readonly patience?: Patience;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly publicUrl: string | undefined;
  }
}

export async function createHttpServer(parts: HttpServerParts): Promise<FastifyInstance> {
  const { tls } = parts;
  const security = await securityHeaders(tls !== undefined);
  const patience = parts.patience ?? PATIENCE;
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    clientErrorHandler: refuseUnreadable(security),
    frameworkErrors: refuseAddress(security),
    requestTimeout: patience.requestWithinMs,
    http: limitsOf(patience),
    trustProxy: parts.trustedProxies.length === 0 ? false : [...parts.trustedProxies],
    forceCloseConnections: true,
    ...(tls && {
      serverFactory: (handler: RequestListener) => httpsServer(tls, patience, handler),
    }),
  });
  app.decorate('publicUrl', parts.publicUrl);
  app.server.on('checkExpectation', refuseExpectation(security));
  app.addHook('onRequest', async (request, reply) => {
    // Whoever has hung up has no address to be counted by, and hears no answer.
    if (request.socket.remoteAddress === undefined) return reply.hijack();
    reply.headers(security);
    const fault = faultOfHead(request);
    if (fault !== undefined) return await sendFault(reply, fault);
  });
  await app.register(cookie);
  await app.register(rateLimit, {
    global: true,
    max: REQUESTS_PER_MINUTE_MAX,
    timeWindow: 60_000,
    keyGenerator: ({ ip }) => addressKey(ip),
  });
  await app.register(websocket, {
    options: {
      maxPayload: LIVE_REQUEST_BYTES_MAX,
      handleProtocols: chooseSubprotocol,
      perMessageDeflate: false,
    },
  });
  letAppsAsk(app, parts.isOriginOfApp);
  guardRoutes(app, parts);
  holdLockedSessions(app);
  holdToScopes(app);
  answerErrors(app, parts.onProblem);
  if (parts.webDir !== undefined && existsSync(parts.webDir)) await serveWeb(app, parts.webDir);
  return app;
}

/** What the framework has no words for. */
function limitsOf({ headersWithinMs, lookedAtEveryMs }: Patience): ServerOptions {
  return {
    headersTimeout: headersWithinMs,
    connectionsCheckingInterval: lookedAtEveryMs,
    // Answered by ourselves, in our own form.
    requireHostHeader: false,
    shouldUpgradeCallback: isToWebSocket,
  };
}

/** What Fastify sets on a server that it makes itself. */
function httpsServer(tls: TlsSource, patience: Patience, handler: RequestListener): Server {
  const requestTimeout = patience.requestWithinMs;
  const server = createServer({ ...tls.options, ...limitsOf(patience), requestTimeout }, handler);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  tls.follow(server);
  return server;
}

/** Errors in one form, without what caused them: a message could quote a value. */
function answerErrors(app: FastifyInstance, onProblem: HttpServerParts['onProblem']): void {
  app.setNotFoundHandler(
    async (_request, reply) => await sendFault(reply, fail('NOT_FOUND').fault),
  );
  app.setErrorHandler(async (error: { statusCode?: number; code?: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 429) return await sendFault(reply, fail('RATE_EXCEEDED').fault);
    if (status === 413) return await sendFault(reply, fail('PAYLOAD_TOO_LARGE').fault);
    if (status < 500) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    onProblem(`http ${request.method} ${request.routeOptions.url ?? 'unknown route'}`, error);
    return await sendFault(reply, fail('STORE_UNAVAILABLE').fault);
  });
}

/** A file of the build: beside the document, or in its assets. The id of a device may hold a dot too. */
const IS_FILE = /^(assets\/.*|[^/]+)\.[a-z0-9]+$/i;

async function serveWeb(app: FastifyInstance, webDir: string): Promise<void> {
  await app.register(staticFiles, { root: webDir, serve: false });
  app.get<{ Params: { '*': string } }>(
    '/*',
    { config: { access: 'public' } },
    async (request, reply) => {
      const path = request.params['*'];
      const isApi = path.startsWith('api/') || path.startsWith('fhir/');
      if (isApi) return await sendFault(reply, fail('NOT_FOUND').fault);
      // The build names its files by their content, so that they never change.
      if (IS_FILE.test(path))
        return await reply.sendFile(path, {
          maxAge: '365d',
          immutable: path.startsWith('assets/'),
        });
      // Every page of the application is the same document; its router reads the address.
      return await reply.sendFile('index.html', { cacheControl: false });
    },
  );
}
