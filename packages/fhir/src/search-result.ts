/** The parameters that say how the answer is to look: order, size, what comes with it. */
import type { SearchParameter } from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';
import { mayReferTo } from './search-filter.ts';
import type { Include, SearchQuery, SortRule } from './search-query.ts';

export type ResultDraft = {
  -readonly [Key in
    | 'count'
    | 'cursor'
    | 'elements'
    | 'includes'
    | 'reverseIncludes'
    | 'sort'
    | 'summary'
    | 'total']: SearchQuery[Key];
};

export const COUNT_DEFAULT = 100;
/** About 1 MB of Observations: what a browser or an interface engine takes at once. */
export const COUNT_MAX = 1_000;
/** Who asks for so many does not mean a page. */
const COUNT_ABSURD = 100_000;
const INCLUDES_MAX = 20;
const SORTS_MAX = 5;

export function emptyResult(): ResultDraft {
  return {
    ...{ count: COUNT_DEFAULT, cursor: undefined, elements: [], includes: [] },
    ...{ reverseIncludes: [], sort: [], summary: 'false', total: 'none' },
  };
}

export interface ResultContext {
  readonly definitions: Definitions;
  readonly types: readonly string[];
}

/** Takes a value into the draft, or says what is wrong with it. */
type Reader = (draft: ResultDraft, value: string, context: ResultContext) => string | undefined;

export const RESULT_PARAMETERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['_sort', readSort],
  ['_count', readCount],
  ['_cursor', readCursor],
  ['_total', (draft, value) => readOneOf(draft, 'total', TOTALS, value)],
  ['_summary', (draft, value) => readOneOf(draft, 'summary', SUMMARIES, value)],
  ['_elements', readElements],
  ['_include', (draft, value, context) => readInclude(draft, value, context, false)],
  ['_include:iterate', (draft, value, context) => readInclude(draft, value, context, true)],
  ['_include:recurse', (draft, value, context) => readInclude(draft, value, context, true)],
  ['_revinclude', (draft, value, context) => readReverse(draft, value, context, false)],
  ['_revinclude:iterate', (draft, value, context) => readReverse(draft, value, context, true)],
  ['_format', readFormat],
  ['_pretty', () => undefined],
  ['_contained', (_draft, value) => (value === 'false' ? undefined : '_contained is false here')],
]);

const TOTALS = ['none', 'estimate', 'accurate'] as const;
const SUMMARIES = ['false', 'true', 'text', 'data', 'count'] as const;
const FORMATS = ['json', 'application/json', 'application/fhir+json', 'application/fhir json'];

function readOneOf<Key extends 'summary' | 'total'>(
  draft: ResultDraft,
  key: Key,
  words: readonly ResultDraft[Key][],
  value: string,
): string | undefined {
  const word = words.find((one) => one === value);
  if (word === undefined) return `_${key} is one of ${words.join(', ')}`;
  draft[key] = word;
  return undefined;
}

/** An order needs one value a resource to go by; composites have none. */
function readSort(draft: ResultDraft, value: string, context: ResultContext): string | undefined {
  const rules: SortRule[] = value.split(',').map((text) => {
    const descending = text.startsWith('-');
    return { parameter: descending ? text.slice(1) : text, descending };
  });
  if (rules.length > SORTS_MAX) return `_sort takes ${SORTS_MAX} parameters at most`;
  const isKnown = ({ parameter }: SortRule) =>
    context.types.every((type) => {
      const found = parameterOf(context, type, parameter);
      return found !== undefined && found.type !== 'composite' && found.type !== 'special';
    });
  if (!rules.every(isKnown)) return '_sort names a parameter that cannot be sorted by';
  draft.sort = rules;
  return undefined;
}

function readCount(draft: ResultDraft, value: string): string | undefined {
  if (!/^\d{1,6}$/.test(value) || Number(value) > COUNT_ABSURD)
    return `_count is a whole number from 0 to ${COUNT_ABSURD}; a page holds ${COUNT_MAX} at most`;
  draft.count = Math.min(Number(value), COUNT_MAX);
  return undefined;
}

function readCursor(draft: ResultDraft, value: string): string | undefined {
  if (!/^[\w.~-]{1,500}$/.test(value)) return '_cursor is of a next link';
  draft.cursor = value;
  return undefined;
}

function readElements(draft: ResultDraft, value: string): string | undefined {
  const names = value.split(',');
  if (!names.every((name) => /^[a-zA-Z]{1,64}(\.[a-zA-Z]{1,64})*$/.test(name)))
    return '_elements are names of elements, with commas between them';
  // A name deeper down asks for the whole of its top element.
  const tops = names.map((name) => name.split('.')[0] ?? '');
  draft.elements = [...new Set([...draft.elements, ...tops])];
  return undefined;
}

function readFormat(_draft: ResultDraft, value: string): string | undefined {
  return FORMATS.includes(value) ? undefined : '_format is json';
}

function readInclude(
  draft: ResultDraft,
  value: string,
  context: ResultContext,
  iterate: boolean,
): string | undefined {
  const include = includeOf(value, context, iterate);
  if (include === undefined) return '_include is Type:reference[:Target], of a type that is found';
  if (!iterate && !context.types.includes(include.type))
    return '_include begins with a type that is found';
  draft.includes = [...draft.includes, include];
  return draft.includes.length > INCLUDES_MAX ? 'too many _include' : undefined;
}

function readReverse(
  draft: ResultDraft,
  value: string,
  context: ResultContext,
  iterate: boolean,
): string | undefined {
  const include = includeOf(value, context, iterate);
  if (include === undefined) return '_revinclude is Type:reference[:Target]';
  const parameter = parameterOf(context, include.type, include.parameter);
  const isAbout = context.types.some((type) => mayReferTo(parameter ?? {}, type));
  if (!iterate && !isAbout) return '_revinclude names a reference to a type that is found';
  draft.reverseIncludes = [...draft.reverseIncludes, include];
  return draft.reverseIncludes.length > INCLUDES_MAX ? 'too many _revinclude' : undefined;
}

function includeOf(text: string, context: ResultContext, iterate: boolean): Include | undefined {
  if (text === '*' && context.types.length === 1) {
    return { type: context.types[0] ?? '', parameter: '*', target: undefined, iterate };
  }
  const [type = '', parameter = '', target, ...more] = text.split(':');
  if (more.length > 0 || !context.definitions.resourceTypes.has(type)) return undefined;
  if (target !== undefined && !context.definitions.resourceTypes.has(target)) return undefined;
  const isReference = parameterOf(context, type, parameter)?.type === 'reference';
  if (parameter !== '*' && !isReference) return undefined;
  return { type, parameter, target, iterate };
}

function parameterOf(
  { definitions }: ResultContext,
  type: string,
  code: string,
): SearchParameter | undefined {
  return definitions.searchParameters.get(type)?.get(code);
}
