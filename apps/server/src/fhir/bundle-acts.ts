/** The entries of a Bundle as what is to be done, each with what it asks for. */
import type { BundleEntry, Resource } from '@medplum/fhirtypes';
import type { Act } from './acts.ts';
import { type Answer, refuse } from './answer.ts';
import { versionIn } from './http-answer.ts';
import { queryOf } from './write-routes.ts';

export type EntryAct = Act | { readonly kind: 'get'; readonly url: string };

/** `[type]`, `[type]/[id]`, each with a query or without. */
const TARGET = /^\/?([A-Z][A-Za-z]{1,63})(?:\/([A-Za-z0-9.-]{1,64}))?(\?.*)?$/;

export function actOf(entry: BundleEntry, at: number, hasPrecise: boolean): Answer<EntryAct> {
  const path = `Bundle.entry[${at}]`;
  const { request, resource, fullUrl } = entry;
  const { method, url } = request ?? {};
  if (method === undefined || url === undefined) {
    const text = 'An entry says with request.method and request.url what is to be done.';
    return refuse(400, { code: 'required', text, at: `${path}.request` });
  }
  if (method === 'GET' || method === 'HEAD') return { ok: true, value: { kind: 'get', url } };
  const [, type, id, query] = TARGET.exec(url) ?? [];
  if (type === undefined) return badUrl(path);
  const named = fullUrl === undefined ? {} : { fullUrl };
  const ifMatch = request?.ifMatch === undefined ? {} : { ifMatch: versionIn(request.ifMatch) };
  if (method === 'DELETE') return deletion({ type, id, query }, ifMatch, path);
  if (method !== 'POST' && method !== 'PUT') {
    const text = `A Bundle's entries are GET, POST, PUT or DELETE.`;
    return refuse(400, { code: 'not-supported', text, at: `${path}.request.method` });
  }
  if (typeof resource !== 'object') {
    return refuse(400, {
      code: 'required',
      text: 'The resource is missing.',
      at: `${path}.resource`,
    });
  }
  const given = { resource, hasPrecise, ...named };
  if (method === 'POST') return creation({ type, id, query }, given, request?.ifNoneExist, path);
  if (id !== undefined)
    return { ok: true, value: { kind: 'update', type, id, ...given, ...ifMatch } };
  if (query === undefined) return badUrl(path);
  const where = { type, query: queryOf(query), ...given, ...ifMatch };
  return { ok: true, value: { kind: 'update-where', ...where } };
}

interface Target {
  readonly type: string;
  readonly id: string | undefined;
  readonly query: string | undefined;
}

function deletion(
  { type, id, query }: Target,
  ifMatch: { readonly ifMatch?: string },
  path: string,
): Answer<Act> {
  if (id !== undefined) return { ok: true, value: { kind: 'delete', type, id, ...ifMatch } };
  if (query === undefined) return badUrl(path);
  return { ok: true, value: { kind: 'delete-where', type, query: queryOf(query) } };
}

function creation(
  { type, id, query }: Target,
  given: { readonly resource: Resource; readonly hasPrecise: boolean; readonly fullUrl?: string },
  ifNoneExist: string | undefined,
  path: string,
): Answer<Act> {
  if (id !== undefined || query !== undefined) return badUrl(path);
  const condition = ifNoneExist === undefined ? {} : { ifNoneExist: queryOf(ifNoneExist) };
  return { ok: true, value: { kind: 'create', type, ...given, ...condition } };
}

function badUrl(path: string): Answer<never> {
  const text = 'The address is no [type], [type]/[id] or [type]?[query] that the method takes.';
  return refuse(400, { code: 'invalid', text, at: `${path}.request.url` });
}
