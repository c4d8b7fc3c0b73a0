/**
 * A GraphQL question before anything is asked of the record: read, and refused where it is too deep, too
 * wide, goes in circles, or wants something else than to read. Nothing here runs longer than a few ms.
 */
import {
  type DocumentNode,
  GraphQLError,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { type Answer, refuse } from '../answer.ts';

/** A page of a good size asks for some hundred fields; a schema explorer for none, as there is none. */
const TOKENS_MAX = 4_000;
const FIELDS_MAX = 1_000;
/** `PatientList { … Reference { resource { … } } }` three references far. */
const DEPTH_MAX = 20;
/** Asked for again and again under one name, a field is compared with itself each time. */
const REPEATS_MAX = 25;

export interface Question {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Whatever is named somewhere in it: the schema has these alone. */
  readonly fields: ReadonlySet<string>;
  readonly parameters: ReadonlySet<string>;
  /** Resources that it may look into. */
  readonly types: ReadonlySet<string>;
}

export type ReadQuestion =
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'errors'; readonly errors: readonly GraphQLError[] }
  | { readonly kind: 'refused'; readonly answer: Extract<Answer<never>, { ok: false }> };

export function readQuestion(text: string, operationName: string | undefined): ReadQuestion {
  const document = parsed(text);
  if (document instanceof GraphQLError) {
    const isLong = document.message.includes('tokens');
    return isLong ? refused(TOO_LONG) : { kind: 'errors', errors: [document] };
  }
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    const error = new GraphQLError('operationName names none, or one of several is to be named');
    return { kind: 'errors', errors: [error] };
  }
  if (operation.operation !== 'query') return refused(ONLY_QUERIES);
  const costly = whyTooCostly(document);
  if (costly !== undefined) return refused(costly);
  const named = namesIn(document);
  const { fields } = named;
  if (fields.has('__schema') || fields.has('__type')) return refused(NO_INTROSPECTION);
  return { kind: 'question', question: { document, operation, ...named } };
}

function namesIn(document: DocumentNode): Pick<Question, 'fields' | 'parameters' | 'types'> {
  const fields = new Set<string>();
  const parameters = new Set<string>();
  const types = new Set<string>();
  visit(document, {
    Field: ({ name: { value } }) => {
      fields.add(value);
      types.add(value.replace(/(List|Connection)$/, ''));
    },
    Argument: ({ name }) => void parameters.add(name.value),
    NamedType: ({ name }) => void types.add(name.value),
  });
  return { fields, parameters, types };
}

const refused = (answer: Extract<Answer<never>, { ok: false }>): ReadQuestion => ({
  ...{ kind: 'refused', answer },
});

function parsed(text: string): DocumentNode | GraphQLError {
  try {
    return parse(text, { maxTokens: TOKENS_MAX });
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

interface Level {
  readonly set: SelectionSetNode;
  readonly depth: number;
  /** Where it stands in the answer. */
  readonly path: string;
  /** The fragments that led here. */
  readonly within: ReadonlySet<string>;
}

/**
 * Looked at with each fragment where it is spread; undefined where it may be asked. Each operation and
 * each fragment is, also those that are not used: all are validated.
 */
function whyTooCostly(document: DocumentNode): Extract<Answer<never>, { ok: false }> | undefined {
  const fragments = new Map<string, SelectionSetNode>();
  for (const one of document.definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one.selectionSet);
  let count = 0;
  const repeats = new Map<string, number>();
  const levels = document.definitions.flatMap((one, index): Level[] =>
    'selectionSet' in one && one.selectionSet !== undefined
      ? [{ set: one.selectionSet, depth: 1, path: String(index), within: new Set() }]
      : [],
  );
  for (let level = levels.pop(); level !== undefined; level = levels.pop()) {
    if (level.depth > DEPTH_MAX) return TOO_DEEP;
    for (const one of level.set.selections) {
      count += 1;
      if (count > FIELDS_MAX) return TOO_WIDE;
      const { next, path } = below(one, level, fragments);
      if (path !== undefined) repeats.set(path, (repeats.get(path) ?? 0) + 1);
      if (path !== undefined && (repeats.get(path) ?? 0) > REPEATS_MAX) return TOO_WIDE;
      if (next === 'circle') return IN_CIRCLES;
      if (next !== undefined) levels.push(next);
    }
  }
  return undefined;
}

/** `path` of a field in the answer. */
function below(
  one: SelectionNode,
  { depth: above, path, within }: Level,
  fragments: ReadonlyMap<string, SelectionSetNode>,
): { readonly next?: Level | 'circle' | undefined; readonly path?: string } {
  const depth = above + 1;
  if (one.kind === Kind.INLINE_FRAGMENT)
    return { next: { set: one.selectionSet, depth, path, within } };
  const { value: name } = one.name;
  if (one.kind === Kind.FIELD) {
    const at = `${path}.${one.alias?.value ?? name}`;
    const set = one.selectionSet;
    return { path: at, next: set && { set, depth, path: at, within } };
  }
  if (within.has(name)) return { next: 'circle' };
  // One that nobody has defined is told as an error of GraphQL.
  const set = fragments.get(name);
  return { next: set && { set, depth, path, within: new Set([...within, name]) } };
}

const tooCostly = (text: string) => refuse(400, { code: 'too-costly', text });

const TOO_LONG = tooCostly(`The query is longer than ${TOKENS_MAX} words and signs.`);
const TOO_WIDE = tooCostly(
  `The query asks for more than ${FIELDS_MAX} fields, or for one of them more than ${REPEATS_MAX} times.`,
);
const TOO_DEEP = tooCostly(`The query is nested deeper than ${DEPTH_MAX} levels.`);
const IN_CIRCLES = refuse(400, {
  code: 'invalid',
  text: 'A fragment of the query leads to itself.',
});
const ONLY_QUERIES = refuse(400, {
  code: 'not-supported',
  text: 'GraphQL only reads here: there are no mutations and no subscriptions. Write by REST.',
});
const NO_INTROSPECTION = refuse(400, {
  code: 'not-supported',
  text: 'The schema is that of FHIR R4 and is not told by introspection. __typename is answered.',
});
