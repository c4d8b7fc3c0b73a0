/** What an operation is asked: in the address, or as a Parameters resource, which says the same. */
import type { Token } from '@ausculta/fhir/observation-query';
import { referenceHere } from '@ausculta/fhir/reference';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { Parameters, ParametersParameter, Resource } from '@medplum/fhirtypes';
import type { FastifyRequest } from 'fastify';
import { type Answer, refuse } from '../answer.ts';
import { readIncoming } from '../incoming.ts';
import { queryOf } from '../write-routes.ts';

export interface OperationAsked {
  /** Names and values as an address has them; codes are `system|code`. */
  readonly texts: URLSearchParams;
  readonly resources: ReadonlyMap<string, Resource>;
  /** What is a structure of its own: a Period. */
  readonly parts: readonly ParametersParameter[];
  /** Whether a resource in it holds decimals that a number forgets. */
  readonly hasPrecise: boolean;
}

const PARAMETERS_MAX = 100;

/** A body that is no Parameters is the operation's one resource, under the name `resource`. */
export function readAsked(request: FastifyRequest): Answer<OperationAsked> {
  const texts = new URLSearchParams(queryOf(request.url));
  const { body } = request;
  const isForm = /^application\/x-www-form-urlencoded/.test(request.headers['content-type'] ?? '');
  if (isForm)
    for (const [name, value] of new URLSearchParams(String(body))) texts.append(name, value);
  if (isForm || typeof body !== 'string' || body.trim() === '')
    return { ok: true, value: { texts, resources: new Map(), parts: [], hasPrecise: false } };
  const given = readIncoming(body);
  if (!given.ok) return given;
  const { resource, hasPrecise } = given.value;
  if (resource.resourceType !== 'Parameters') {
    const resources = new Map([['resource', resource]]);
    return { ok: true, value: { texts, resources, parts: [], hasPrecise } };
  }
  return withParameters(resource, { texts, hasPrecise });
}

function withParameters(
  { parameter: parts = [] }: Parameters,
  { texts, hasPrecise }: Pick<OperationAsked, 'texts' | 'hasPrecise'>,
): Answer<OperationAsked> {
  if (!Array.isArray(parts) || parts.length > PARAMETERS_MAX) return NO_PARAMETERS;
  const resources = new Map<string, Resource>();
  for (const part of parts) {
    if (typeof part?.name !== 'string') return NO_PARAMETERS;
    if (part.resource !== undefined) {
      if (typeof part.resource?.resourceType !== 'string') return NO_PARAMETERS;
      resources.set(part.name, part.resource);
    }
    const text = textOf(part);
    if (text !== undefined) texts.append(part.name, text);
  }
  return { ok: true, value: { texts, resources, parts, hasPrecise } };
}

const NO_PARAMETERS = refuse(400, {
  code: 'structure',
  text: `Parameters has at most ${PARAMETERS_MAX} parameters, each with a name.`,
  at: 'Parameters.parameter',
});

function textOf(part: object): string | undefined {
  const [, value] = Object.entries(part).find(([key]) => /^value[A-Z]/.test(key)) ?? [];
  if (typeof value === 'object' && value !== null) {
    const { reference, system, code } = value as Readonly<Record<string, unknown>>;
    if (typeof reference === 'string') return reference;
    if (typeof code !== 'string') return undefined;
    return typeof system === 'string' ? `${system}|${code}` : code;
  }
  return value === undefined ? undefined : String(value);
}

/** The patient of this server that `patient` or `subject` names. */
export function patientIn(texts: URLSearchParams, baseUrl: string): SubjectId | undefined {
  const given = texts.get('patient') ?? texts.get('subject') ?? '';
  return parseSubjectId((referenceHere(given, baseUrl) ?? given).replace(/^Patient\//, ''));
}

/** "system|code", or a code alone, of that system where one is given. */
export function tokenOf(text: string, system?: string): Token {
  const at = text.lastIndexOf('|');
  return at < 0 ? { system, code: text } : { system: text.slice(0, at), code: text.slice(at + 1) };
}

/** How the answer is told: no matter of the operation. */
export const ABOUT_THE_ANSWER = ['_format', '_pretty'];

/** The first name that an operation does not know. */
export function unknownIn(
  { texts }: Pick<OperationAsked, 'texts'>,
  known: readonly string[],
): string | undefined {
  return [...texts.keys()].find(
    (name) => !known.includes(name) && !ABOUT_THE_ANSWER.includes(name),
  );
}

/** A filter that is passed over answers another question than was asked. */
export const UNKNOWN_PARAMETER = refuse(400, {
  code: 'not-supported',
  text: 'The operation does not know one of the parameters. Its page names those that it knows.',
});

/** Undefined where it is not said, or is none; which of both it is, `has` tells. */
export function wholeNumber(text: string | null, max: number): number | undefined {
  if (text === null || !/^\d{1,6}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= 1 && value <= max ? value : undefined;
}
