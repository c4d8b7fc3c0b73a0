/** The description of the API (OpenAPI 3.1), of the routes that the server has and the schemas that they use. */
import { Problem } from '@ausculta/contract/problem';
import { z } from 'zod';
import type { Access } from '../people/access.ts';
import { CALLING } from './calling-operations.ts';
import { HOUSE_OPERATIONS } from './house-operations.ts';
import { type Form, isMedia, type Operation, type Operations, type Tag } from './operation.ts';
import { PATIENT_OPERATIONS } from './patient-operations.ts';
import { PEOPLE_OPERATIONS } from './people-operations.ts';
import { PROTOCOL_OPERATIONS } from './protocol-operations.ts';

export const OPERATIONS: Operations = {
  ...PEOPLE_OPERATIONS,
  ...PATIENT_OPERATIONS,
  ...HOUSE_OPERATIONS,
  ...CALLING,
  ...PROTOCOL_OPERATIONS,
};

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly access: Access;
}

/** FHIR describes itself (`/fhir/R4/metadata`), as the authorisation server does (`/oidc/.well-known/…`); `/*` is the pages. */
export function isDescribed({ path }: Pick<Route, 'path'>): boolean {
  return path !== '/*' && !path.startsWith('/fhir/') && !path.startsWith('/oidc/');
}

type Json = Readonly<Record<string, unknown>>;

export interface ApiDocument extends Json {
  readonly info: Json & { readonly [name in 'title' | 'version' | 'description']: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

export interface DescribedOperation extends Json {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<Record<string, Json>>;
}

const TAGS: Readonly<Record<Tag, string>> = {
  'sign-in': 'Sessions of people',
  account: 'One’s own account',
  people: 'Accounts, teams, shifts, grants, emergencies',
  patients: 'Patients and what the law asks about them',
  measured: 'What is measured, and its alarms',
  devices: 'Devices: what staff say of them, and what they send',
  house: 'The organisation',
  server: 'The server itself',
};

export function apiDocument(version: string, routes: readonly Route[]): ApiDocument {
  const paths: Record<string, Record<string, DescribedOperation>> = {};
  for (const route of routes.filter(isDescribed)) {
    const operation = OPERATIONS[`${route.method} ${route.path}`];
    if (operation === undefined)
      throw new Error(`broken invariant: ${route.method} ${route.path} is not described`);
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: described(route, operation) };
  }
  const description =
    'Everything that is not FHIR. FHIR is below `/fhir/R4` and describes itself in `/fhir/R4/metadata`. ' +
    'Not cleared; secondary to bedside alarms.';
  return {
    openapi: '3.1.0',
    info: { title: 'Ausculta', version, description, license: LICENSE },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, about]) => ({ name, description: about })),
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const LICENSE = { name: 'Apache License 2.0', identifier: 'Apache-2.0' };

const SECURITY_SCHEMES = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'ausculta_session',
    description: 'Of a person, from our own pages alone.',
  },
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'Of a program: a token of ours, or one of the authorisation server.',
  },
  device: {
    type: 'http',
    scheme: 'bearer',
    description: 'Of a device; instead of it a certificate in the TLS handshake.',
  },
};

function described({ method, path, access }: Route, operation: Operation): DescribedOperation {
  const { summary, tag, query, body, isBodyOptional, answer, also } = operation;
  const content = answer && { content: contentOf(answer, 'output') };
  const status = String(operation.status ?? (answer === undefined ? 204 : 200));
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(query === undefined ? [] : parametersOf(query)),
  ];
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    summary,
    description: whoMay(access),
    tags: [tag],
    security: securityOf(access),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: isBodyOptional !== true, content: contentOf(body, 'input') },
    }),
    responses: {
      [status]: { description: answer === undefined ? 'Done.' : summary, ...content },
      ...(also && { [also.status]: { description: also.why, ...content } }),
      default: {
        description: 'Refused; `fault` is one of docs/faults.md.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function securityOf(access: Access) {
  if (access === 'public') return [];
  return access === 'device' ? [{ device: [] }] : [{ session: [] }, { token: [] }];
}

function whoMay(access: Access): string {
  if (access === 'public') return 'For anybody.';
  if (access === 'device') return 'For a device, by its token or certificate.';
  if (access === 'signed-in') return 'For whoever is signed in, about themselves.';
  const of = {
    subject: 'this patient',
    house: 'the organisation',
    each: 'each patient by themselves',
  };
  return `The policy is asked: ${access.may} ${access.of}, of ${of[access.about]}.`;
}

function contentOf(form: Form, io: 'input' | 'output'): Json {
  if (!isMedia(form)) return { 'application/json': { schema: schemaOf(form, io) } };
  return Object.fromEntries(
    form.media.map((media) => [media, { schema: { description: form.about } }]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

function parametersOf(query: z.ZodType) {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    readonly properties?: Json;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', schema },
    required: required.includes(name),
  }));
}
