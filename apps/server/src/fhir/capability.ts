/** What this server can do, told from its routes and the definitions it goes by. */
import type { Definitions } from '@ausculta/fhir/definitions';
import type { CapabilityStatement, CapabilityStatementRestResource } from '@medplum/fhirtypes';
import { isKept, isOnlyAdded } from './allowed.ts';
import { operationsOn } from './operations/definitions.ts';
import { PATIENT } from './patients.ts';

/** A route below the base, as it was registered. */
export interface FhirRoute {
  readonly method: string;
  readonly path: string;
}

type TypeInteraction = NonNullable<CapabilityStatementRestResource['interaction']>[number]['code'];

const ON_TYPES: Readonly<Record<string, TypeInteraction>> = {
  'GET /:type/:id': 'read',
  'GET /:type/:id/_history/:version': 'vread',
  'PUT /:type/:id': 'update',
  'PATCH /:type/:id': 'patch',
  'DELETE /:type/:id': 'delete',
  'GET /:type/:id/_history': 'history-instance',
  'GET /:type/_history': 'history-type',
  'POST /:type': 'create',
  'GET /:type': 'search-type',
};

const ON_SYSTEM = {
  'POST /': ['transaction', 'batch'],
  'GET /_history': ['history-system'],
  'GET /': ['search-system'],
} as const;

export function capabilityStatement(
  routes: readonly FhirRoute[],
  definitions: Definitions,
  { dateMs, topics }: { readonly dateMs: number; readonly topics: readonly string[] },
): CapabilityStatement {
  const has = (name: string): boolean =>
    routes.some(({ method, path }) => `${method} ${path}` === name);
  const paths = new Set(routes.map(({ path }) => path));
  const offered = Object.entries(ON_TYPES).flatMap(([name, code]) => (has(name) ? [code] : []));
  const types = [...definitions.resourceTypes].filter((type) =>
    isKept(type, definitions.resourceTypes),
  );
  const system = Object.entries(ON_SYSTEM).flatMap(([name, codes]) => (has(name) ? codes : []));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: new Date(dateMs).toISOString(),
    kind: 'instance',
    // No version: strangers read this too.
    software: { name: 'Ausculta' },
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        security: SECURITY,
        interaction: system.map((code) => ({ code })),
        resource: types.sort().map((type) => ({
          ...resourceOf(type, offered, { definitions, has, paths }),
          ...(type === 'Subscription' && withTopics(topics)),
        })),
        ...withOperations(undefined, paths),
      },
    ],
  };
}

/** Where and how is told at .well-known/smart-configuration. Pages of apps may ask, with their token. */
const SECURITY: NonNullable<NonNullable<CapabilityStatement['rest']>[number]['security']> = {
  cors: true,
  service: [
    {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
          code: 'SMART-on-FHIR',
        },
      ],
    },
  ],
};

/** Its text, for each name by which this server is known. */
export function capabilityText(statement: CapabilityStatement): (baseUrl: string) => string {
  const rest = JSON.stringify(statement).slice(0, -1);
  return (url) => {
    const implementation = JSON.stringify({ description: 'Ausculta', url });
    return `${rest},"implementation":${implementation}}`;
  };
}

/** The guide "Subscriptions R5 Backport" has them as an extension. */
const TOPIC_EXTENSION =
  'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/capability-subscriptiontopic-canonical';

function withTopics(topics: readonly string[]) {
  return { extension: topics.map((topic) => ({ url: TOPIC_EXTENSION, valueCanonical: topic })) };
}

interface Told {
  readonly definitions: Definitions;
  readonly has: (name: string) => boolean;
  readonly paths: ReadonlySet<string>;
}

function withOperations(type: string | undefined, paths: ReadonlySet<string>) {
  const operation = operationsOn(type, paths);
  return operation.length === 0 ? {} : { operation };
}

/** What happened is made once; a patient is erased, and not deleted. */
function isOffered(type: string, code: TypeInteraction): boolean {
  if (isOnlyAdded(type)) return !['update', 'patch', 'delete'].includes(code ?? '');
  return type !== PATIENT || code !== 'delete';
}

function resourceOf(
  type: string,
  offered: readonly TypeInteraction[],
  { definitions, has, paths }: Told,
): CapabilityStatementRestResource {
  const parameters = [...(definitions.searchParameters.get(type)?.values() ?? [])].filter(
    (one) => one.type !== 'special',
  );
  const includes = parameters.filter((one) => one.type === 'reference');
  const own = offered.filter((code) => isOffered(type, code));
  return {
    type: type as CapabilityStatementRestResource['type'],
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    interaction: own.map((code) => ({ code })),
    versioning: 'versioned-update',
    readHistory: offered.includes('vread'),
    updateCreate: own.includes('update'),
    conditionalCreate: offered.includes('create'),
    conditionalRead: 'full-support',
    conditionalUpdate: has('PUT /:type') && own.includes('update'),
    conditionalDelete: has('DELETE /:type') && own.includes('delete') ? 'single' : 'not-supported',
    referencePolicy: ['literal', 'local'],
    ...(includes.length > 0 && { searchInclude: includes.map(({ code }) => `${type}:${code}`) }),
    searchParam: parameters.map(({ code, type: kind, url }) => ({
      name: code,
      type: kind,
      definition: url,
    })),
    ...withOperations(type, paths),
  };
}
