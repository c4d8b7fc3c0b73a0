/** FHIR R4 over HTTP. Each route below says who may use it; what is asked is checked before any of them. */
import type { FastifyInstance } from 'fastify';
import { FHIR_BASE, FHIR_JSON } from '../people/problem.ts';
import { isKept } from './allowed.ts';
import { refuse } from './answer.ts';
import { bundleRoutes } from './bundle-routes.ts';
import { capabilityStatement, type FhirRoute } from './capability.ts';
import { baseOf, sendRefusal } from './http-answer.ts';
import { fhirKnowledge } from './knowledge.ts';
import { type ObservationPorts, ObservationSearch } from './observation-search.ts';
import { readRoutes } from './read-routes.ts';
import { FHIR_ROUTE } from './route-kind.ts';
import { searchRoutes } from './search-routes.ts';
import { writeRoutes } from './write-routes.ts';

/** A document with a picture in it; a Bundle may have more. */
const RESOURCE_BYTES_MAX = 4 * 2 ** 20;

const BODIES = [
  'application/json',
  'application/fhir+json',
  'application/json-patch+json',
  'application/x-www-form-urlencoded',
];

export interface FhirPorts extends ObservationPorts {
  readonly version: string;
  readonly nowMs: () => number;
}

export async function fhirRoutes(app: FastifyInstance, ports: FhirPorts): Promise<void> {
  const { repository } = ports;
  const observations = new ObservationSearch(ports);
  await app.register(
    (fhir, _options, done) => {
      takeBodies(fhir);
      refuseUnknown(fhir);
      const routes = noteRoutes(fhir);
      searchRoutes(fhir, { repository, observations });
      bundleRoutes(fhir, { repository, observations });
      readRoutes(fhir, repository);
      writeRoutes(fhir, repository);
      const startedMs = ports.nowMs();
      fhir.get('/metadata', FHIR_ROUTE, async (request, reply) => {
        const { definitions } = await fhirKnowledge();
        const about = { version: ports.version, baseUrl: baseOf(request), dateMs: startedMs };
        return await reply.type(FHIR_JSON).send(capabilityStatement(routes, definitions, about));
      });
      done();
    },
    { prefix: FHIR_BASE, bodyLimit: RESOURCE_BYTES_MAX },
  );
}

/** As text: how a number was written is part of it. */
function takeBodies(fhir: FastifyInstance): void {
  fhir.removeAllContentTypeParsers();
  fhir.addContentTypeParser(BODIES, { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
}

const ID = /^[A-Za-z0-9.-]{1,64}$/;

function refuseUnknown(fhir: FastifyInstance): void {
  fhir.addHook('preHandler', async (request, reply) => {
    const { type, id } = request.params as { readonly type?: string; readonly id?: string };
    if (type === undefined) return;
    const { definitions } = await fhirKnowledge();
    if (!isKept(type, definitions.resourceTypes)) {
      const text = 'There are no resources of this type here.';
      return await sendRefusal(reply, refuse(404, { code: 'not-found', text }).refusal);
    }
    if (id !== undefined && !ID.test(id)) {
      const text = 'An id has 1 to 64 letters, digits, dots and dashes.';
      return await sendRefusal(reply, refuse(400, { code: 'value', text }).refusal);
    }
  });
}

function noteRoutes(fhir: FastifyInstance): FhirRoute[] {
  const routes: FhirRoute[] = [];
  fhir.addHook('onRoute', ({ method, path, prefix }) => {
    for (const one of [method].flat())
      routes.push({ method: one, path: path.slice(prefix.length) || '/' });
  });
  return routes;
}
