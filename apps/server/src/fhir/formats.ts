/** In which formats a client is answered and understood: JSON alone. Whoever wants XML is told so before anything is done. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuse } from './answer.ts';
import { sendRefusal } from './http-answer.ts';

/** A question of $graphql, and nothing else. */
const GRAPHQL = 'application/graphql';

/** Of bodies that are read as one text. */
export const BODIES = [
  'application/json',
  'application/fhir+json',
  'application/json-patch+json',
  'application/x-www-form-urlencoded',
  GRAPHQL,
];

/** Resources line by line, which are read as they come. */
export const LINES = ['application/fhir+ndjson', 'application/x-ndjson', 'application/ndjson'];

const GRAPHQL_ANSWER = 'application/graphql-response+json';

const TOLD = [
  'application/fhir+json',
  'application/json',
  'text/json',
  'json',
  GRAPHQL_ANSWER,
  ...LINES,
];

/** Another version of FHIR is another format. */
const VERSIONS = ['4.0', '4.0.1'];

export function refuseOtherFormats(fhir: FastifyInstance): void {
  fhir.addHook('onRequest', async (request, reply) => {
    if (!isAnswerTaken(request)) {
      const text = 'Answers are in JSON: application/fhir+json, of FHIR 4.0. There is no XML here.';
      return await sendRefusal(reply, refuse(406, { code: 'not-supported', text }).refusal);
    }
    if (!isBodyUnderstood(request)) {
      const text = 'Bodies are in JSON: application/fhir+json. There is no XML here.';
      return await sendRefusal(reply, refuse(415, { code: 'not-supported', text }).refusal);
    }
  });
}

/** `_format` is asked before the header: it is for clients that cannot set one. */
function isAnswerTaken({ headers, query }: FastifyRequest): boolean {
  const asked = [(query as { _format?: string | string[] })._format].flat();
  const formats = asked.filter((one) => one !== undefined && one !== '');
  // A plus that nobody encoded arrives as a blank.
  if (formats.length > 0) return formats.some((one) => isTold(one?.replace(' ', '+') ?? ''));
  const { accept } = headers;
  return accept === undefined || accept.trim() === '' || accept.split(',').some(isTold);
}

function isTold(range: string): boolean {
  const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const parameter = (wanted: string): string | undefined =>
    parameters.find((one) => one.startsWith(`${wanted}=`))?.slice(wanted.length + 1);
  const version = parameter('fhirversion');
  if (version !== undefined && !VERSIONS.includes(version.replaceAll('"', ''))) return false;
  if (Number(parameter('q') ?? 1) === 0) return false;
  return name === '*/*' || name === 'application/*' || TOLD.includes(name);
}

function isBodyUnderstood({ headers, url }: FastifyRequest): boolean {
  const type = headers['content-type'];
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (type === undefined) return !hasBody;
  const [name = ''] = type.split(';').map((part) => part.trim().toLowerCase());
  if (name === GRAPHQL) return /\$graphql(?:\?|$)/.test(url);
  return !hasBody || BODIES.includes(name) || LINES.includes(name);
}
