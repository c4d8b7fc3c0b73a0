/** Reading one resource, one of its versions, or the history of one, of a type, of all. */

import { readDate } from '@ausculta/fhir/date-range';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { callerOf } from '../people/access.ts';
import { FHIR_JSON } from '../people/problem.ts';
import { refuse } from './answer.ts';
import { baseOf, bundleText, sendDocument, sendRefusal } from './http-answer.ts';
import type { Repository } from './repository.ts';
import { FHIR_ROUTE, type OfResource, type OfType, type OfVersion } from './route-kind.ts';
import type { HistoryQuestion } from './store.ts';

const COUNT_DEFAULT = 100;
const COUNT_MAX = 1_000;

export function readRoutes(app: FastifyInstance, repository: Repository): void {
  app.get<OfResource>('/:type/:id', FHIR_ROUTE, async (request, reply) => {
    const read = await repository.read(callerOf(request).organisationId, request.params);
    if (!read.ok) return await sendRefusal(reply, read.refusal);
    noteRead(request, read.value.subjectIds, { type: read.value.type });
    return await sendDocument(request, reply, read.value);
  });

  app.get<OfVersion>('/:type/:id/_history/:version', FHIR_ROUTE, async (request, reply) => {
    const { type, id, version: versionId } = request.params;
    const { organisationId } = callerOf(request);
    const read = await repository.readVersion(organisationId, { type, id, versionId });
    if (!read.ok) return await sendRefusal(reply, read.refusal);
    noteRead(request, read.value.subjectIds, { type });
    return await sendDocument(request, reply, read.value);
  });

  const history = (
    request: FastifyRequest,
    reply: FastifyReply,
    of: { type?: string; id?: string },
  ) => answerHistory(repository, request, reply, of);
  app.get('/_history', FHIR_ROUTE, (request, reply) => history(request, reply, {}));
  app.get<OfType>('/:type/_history', FHIR_ROUTE, (request, reply) =>
    history(request, reply, request.params),
  );
  app.get<OfResource>('/:type/:id/_history', FHIR_ROUTE, (request, reply) =>
    history(request, reply, request.params),
  );
}

async function answerHistory(
  repository: Repository,
  request: FastifyRequest,
  reply: FastifyReply,
  { type, id }: { readonly type?: string; readonly id?: string },
): Promise<FastifyReply> {
  const url = new URL(request.url, baseOf(request));
  const asked = questionOf(url.searchParams);
  if (typeof asked === 'string')
    return await sendRefusal(reply, refuse(400, { code: 'invalid', text: asked }).refusal);
  const { organisationId } = callerOf(request);
  const { documents, last, isMore } = await repository.history(organisationId, {
    ...{ type, id },
    ...asked,
  });
  // What never was has no history; one of a patient who has no document yet is empty.
  if (documents.length === 0 && type !== undefined && id !== undefined) {
    const read = await repository.read(organisationId, { type, id });
    if (!read.ok) return await sendRefusal(reply, read.refusal);
  }
  for (const { subjectIds } of documents) noteRead(request, subjectIds, { type });
  const link = [{ relation: 'self', url: url.href }];
  if (isMore && last !== undefined) {
    const next = new URL(url);
    const { updated_ms, type: lastType, id: lastId, version } = last;
    next.searchParams.set('_cursor', [updated_ms, lastType, lastId, version].join('~'));
    link.push({ relation: 'next', url: next.href });
  }
  const base = baseOf(request);
  const entries = documents.map((document) => ({
    text: document.text,
    beside: {
      fullUrl: `${base}/${document.type}/${document.id}`,
      request: requestOf(document),
      response: {
        status: document.text === undefined ? '204' : document.versionId === '1' ? '201' : '200',
        etag: `W/"${document.versionId}"`,
        lastModified: new Date(document.updatedMs ?? 0).toISOString(),
      },
    },
  }));
  return await reply.type(FHIR_JSON).send(bundleText({ type: 'history', link }, entries));
}

function requestOf({
  type,
  id,
  versionId,
  text,
}: {
  type: string;
  id: string;
  versionId: string;
  text: string | undefined;
}) {
  if (text === undefined) return { method: 'DELETE', url: `${type}/${id}` };
  return versionId === '1'
    ? { method: 'POST', url: type }
    : { method: 'PUT', url: `${type}/${id}` };
}

type Asked = Pick<HistoryQuestion, 'sinceMs' | 'after' | 'limit'>;

/** A text where it is not understood. */
function questionOf(parameters: URLSearchParams): Asked | string {
  const count = parameters.get('_count') ?? String(COUNT_DEFAULT);
  if (!/^\d{1,5}$/.test(count)) return '_count is a whole number from 0 to 99999';
  const since = parameters.get('_since');
  const sinceMs = since === null ? 0 : readDate(since)?.fromMs;
  if (sinceMs === undefined) return '_since is an instant';
  const limit = Math.max(1, Math.min(Number(count), COUNT_MAX));
  const cursor = parameters.get('_cursor');
  if (cursor === null) return { sinceMs, after: undefined, limit };
  const [, at, type, id, version] =
    /^(\d{1,15})~([A-Za-z]{1,64})~([A-Za-z0-9.-]{1,64})~(\d{1,15})$/.exec(cursor) ?? [];
  if (at === undefined || type === undefined || id === undefined)
    return '_cursor is of a next link';
  return { sinceMs, after: { updated_ms: Number(at), type, id, version: Number(version) }, limit };
}
