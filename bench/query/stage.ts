// The engine and its routes on a filled database, asked over HTTP as any program asks.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { openAccess } from '../../apps/server/src/access/open-access.ts';
import type { Viewers } from '../../apps/server/src/access/viewers.ts';
import { Census } from '../../apps/server/src/admissions/census.ts';
import { whatIfRoutes } from '../../apps/server/src/alarm-review/what-if-routes.ts';
import { Registry } from '../../apps/server/src/devices/registry.ts';
import { createHttpServer } from '../../apps/server/src/http-server.ts';
import type { Caller, SignIn } from '../../apps/server/src/people/sign-in.ts';
import { ChunkWorker } from '../../apps/server/src/telemetry/chunk-encoder.ts';
import { PostgresLog } from '../../apps/server/src/telemetry/postgres-log.ts';
import { telemetryRoutes } from '../../apps/server/src/telemetry/routes.ts';
import { Telemetry } from '../../apps/server/src/telemetry/telemetry.ts';
import { aloneIn } from '../../tests/support/lane.ts';
import type { Ground } from './ground.ts';

export interface Stage extends AsyncDisposable {
  readonly ground: Ground;
  readonly registry: Registry;
  readonly telemetry: Telemetry;
  /** The answer to its last byte. */
  ask(path: string, body?: unknown): Promise<Uint8Array>;
}

export async function openStage(ground: Ground): Promise<Stage> {
  const { pools, keys } = ground;
  const registry = await Registry.load({ sql: pools.line, inLane: aloneIn(pools.line), keys });
  const encoder = new ChunkWorker();
  const telemetry = await Telemetry.open({
    sql: pools.line,
    read: pools.read,
    sealOf: keys.sealOf,
    logKeys: keys,
    owner: await PostgresLog.takeOver(pools.line),
    registry,
    evaluate: () => {},
    watchRun: () => {},
    watchEvent: () => {},
    watchMove: () => {},
    watchCare: () => {},
    watchTime: () => {},
    snapshotDetectors: () => [],
    settleAlarms: () => Promise.resolve(),
    encode: encoder.encode,
    merge: encoder.merge,
    nowMs: () => Date.now(),
    // Nothing is flushed by itself while a question is measured.
    after: () => {},
    pause,
    onProblem: reportProblem,
    memoryBytes: Number.POSITIVE_INFINITY,
    mayWrite: () => true,
    onTakenOver: (why) => reportProblem(why, undefined),
  });
  const census = new Census((id) => registry.subjects.has(id));
  const app = await createHttpServer({
    signIn: signInOf(ground),
    viewers: await viewersOf(ground, registry, census),
    isOriginOfApp: async () => false,
    trustedProxies: [],
    webDir: undefined,
    onProblem: reportProblem,
  });
  const nowMs = (): number => Date.now();
  telemetryRoutes(app, { telemetry, registry, nowMs, sql: pools.line, onProblem: reportProblem });
  const { read } = pools;
  whatIfRoutes(app, { telemetry, registry, census, read, pause, timeZone: undefined });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const agents = new Agents();
  const authorization = `Bearer ${randomUUID()}${randomBytes(8).toString('hex')}`;
  return {
    ground,
    registry,
    telemetry,
    ask: (path, body) => answerOf(`${url}${path}`, { agent: agents.next(), authorization, body }),
    async [Symbol.asyncDispose]() {
      agents.destroy();
      await app.close();
      await telemetry.close();
      await encoder[Symbol.asyncDispose]();
    },
  };
}

/** The server bounds what one address asks in a minute: so often, then the next one of this machine asks. */
const ASKED_BY_ONE = 2_000;

class Agents {
  #agent = agentOf(1);
  #asked = 0;

  next(): Agent {
    this.#asked += 1;
    if (this.#asked % ASKED_BY_ONE === 0) {
      this.#agent.destroy();
      this.#agent = agentOf(1 + this.#asked / ASKED_BY_ONE);
    }
    return this.#agent;
  }

  destroy(): void {
    this.#agent.destroy();
  }
}

function agentOf(which: number): Agent {
  return new Agent({ keepAlive: true, localAddress: `127.0.0.${which}` });
}

interface Asking {
  readonly agent: Agent;
  readonly authorization: string;
  readonly body: unknown;
}

/** By the plainest client: `fetch` takes as long for a short answer as the server does. */
async function answerOf(url: string, { agent, authorization, body }: Asking): Promise<Uint8Array> {
  const isPost = body !== undefined;
  const headers = { authorization, ...(isPost ? { 'content-type': 'application/json' } : {}) };
  const asked = request(url, { agent, headers, method: isPost ? 'POST' : 'GET' });
  asked.end(isPost ? JSON.stringify(body) : undefined);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const answer = Buffer.concat(parts);
  if (response.statusCode !== 200)
    throw new Error(`${url}: ${response.statusCode} ${answer.toString()}`);
  return answer;
}

/** Nobody has decided anything, and nobody has an alarm. */
async function viewersOf({ pools }: Ground, registry: Registry, census: Census): Promise<Viewers> {
  const alarms = { openOf: () => [] };
  return await openAccess({ sql: pools.line, registry, alarms, census, nowMs: Date.now });
}

/** Everybody is a clinician of the bench's organisation. */
function signInOf({ organisationId }: Ground): SignIn {
  const caller: Caller = {
    kind: 'program',
    organisationId,
    homeOrganisationId: organisationId,
    organisationName: 'Bench',
    accountId: undefined,
    session: undefined,
    displayName: 'Bench',
    roles: ['physician', 'nurse'],
  };
  const known: Pick<SignIn, 'credentialOf' | 'callerOf'> = {
    credentialOf: (kind) => ({ kind, tokenHash: new Uint8Array(32) }),
    callerOf: () => Promise.resolve(caller),
  };
  return known as SignIn;
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function reportProblem(what: string, error: unknown): void {
  process.stderr.write(`${what}: ${error instanceof Error ? error.stack : String(error)}\n`);
}
