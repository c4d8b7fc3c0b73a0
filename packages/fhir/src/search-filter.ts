/** One parameter of a search's URL → a filter: its name says on what, its values which are let through. */
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SearchParameter } from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';
import { type Reading, readComparison } from './search-comparison.ts';
import type { Comparison, Filter, ValueFilter } from './search-query.ts';
import { splitAt } from './search-text.ts';

/**
 * How much the chains of one query ask together: a reference to anything leads to every type, and each of
 * these may do so again.
 */
export class ChainWidth {
  #leaves = 0;

  /** False where it is too wide. */
  leaf(): boolean {
    this.#leaves += 1;
    return this.#leaves <= LEAVES_MAX;
  }
}

export interface FilterContext {
  readonly definitions: Definitions;
  readonly nowMs: number;
  readonly baseUrl: string | undefined;
}

interface WithinChains extends FilterContext {
  readonly width: ChainWidth;
}

/** A chain of four joins four tables of rows; nobody was seen to ask for more. */
const DEPTH_MAX = 4;
const VALUES_MAX = 200;
/** Each is a join; who names the types, as in `subject:Patient.name`, needs one. */
const LEAVES_MAX = 50;

/** Undefined for a name that the type does not have, which may be passed over. */
export function readFilter(
  type: string,
  name: string,
  value: string,
  context: WithinChains,
  depth = 0,
): Result<Filter | undefined> {
  if (depth > DEPTH_MAX) return fail('QUERY_TOO_WIDE', `a chain is longer than ${DEPTH_MAX}`);
  if (name.startsWith('_has:')) return readHas(type, name, value, context, depth);
  const dot = name.indexOf('.');
  if (dot >= 0) {
    return readChain(type, name.slice(0, dot), [name.slice(dot + 1), value], context, depth);
  }
  const [code = '', modifier, ...more] = name.split(':');
  const parameter = parameterOf(type, code, context);
  if (parameter === undefined) return ok(undefined);
  if (more.length > 0) return fail('QUERY_INVALID', `${code}: one modifier at most`);
  if (depth > 0 && !context.width.leaf()) return TOO_WIDE;
  return readValues(parameter, modifier, value, context);
}

const TOO_WIDE = fail('QUERY_TOO_WIDE', 'chains lead to too many types: name them, as in a:Type.b');

/** A reference that names no types may refer to any. */
export function mayReferTo({ target }: Pick<SearchParameter, 'target'>, type: string): boolean {
  const targets: readonly string[] | undefined = target;
  return targets?.includes(type) ?? true;
}

function parameterOf(
  type: string,
  code: string,
  { definitions }: FilterContext,
): SearchParameter | undefined {
  const parameter = definitions.searchParameters.get(type)?.get(code);
  return parameter?.type === 'special' ? undefined : parameter;
}

/** `_has:Observation:patient:code=8867-4`: an Observation of that code has this one as its patient. */
function readHas(
  type: string,
  name: string,
  value: string,
  context: WithinChains,
  depth: number,
): Result<Filter | undefined> {
  const [, from = '', by = '', ...rest] = name.split(':');
  const parameter = parameterOf(from, by, context);
  const isReference = parameter?.type === 'reference';
  if (!isReference || !mayReferTo(parameter, type)) {
    return fail(
      'QUERY_INVALID',
      '_has is _has:Type:reference:parameter, of a reference to the type',
    );
  }
  const inner = readFilter(from, rest.join(':'), value, context, depth + 1);
  if (!inner.ok) return inner;
  if (inner.value === undefined)
    return fail('QUERY_INVALID', '_has ends in no parameter of its type');
  return ok({ kind: 'has', type: from, parameter: by, filter: inner.value });
}

/** `subject:Patient.name=ann`, or `subject.name=ann` of every type that can be meant. */
function readChain(
  type: string,
  head: string,
  [rest, value]: readonly [string, string],
  context: WithinChains,
  depth: number,
): Result<Filter | undefined> {
  const [code = '', only] = head.split(':');
  const parameter = parameterOf(type, code, context);
  if (parameter === undefined) return ok(undefined);
  if (parameter.type !== 'reference') {
    return fail('QUERY_INVALID', `${code} is no reference to chain from`);
  }
  const types: readonly string[] = parameter.target ?? [];
  if (only !== undefined && !types.includes(only)) {
    return fail('QUERY_INVALID', `${code} does not refer to that type`);
  }
  const targets: { type: string; filter: Filter }[] = [];
  for (const target of only === undefined ? types : [only]) {
    const filter = readFilter(target, rest, value, context, depth + 1);
    if (!filter.ok) return filter;
    if (filter.value !== undefined) targets.push({ type: target, filter: filter.value });
  }
  if (targets.length > 0) return ok({ kind: 'chain', parameter: code, targets });
  return fail('QUERY_INVALID', `${code}: what it refers to has no such parameter`);
}

/** `above`, `below`, `in` and `not-in` of codes ask for a terminology, which is not here. */
const MODIFIERS: Readonly<Partial<Record<SearchParameter['type'], readonly string[]>>> = {
  token: ['text', 'not', 'of-type'],
  string: ['exact', 'contains'],
  uri: ['above', 'below'],
  reference: ['identifier'],
};

function readValues(
  parameter: SearchParameter,
  modifier: string | undefined,
  value: string,
  context: FilterContext,
): Result<Filter> {
  const { code, type } = parameter;
  if (modifier === 'missing') {
    if (value !== 'true' && value !== 'false')
      return fail('QUERY_INVALID', `${code}:missing is true or false`);
    return ok({ kind: 'missing', parameter: code, isMissing: value === 'true' });
  }
  const targets: readonly (string | undefined)[] = parameter.target ?? [];
  const isType = type === 'reference' && modifier !== undefined && targets.includes(modifier);
  if (modifier !== undefined && !isType && !MODIFIERS[type]?.includes(modifier)) {
    return fail('QUERY_INVALID', `${code} takes no such modifier`);
  }
  const texts = splitAt(',', value);
  if (texts.length > VALUES_MAX)
    return fail('QUERY_TOO_WIDE', `${code}: more than ${VALUES_MAX} values`);
  const comparisons: Comparison[] = [];
  for (const text of texts) {
    const read = readOne(parameter, text, { ...context, type, modifier });
    if (read === undefined) return fail('QUERY_INVALID', `${code} is ${FORMS[type]}`);
    comparisons.push(read);
  }
  return ok(valueFilter(code, modifier, comparisons));
}

function valueFilter(
  parameter: string,
  modifier: string | undefined,
  comparisons: readonly Comparison[],
): ValueFilter {
  return { kind: 'value', parameter, comparisons, isNot: modifier === 'not' };
}

/** The parts of a composite are parted by "$", each of its own type. */
function readOne(
  { component = [], type }: SearchParameter,
  text: string,
  reading: Reading & FilterContext,
): Comparison | undefined {
  if (type !== 'composite') return readComparison(text, reading);
  const texts = splitAt('$', text);
  if (texts.length !== component.length) return undefined;
  const parts = component.flatMap(({ definition }, index) => {
    const part = reading.definitions.searchParametersByUrl.get(definition ?? '');
    const read = part && readComparison(texts[index] ?? '', { ...reading, type: part.type });
    return read ?? [];
  });
  return parts.length === component.length ? { kind: 'composite', parts } : undefined;
}

const FORMS: Readonly<Record<SearchParameter['type'], string>> = {
  token: '[system|]code, with :of-type system|type|value',
  reference: 'Type/id, an id, or a URL',
  date: '[eq|ne|gt|lt|ge|le|sa|eb|ap]YYYY[-MM[-DD[Thh:mm[:ss][Z]]]]',
  number: '[eq|ne|gt|lt|ge|le|sa|eb|ap]number',
  quantity: '[prefix]number[|system|code]',
  string: 'a text that is not empty',
  uri: 'a URI',
  composite: 'its parts, with $ between them',
  special: 'not searched here',
};
