/** The answer to a question of GraphQL. It brings the library with it, so it is loaded when first asked. */
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type ExecutionResult,
  execute,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
} from 'graphql';
import { noteRead } from '../../audit/noted-reads.ts';
import { callerOf } from '../../people/access.ts';
import { type Answer, outcomeOf, refuse } from '../answer.ts';
import { baseOf, sendRefusal } from '../http-answer.ts';
import { fhirKnowledge } from '../knowledge.ts';
import type { OfResource } from '../route-kind.ts';
import type { SearchPorts } from '../search-answer.ts';
import { QuestionBudget } from './budget.ts';
import { type Question, readQuestion } from './question.ts';
import { type Context, Resolvers } from './resolvers.ts';
import { schemaOf } from './schema.ts';

const ERRORS_MAX = 20;

export interface GraphqlPorts {
  readonly searching: SearchPorts;
  readonly pause: () => Promise<void>;
}

interface Asked {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly operationName: string | undefined;
}

export async function answerQuestion(
  { searching, pause }: GraphqlPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  of: OfResource['Params'] | undefined,
): Promise<FastifyReply> {
  const asked = askedIn(request);
  if (!asked.ok) return await sendRefusal(reply, asked.refusal);
  const { text, variables, operationName } = asked.value;
  const read = readQuestion(text, operationName);
  if (read.kind === 'refused') return await sendRefusal(reply, read.answer.refusal);
  if (read.kind === 'errors') return await sendErrors(reply, read.errors);
  const { question } = read;
  const resolvers = new Resolvers(searching);
  const budget = new QuestionBudget(pause);
  const { organisationId } = callerOf(request);
  const issues: OperationOutcomeIssue[] = [];
  const known: Context['known'] = new Map();
  const note = (subjects: readonly string[]) => noteRead(request, subjects);
  const asking = { organisationId, baseUrl: baseOf(request) };
  const context: Context = { ...asking, budget, issues, known, note };
  const rootValue = of === undefined ? undefined : await resolvers.root(context, of);
  if (rootValue?.ok === false) return await sendRefusal(reply, rootValue.refusal);
  const { definitions } = await fhirKnowledge();
  // Each that is not known yet takes 3 ms to learn, and there are 146.
  for (const type of [...question.types].filter((one) => definitions.resourceTypes.has(one))) {
    definitions.prepare([type]);
    await pause();
  }
  const schema = schemaOf(question, of?.type, { definitions, resolvers });
  const wrong = validate(schema, question.document, RULES, { maxErrors: ERRORS_MAX });
  if (wrong.length > 0) return await sendErrors(reply, wrong);
  const result = await execute({
    ...{ schema, document: question.document, rootValue: rootValue?.value, contextValue: context },
    ...{ variableValues: variables, operationName: nameOf(question) },
  });
  if (budget.isSpent) return await sendRefusal(reply, TOO_COSTLY.refusal);
  // What went wrong with us is nothing to tell a client, in whatever form.
  const broken = result.errors?.find(({ originalError }) => isOurs(originalError));
  if (broken !== undefined) throw broken.originalError;
  return await sendResult(reply, result, issues);
}

const isOurs = (error: unknown): boolean => error !== undefined && !(error instanceof GraphQLError);

const RULES = [...specifiedRules, NoSchemaIntrospectionCustomRule];

const nameOf = ({ operation }: Question): string | undefined => operation.name?.value;

const TOO_COSTLY = refuse(400, {
  code: 'too-costly',
  text: 'The question costs too much: ask for fewer fields, shorter lists or fewer references.',
});

/** As JSON with `query`, or as the query alone (application/graphql). */
function askedIn({ body, headers }: FastifyRequest): Answer<Asked> {
  const text = typeof body === 'string' ? body : '';
  if (/^application\/graphql\b/.test(headers['content-type'] ?? ''))
    return { ok: true, value: { text, variables: undefined, operationName: undefined } };
  const given = parsed(text);
  const { query, variables, operationName } = given ?? {};
  const hasVariables = typeof variables === 'object' && !Array.isArray(variables);
  const hasName =
    operationName === undefined || operationName === null || typeof operationName === 'string';
  if (typeof query !== 'string' || !(variables === undefined || hasVariables) || !hasName)
    return NO_QUESTION;
  return {
    ok: true,
    value: {
      text: query,
      variables: (variables ?? undefined) as Asked['variables'],
      operationName: operationName ?? undefined,
    },
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const NO_QUESTION = refuse(400, {
  code: 'structure',
  text: 'A question is JSON with query, a text, and perhaps variables and operationName; or the query alone, as application/graphql.',
});

const JSON_TYPE = 'application/json; charset=utf-8';

/** Of GraphQL's own form: nothing was asked of the record. */
async function sendErrors(
  reply: FastifyReply,
  errors: readonly GraphQLError[],
): Promise<FastifyReply> {
  return await reply.code(400).type(JSON_TYPE).send(JSON.stringify({ errors }));
}

async function sendResult(
  reply: FastifyReply,
  result: ExecutionResult,
  issues: readonly OperationOutcomeIssue[],
): Promise<FastifyReply> {
  const errors = result.errors?.slice(0, ERRORS_MAX);
  const told = new Map(issues.map((issue) => [JSON.stringify(issue), issue]));
  const outcome = outcomeOf([...told.values()]);
  const answer = {
    ...(errors !== undefined && { errors }),
    data: result.data ?? null,
    ...(told.size > 0 && { extensions: { outcome } }),
  };
  return await reply.type(JSON_TYPE).send(JSON.stringify(answer));
}
