import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { ChainWidth, type FilterContext, readFilter } from './search-filter.ts';
import type { Filter, SearchQuery } from './search-query.ts';
import { emptyResult, RESULT_PARAMETERS } from './search-result.ts';

export interface SearchOptions extends FilterContext {
  /** Prefer: handling=strict. An unknown parameter is a fault, as it is for whoever must be sure. */
  readonly isStrict: boolean;
}

const PARAMETERS_MAX = 50;
const VALUE_LENGTH_MAX = 8_000;
const TYPES_MAX = 50;

/**
 * Reads the parameters of a search (R4, search). What is known and cannot be read is always a fault,
 * and names the parameter; it repeats no value, which may be a name. Unknown parameters are passed
 * over and listed, unless the caller is strict.
 *
 * `type` is undefined for a search of the whole system, which must say its types itself.
 */
export function parseSearch(
  type: string | undefined,
  parameters: Iterable<readonly [string, string]>,
  options: SearchOptions,
): Result<SearchQuery> {
  const asked = [...parameters];
  if (asked.length > PARAMETERS_MAX) return fail('QUERY_TOO_WIDE', 'too many parameters');
  const tooLong = asked.find(([, value]) => value.length > VALUE_LENGTH_MAX);
  if (tooLong !== undefined) return fail('QUERY_TOO_WIDE', 'a value is too long');
  const types = typesOf(type, asked, options);
  if (!types.ok) return types;
  const context = { ...options, types: types.value };
  const result = emptyResult();
  const filters: Filter[] = [];
  const ignored: string[] = [];
  const filtering = { ...options, width: new ChainWidth() };
  for (const [name, value] of asked) {
    if (type === undefined && name === '_type') continue;
    const readResult = RESULT_PARAMETERS.get(name);
    if (readResult !== undefined) {
      const problem = readResult(result, value, context);
      if (problem !== undefined) return fail('QUERY_INVALID', problem);
      continue;
    }
    const filter = readForAll(types.value, [name, value], filtering);
    if (!filter.ok) return filter;
    if (filter.value !== undefined) filters.push(filter.value);
    else if (options.isStrict)
      return fail('QUERY_INVALID', `unknown search parameter${nameOf(name)}`);
    else ignored.push(name);
  }
  return ok({ types: types.value, filters, ...result, ignored });
}

function typesOf(
  type: string | undefined,
  asked: readonly (readonly [string, string])[],
  { definitions }: SearchOptions,
): Result<readonly string[]> {
  const listed = asked
    .filter(([name]) => name === '_type')
    .flatMap(([, value]) => value.split(','));
  const types = [...new Set(type === undefined ? listed : [type])];
  if (types.length === 0) return fail('QUERY_INVALID', '_type says what is searched for');
  if (types.length > TYPES_MAX) return fail('QUERY_TOO_WIDE', '_type names too many types');
  if (types.every((one) => definitions.resourceTypes.has(one))) return ok(types);
  return fail(
    'QUERY_INVALID',
    type === undefined ? '_type names no type of R4' : 'R4 has no such type',
  );
}

/** A system's search goes by parameters that all its types have, and which mean the same in each. */
function readForAll(
  types: readonly string[],
  [name, value]: readonly [string, string],
  options: Parameters<typeof readFilter>[3],
): Result<Filter | undefined> {
  const [first, ...others] = types.map((type) => readFilter(type, name, value, options));
  if (first === undefined || !first.ok) return first ?? ok(undefined);
  const tooWide = others.find((other) => !other.ok && other.fault.code === 'QUERY_TOO_WIDE');
  if (tooWide !== undefined) return tooWide;
  const same = JSON.stringify(first.value);
  const differs = others.some((other) => !other.ok || JSON.stringify(other.value) !== same);
  return differs ? ok(undefined) : first;
}

/** A client that mixes up name and value might put a person's name here: only what looks like ours. */
function nameOf(name: string): string {
  return /^_?[a-z]{2,20}(-[a-z]{1,20}){0,4}$/.test(name) ? `: ${name}` : '';
}
