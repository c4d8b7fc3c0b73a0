/**
 * Apps in a browser ask by FHIR from pages of their own (CORS). What lets them in is their token, which no
 * browser sends by itself: cookies are never read for a page from elsewhere.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { FHIR_BASE } from './problem.ts';

/** Before it knows who it is, an app asks these two. */
const FOR_ANYBODY = [`${FHIR_BASE}/metadata`, `${FHIR_BASE}/.well-known/smart-configuration`];

const MAY_SEND =
  'authorization, content-type, accept, prefer, if-match, if-none-match, if-none-exist';
const MAY_READ = 'etag, location, content-location, last-modified, retry-after';
const FOR_AN_HOUR = '3600';

export function letAppsAsk(
  app: FastifyInstance,
  isOriginOfApp: (origin: string) => Promise<boolean>,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    const [path = ''] = request.url.split('?', 1);
    const isFhir = path === FHIR_BASE || path.startsWith(`${FHIR_BASE}/`);
    if (origin === undefined || !isFhir) return undefined;
    reply.header('vary', 'Origin');
    if (!FOR_ANYBODY.includes(path) && !(await isOriginOfApp(origin))) return undefined;
    reply.header('access-control-allow-origin', origin);
    const isAskedFirst = request.method === 'OPTIONS';
    if (!isAskedFirst || request.headers['access-control-request-method'] === undefined) {
      reply.header('access-control-expose-headers', MAY_READ);
      return undefined;
    }
    return await answerFirst(reply);
  });
}

async function answerFirst(reply: FastifyReply): Promise<FastifyReply> {
  return await reply
    .header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
    .header('access-control-allow-headers', MAY_SEND)
    .header('access-control-max-age', FOR_AN_HOUR)
    .code(204)
    .send();
}
