/** Answers of FHIR over HTTP: a resource with its version and time, or the issues that stand in its place. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FHIR_BASE, FHIR_JSON } from '../people/problem.ts';
import { outcomeOf, type Refusal } from './answer.ts';
import type { FhirDocument } from './document.ts';

/** As the operator says that we are reached; else as whoever asks names us, in their own answer alone. */
export const baseOf = ({ server, protocol, host }: FastifyRequest): string =>
  `${server.publicUrl ?? `${protocol}://${host}`}${FHIR_BASE}`;

export async function sendRefusal(
  reply: FastifyReply,
  { status, issues }: Refusal,
): Promise<FastifyReply> {
  return await reply.code(status).type(FHIR_JSON).send(outcomeOf(issues));
}

export function describe(reply: FastifyReply, { versionId, updatedMs }: FhirDocument): void {
  reply.header('etag', `W/"${versionId}"`);
  if (updatedMs !== undefined) reply.header('last-modified', new Date(updatedMs).toUTCString());
}

/** Not sent again to whoever has it. */
export async function sendDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  document: FhirDocument,
): Promise<FastifyReply> {
  describe(reply, document);
  if (isKnown(request, document)) return await reply.code(304).send();
  return await reply.type(FHIR_JSON).send(document.text);
}

function isKnown({ headers }: FastifyRequest, { versionId, updatedMs }: FhirDocument): boolean {
  const versions = headers['if-none-match'];
  if (versions !== undefined)
    return versions.split(',').some((one) => versionIn(one) === versionId);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  // HTTP counts seconds.
  return updatedMs !== undefined && Math.floor(updatedMs / 1000) * 1000 <= since;
}

/** `W/"3"`, or `3` as some clients have it. */
export function versionIn(header: string): string {
  const inner = header.trim().replace(/^W\//, '').replace(/^"|"$/g, '');
  return inner.includes('"') ? header : inner;
}

export function prefers(request: FastifyRequest, what: string): boolean {
  const { prefer } = request.headers;
  return [prefer].flat().some((one) => one?.split(/[,;]/).some((part) => part.trim() === what));
}

export interface EntryText {
  readonly text: string | undefined;
  /** What stands beside the resource, as an object or as its JSON. */
  readonly beside: object | string;
}

/** What stands beside what was found: an answer has hundreds of them. */
export function searchBeside(fullUrl: string, mode: 'match' | 'include'): string {
  return `{"fullUrl":${JSON.stringify(fullUrl)},"search":{"mode":"${mode}"}}`;
}

/** A Bundle whose entries hold resources as they are kept. */
export function bundleText(bundle: object, entries: readonly EntryText[]): string {
  const head = JSON.stringify({ resourceType: 'Bundle', ...bundle });
  // R4 allows no empty list.
  if (entries.length === 0) return head;
  const told = entries.map(({ text, beside }) => {
    const rest = typeof beside === 'string' ? beside : JSON.stringify(beside);
    return text === undefined ? rest : `${rest.slice(0, -1)},"resource":${text}}`;
  });
  return `${head.slice(0, -1)},"entry":[${told.join()}]}`;
}
