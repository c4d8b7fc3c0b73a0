/** FHIR over HTTP, as its tests ask: with a body as it stands or as JSON, and answers read as JSON. */
import assert from 'node:assert/strict';
import type { ServerUnderTest } from './server.ts';

export const BASE = '/fhir/R4';

export type Json = Record<string, unknown> & { id?: string; entry?: Json[]; resource?: Json };

export async function json(response: Response): Promise<Json> {
  return (await response.json()) as Json;
}

export const ids = (bundle: Json, mode = 'match'): unknown[] =>
  (bundle.entry ?? [])
    .filter((entry) => (entry['search'] as Json | undefined)?.['mode'] === mode)
    .map(({ resource }) => resource?.id);

export function fhirClient(server: () => Pick<ServerUnderTest, 'fetch'>) {
  const send = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const type = { 'content-type': 'application/fhir+json' };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const options = { method, headers: { ...type, ...headers } };
    const request = body === undefined ? options : { ...options, body: text };
    return server().fetch(`${BASE}${path}`, request);
  };
  const made = async <T extends { resourceType: string }>(
    resource: T,
  ): Promise<Json & { id: string }> => {
    const response = await send('POST', `/${resource.resourceType}`, resource);
    assert.equal(response.status, 201, await response.clone().text());
    return (await json(response)) as Json & { id: string };
  };
  return { send, made };
}
