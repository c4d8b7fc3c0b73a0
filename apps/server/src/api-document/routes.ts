/** GET /api/openapi.json and /api/docs: what the API is, for programs and for people. */
import type { FastifyInstance } from 'fastify';
import { apiDocument, type Route } from './document.ts';
import { apiPage } from './page.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Notes every route that is added from here on. */
export function noteRoutes(app: FastifyInstance): readonly Route[] {
  const routes: Route[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat())
      if (METHODS.includes(one) && config?.access !== undefined)
        routes.push({ method: one, path: url, access: config.access });
  });
  return routes;
}

export function apiDocumentRoutes(
  app: FastifyInstance,
  { version, routes }: { readonly version: string; readonly routes: readonly Route[] },
): void {
  const config = { access: 'public' } as const;
  // Once: what there is does not change while the server runs.
  let made: { readonly json: string; readonly page: string } | undefined;
  const texts = () => {
    if (made === undefined) {
      const document = apiDocument(version, routes);
      made = { json: JSON.stringify(document), page: apiPage(document) };
    }
    return made;
  };

  app.get('/api/openapi.json', { config }, async (_request, reply) => {
    return await reply.type('application/json; charset=utf-8').send(texts().json);
  });

  app.get('/api/docs', { config }, async (_request, reply) => {
    return await reply.type('text/html; charset=utf-8').send(texts().page);
  });
}
