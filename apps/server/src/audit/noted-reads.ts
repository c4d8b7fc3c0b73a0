/**
 * Every route that answers with data of persons notes of whom; no answer leaves before that is durable. A
 * route says it in one line, `noteRead(request, subjects)`, at any time before it answers.
 */
import type { Purpose } from '@ausculta/policy/vocabulary';
import type { ReadAct } from '@ausculta/vitals/audit-act';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { subjectsTold } from '../access/document-facts.ts';
import { disclosedBy } from '../disclosures/disclosed-by.ts';
import type { Ledger } from '../disclosures/ledger.ts';
import { callerOf, credentialOf, viewerOf } from '../people/access.ts';
import { FHIR_BASE } from '../people/problem.ts';
import type { Credential } from '../people/sign-in.ts';
import type { ReadEntry } from './read-entry.ts';
import type { ReadLog } from './read-log.ts';

declare module 'fastify' {
  interface FastifyRequest {
    notedReads: NotedReads | undefined;
    readLog: ReadLog;
    ledger: Pick<Ledger, 'enter'>;
    isInHouse: boolean;
  }
}

export interface NotedReads {
  readonly subjects: Set<string>;
  readonly act: ReadAct;
  readonly type: string | undefined;
  readonly purpose: string | undefined;
  readonly span: About['span'];
  readonly mayOwe: boolean;
  readonly ofHouse: boolean;
}

export interface About {
  /** Reading, where nothing is said. */
  readonly act?: ReadAct;
  readonly type?: string | undefined;
  readonly purpose?: string | undefined;
  /** When what is told was measured, where it was asked for so. */
  readonly span?: { readonly fromMs: number; readonly untilMs: number } | undefined;
  /** Somebody watches by it: it is answered even where nothing can be written down (safety S3). */
  readonly mayOwe?: boolean;
  /** It is written down even where it names nobody: who reads the audit is in it. */
  readonly ofHouse?: boolean;
}

/** The answer holds something of these; null is nobody. Said again, it adds to what was said. */
export function noteRead(
  request: FastifyRequest,
  subjects: Iterable<string | null>,
  { act = 'read', type, purpose, span, mayOwe = false, ofHouse = false }: About = {},
): void {
  request.notedReads ??= { subjects: new Set(), act, type, purpose, span, mayOwe, ofHouse };
  for (const id of subjects) if (id !== null) request.notedReads.subjects.add(id);
}

/** For an answer that goes past the hooks: awaited before its first byte. */
export async function writeNoted(request: FastifyRequest, status = 200): Promise<void> {
  leave(request);
  const noted = request.notedReads;
  // What an error says is not about them, and must not wait for what has just failed.
  request.notedReads = undefined;
  if (noted === undefined || (noted.subjects.size === 0 && !noted.ofHouse)) return;
  const { mayOwe, subjects, act, type } = noted;
  const purpose = noted.purpose ?? purposeOf(request, noted);
  const about = { act, type, purpose, ...askerOf(request) };
  const read = { ...about, subjects: [...subjects], status };
  const { readLog, ledger } = request;
  await ledger.enter(disclosedBy(request, noted, status));
  const { organisationId } = callerOf(request);
  if (mayOwe) await readLog.writeOrOwe(organisationId, read);
  else await readLog.write(organisationId, read);
}

function leave(request: FastifyRequest): void {
  if (!request.isInHouse) return;
  request.isInHouse = false;
  request.readLog.inHouse.leave();
}

/** For what the policy has let them see it; where nothing was asked for this answer, as it is asked now. */
function purposeOf(request: FastifyRequest, { subjects }: NotedReads): Purpose | undefined {
  const viewer = viewerOf(request);
  if (viewer.purpose === undefined) {
    const [subjectId] = subjects as Set<SubjectId>;
    viewer.decide({ action: 'read', dataClass: 'identity', subjectId });
  }
  return viewer.purpose;
}

/** Who asks, and by which route: what an entry says beside its subjects. */
export function askerOf(
  request: FastifyRequest,
): Pick<ReadEntry, 'who' | 'app' | 'route' | 'requestId'> {
  const { accountId, clientId: app } = callerOf(request);
  const who = accountId ?? tokenName(credentialOf(request));
  const route = request.routeOptions.url ?? '';
  const requestId = `${request.readLog.startId}-${request.id}`;
  return { who, ...(app !== undefined && { app }), route, requestId };
}

/** A program's token by what it is kept as, which opens nothing. */
function tokenName({ tokenHash }: Credential): string {
  return `token-${Buffer.from(tokenHash.buffer, tokenHash.byteOffset, 8).toString('hex')}`;
}

/**
 * What no route has to say: below a subject everything is of that subject, and operations of FHIR answer with
 * resources of many kinds, which name them.
 */
function noteByRoute(request: FastifyRequest, status: number, payload: unknown): void {
  const { url = '' } = request.routeOptions;
  if (status < 400 && request.method === 'GET' && url.startsWith(OF_SUBJECT)) {
    const { id } = request.params as { readonly id: string };
    noteRead(request, [id], { act: url.endsWith('/edf') ? 'export' : 'read' });
  } else if (url.includes('$') && url.startsWith(FHIR_BASE) && typeof payload === 'string') {
    noteRead(request, subjectsTold(payload));
  }
}

const OF_SUBJECT = '/api/subjects/:id';

export function auditReads(
  app: FastifyInstance,
  readLog: ReadLog,
  ledger: Pick<Ledger, 'enter'>,
): void {
  app.decorateRequest('notedReads', undefined);
  app.decorateRequest('ledger', { getter: () => ledger });
  app.decorateRequest('readLog', { getter: () => readLog });
  app.decorateRequest('isInHouse', false);
  app.addHook('preHandler', (request, _reply, done) => {
    // A socket stays for hours, and nobody waits for it.
    if (request.caller !== undefined && request.headers.upgrade === undefined) {
      request.isInHouse = true;
      readLog.inHouse.enter();
    }
    done();
  });
  app.addHook('onResponse', (request, _reply, done) => {
    leave(request);
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.notedReads === undefined && request.caller !== undefined)
      noteByRoute(request, reply.statusCode, payload);
    if (request.notedReads === undefined) {
      leave(request);
      done(null, payload);
      return;
    }
    writeNoted(request, reply.statusCode).then(
      () => done(null, payload),
      (error: Error) => done(error),
    );
  });
}
