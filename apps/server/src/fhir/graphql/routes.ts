/**
 * `$graphql`: questions of GraphQL over all resources, or over one. They are posted: in an address they
 * would tell names to logs and histories.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '../answer.ts';
import { sendRefusal } from '../http-answer.ts';
import { FHIR_ROUTE, type OfResource } from '../route-kind.ts';
import type { GraphqlPorts } from './answering.ts';

/** With its variables; a question that is longer is refused before it is read. */
const QUESTION_BYTES_MAX = 64 * 2 ** 10;

const ROUTE = { ...FHIR_ROUTE, bodyLimit: QUESTION_BYTES_MAX } as const;

export function graphqlRoutes(app: FastifyInstance, ports: GraphqlPorts): void {
  let answering: ReturnType<typeof load> | undefined;
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    of?: OfResource['Params'],
  ): Promise<FastifyReply> => {
    answering ??= load(ports);
    const { answerQuestion } = await answering;
    return await answerQuestion(ports, request, reply, of);
  };
  app.post('/$graphql', ROUTE, (request, reply) => answer(request, reply));
  app.post<OfResource>('/:type/:id/$graphql', ROUTE, (request, reply) =>
    answer(request, reply, request.params),
  );
  for (const path of ['/$graphql', '/:type/:id/$graphql'])
    app.get(path, ROUTE, (_request, reply) => sendRefusal(reply, ONLY_POSTED.refusal));
}

/**
 * The library is 14 MB of memory that most houses never use, and 50 ms at once: it comes in parts, with
 * other work between them.
 */
async function load({ pause }: GraphqlPorts): Promise<typeof import('./answering.ts')> {
  await import('graphql/language/index.js');
  await pause();
  await import('graphql/type/index.js');
  await pause();
  await import('graphql/execution/index.js');
  await pause();
  await import('graphql/validation/index.js');
  await pause();
  await import('graphql/utilities/index.js');
  await pause();
  return await import('./answering.ts');
}

const ONLY_POSTED = refuse(405, {
  code: 'not-supported',
  text: 'A GraphQL question is posted: an address is kept in logs and histories.',
});
