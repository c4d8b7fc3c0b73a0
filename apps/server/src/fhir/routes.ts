/** FHIR R4 over HTTP. Each route below says who may use it; what is asked is checked before any of them. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { viewerOf } from '../people/access.ts';
import { FHIR_BASE, FHIR_JSON } from '../people/problem.ts';
import { isKept } from './allowed.ts';
import { refuse } from './answer.ts';
import { AuditEventSearch } from './audit-event-search.ts';
import { AUDIT_EVENT, type AuditEvents } from './audit-events.ts';
import { bundleRoutes } from './bundle-routes.ts';
import { capabilityStatement, capabilityText, type FhirRoute } from './capability.ts';
import { DeviceSearch } from './device-search.ts';
import type { DevicesById } from './devices-by-id.ts';
import { BODIES, LINES, refuseOtherFormats } from './formats.ts';
import { graphqlRoutes } from './graphql/routes.ts';
import { HiddenQuestions, type QuestionPorts } from './hidden-questions.ts';
import { baseOf, sendRefusal } from './http-answer.ts';
import { fhirKnowledge } from './knowledge.ts';
import { ObservationSearch } from './observation-search.ts';
import { type OperationPorts, operationRoutes } from './operations/routes.ts';
import { type PostedPorts, PostedReadings } from './posted-readings.ts';
import { readRoutes } from './read-routes.ts';
import { searchRoutes } from './search-routes.ts';
import { writeRoutes } from './write-routes.ts';

export interface FhirPorts extends OperationPorts, QuestionPorts, Omit<PostedPorts, 'telemetry'> {
  readonly devices: DevicesById;
  readonly auditEvents: AuditEvents;
  /** What another room offers below the same base. */
  readonly more: (fhir: FastifyInstance) => void;
  /** Canonical names of what can be subscribed to. */
  readonly topics: readonly string[];
}

export async function fhirRoutes(app: FastifyInstance, ports: FhirPorts): Promise<void> {
  const { repository, index } = ports;
  const { auditEvents, nowMs } = ports;
  const searching = {
    ...{ repository, index },
    observations: new ObservationSearch(ports),
    devices: new DeviceSearch(repository, ports.devices),
    audited: new AuditEventSearch({ repository, auditEvents, nowMs }),
    questions: new HiddenQuestions(ports),
  };
  const posted = new PostedReadings(ports);
  await app.register(
    (fhir, _options, done) => {
      refuseOtherFormats(fhir);
      takeBodies(fhir);
      refuseUnknown(fhir);
      const routes = noteRoutes(fhir);
      searchRoutes(fhir, searching);
      bundleRoutes(fhir, { ...searching, posted });
      operationRoutes(fhir, ports);
      graphqlRoutes(fhir, { searching, pause: ports.pause });
      ports.more(fhir);
      readRoutes(fhir, repository);
      writeRoutes(fhir, { repository, posted });
      metadataRoute(fhir, routes, ports);
      done();
    },
    { prefix: FHIR_BASE },
  );
}

/** A client asks once, when it starts. */
const METADATA_PER_MINUTE_MAX = 300;

/**
 * For everybody: a client reads here what it may ask and how to sign in, before it has signed in. It
 * tells what every installation tells, and is made once, whoever asks and however often.
 */
const METADATA_ROUTE = {
  config: { access: 'public', rateLimit: { max: METADATA_PER_MINUTE_MAX, timeWindow: 60_000 } },
} as const;

function metadataRoute(
  fhir: FastifyInstance,
  routes: readonly FhirRoute[],
  { nowMs, topics }: FhirPorts,
): void {
  const dateMs = nowMs();
  let made: Promise<(baseUrl: string) => string> | undefined;
  fhir.get('/metadata', METADATA_ROUTE, async (request, reply) => {
    made ??= fhirKnowledge().then(({ definitions }) =>
      capabilityText(capabilityStatement(routes, definitions, { dateMs, topics })),
    );
    return await reply.type(FHIR_JSON).send((await made)(baseOf(request)));
  });
}

/** As text: how a number was written is part of it. */
function takeBodies(fhir: FastifyInstance): void {
  fhir.removeAllContentTypeParsers();
  fhir.addContentTypeParser(BODIES, { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  // Longer than memory: whoever takes them reads them as they come.
  fhir.addContentTypeParser(LINES, (_request, body, done) => {
    done(null, body);
  });
}

const ID = /^[A-Za-z0-9.-]{1,64}$/;

function refuseUnknown(fhir: FastifyInstance): void {
  fhir.addHook('preHandler', async (request, reply) => {
    const { type, id } = request.params as { readonly type?: string; readonly id?: string };
    if (id?.startsWith('$')) {
      const text = 'There is no such operation here.';
      return await sendRefusal(reply, refuse(404, { code: 'not-supported', text }).refusal);
    }
    if (type === undefined) return;
    const { definitions } = await fhirKnowledge();
    if (!isKept(type, definitions.resourceTypes)) {
      const text = 'There are no resources of this type here.';
      return await sendRefusal(reply, refuse(404, { code: 'not-found', text }).refusal);
    }
    const isRead = request.method === 'GET' || request.url.includes('/_search');
    if (isRead && !mayLookFor(request, type)) {
      const text = `The caller may not see resources of type ${type}.`;
      return await sendRefusal(reply, refuse(403, { code: 'forbidden', text }).refusal);
    }
    if (id !== undefined && !ID.test(id)) {
      const text = 'An id has 1 to 64 letters, digits, dots and dashes.';
      return await sendRefusal(reply, refuse(400, { code: 'value', text }).refusal);
    }
  });
}

/** Of the audit persons are told what is about them. */
function mayLookFor(request: FastifyRequest, type: string): boolean {
  const viewer = viewerOf(request);
  if (viewer.reaches(type)) return true;
  return type === AUDIT_EVENT && viewer.audited()?.length !== 0;
}

function noteRoutes(fhir: FastifyInstance): FhirRoute[] {
  const routes: FhirRoute[] = [];
  fhir.addHook('onRoute', ({ method, path, prefix }) => {
    for (const one of [method].flat())
      routes.push({ method: one, path: path.slice(prefix.length) || '/' });
  });
  return routes;
}
