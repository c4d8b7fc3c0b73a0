/**
 * A filter of a search as what is asked of the index. Where the index cannot tell exactly (a part of
 * a name, a code and a value that belong together) the condition lets through too much, says so, and
 * each document that passes is compared itself.
 */
import type { RangeTest } from '@ausculta/fhir/range-test';
import type {
  Comparison,
  Filter,
  QuantityComparison,
  ReferenceComparison,
  StringComparison,
  TokenComparison,
  ValueFilter,
} from '@ausculta/fhir/search-query';
import { SYSTEM } from '@ausculta/fhir/systems';
import {
  ancestorsOf,
  calendarText,
  isPersonalDate,
  OWN_COLUMNS,
  STRING_BEGINNINGS,
  storedAs,
  tokenText,
  WORDS_BEGINNINGS,
} from './index-entries.ts';
import type { Hash } from './search-hash.ts';

/** What is asked of one document. Names and tokens are hashes. */
export type Condition =
  | { readonly kind: 'tokens'; readonly anyOf: readonly number[] }
  | { readonly kind: 'range'; readonly name: number; readonly test: RangeTest }
  | { readonly kind: 'updated'; readonly test: RangeTest }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'docs'; readonly docs: readonly number[] }
  /** It refers to one of these, by one of the references. */
  | {
      readonly kind: 'refers';
      readonly names: readonly number[];
      /** Undefined: of any type. */
      readonly type: string | undefined;
      readonly ids: readonly string[];
    }
  /** It refers to a document of that type that passes. */
  | {
      readonly kind: 'chain';
      readonly name: number;
      readonly type: string;
      readonly passing: Condition;
    }
  /** A document of that type that passes refers to it. */
  | {
      readonly kind: 'has';
      readonly name: number;
      readonly type: string;
      readonly passing: Condition;
    }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition };

export interface Asked {
  readonly condition: Condition;
  /** Whether whoever passes the condition passes the filter. */
  readonly isExact: boolean;
}

/** What conditions are made of. */
export interface ConditionContext {
  readonly hash: Hash;
  /** The parameters of a composite's parts, in their order; undefined where one is not of the type. */
  readonly partsOf: (type: string, parameter: string) => readonly string[] | undefined;
  /** Chains ask of other documents, which may have to be looked up first. */
  readonly chained: (type: string, filter: ChainFilter) => Promise<Asked>;
}

export type ChainFilter = Extract<Filter, { kind: 'chain' | 'has' }>;

export const EVERYTHING: Condition = { kind: 'all', of: [] };
const NOTHING: Condition = { kind: 'any', of: [] };
const exact = (condition: Condition): Asked => ({ condition, isExact: true });
const UNSURE: Asked = { condition: EVERYTHING, isExact: false };

export async function conditionOf(
  type: string,
  filter: Filter,
  context: ConditionContext,
): Promise<Asked> {
  if (filter.kind === 'chain' || filter.kind === 'has') return await context.chained(type, filter);
  const names = storedAs(type, filter.parameter);
  if (filter.kind === 'missing') {
    // Every document has an id and a time of its last change; the rest of `meta` is indexed.
    if (OWN_COLUMNS.includes(filter.parameter))
      return exact(filter.isMissing ? NOTHING : EVERYTHING);
    const present = names.map((name) => context.hash(tokenText(type, name, 'present')));
    const isThere: Condition = { kind: 'tokens', anyOf: present };
    return exact(filter.isMissing ? { kind: 'not', of: isThere } : isThere);
  }
  return valueCondition(type, filter, context);
}

function valueCondition(type: string, filter: ValueFilter, context: ConditionContext): Asked {
  const asked = filter.comparisons.flatMap((comparison) =>
    storedAs(type, filter.parameter).map((parameter) =>
      comparisonCondition({ type, parameter }, comparison, context),
    ),
  );
  const any: Asked = {
    condition: anyOf(asked.map(({ condition }) => condition)),
    isExact: asked.every(({ isExact }) => isExact),
  };
  if (!filter.isNot) return any;
  return any.isExact ? exact({ kind: 'not', of: any.condition }) : UNSURE;
}

/** Tokens that are alternatives are one question to the index, and so are references of one type. */
function anyOf(conditions: readonly Condition[]): Condition {
  const tokens = conditions.flatMap((one) => (one.kind === 'tokens' ? one.anyOf : []));
  const references = conditions.filter((one) => one.kind === 'refers');
  const others = conditions.filter(({ kind }) => kind !== 'tokens' && kind !== 'refers');
  const together: Condition[] = tokens.length === 0 ? [] : [{ kind: 'tokens', anyOf: tokens }];
  for (const [type, ofType] of Map.groupBy(references, (one) => one.type)) {
    const names = [...new Set(ofType.flatMap((one) => one.names))];
    together.push({ kind: 'refers', names, type, ids: ofType.flatMap(({ ids }) => ids) });
  }
  const all = [...together, ...others];
  const [first] = all;
  return first !== undefined && all.length === 1 ? first : { kind: 'any', of: all };
}

interface Place {
  readonly type: string;
  readonly parameter: string;
}

function comparisonCondition(
  place: Place,
  comparison: Comparison,
  context: ConditionContext,
): Asked {
  const token = (kind: string, of?: string): Condition => ({
    kind: 'tokens',
    anyOf: [nameOf(place, context, kind, of)],
  });
  switch (comparison.kind) {
    case 'token':
      if (place.parameter === '_id' && comparison.code !== undefined)
        return exact({ kind: 'ids', ids: [comparison.code] });
      return exact(tokenCondition('', comparison, token));
    case 'words':
      return beginning('words', comparison.normal, WORDS_BEGINNINGS, token);
    case 'of-type': {
      const { system, type, code } = comparison;
      return exact(token('typed', `${system}|${type}|${code}`));
    }
    case 'identifier':
      return exact(tokenCondition('of-', comparison.token, token));
    case 'reference':
      return exact(referenceCondition(comparison, token, nameOf(place, context, 'to')));
    case 'date':
      return dateCondition(place, comparison.test, context);
    case 'number':
      return exact({ kind: 'range', name: nameOf(place, context, 'span'), test: comparison.test });
    case 'quantity':
      return quantityCondition(place, comparison, context);
    case 'string':
      return stringCondition(comparison, token);
    case 'uri':
      return exact(uriCondition(comparison, token));
    case 'composite':
      return compositeCondition(place, comparison.parts, context);
    default:
      return comparison satisfies never;
  }
}

type Token = (kind: string, of?: string) => Condition;

function nameOf({ type, parameter }: Place, { hash }: ConditionContext, kind: string, of?: string) {
  return hash(tokenText(type, parameter, kind, of));
}

function tokenCondition(
  of: string,
  { system, code }: Omit<TokenComparison, 'kind'>,
  token: Token,
): Condition {
  if (code === undefined) return token(`${of}system`, system ?? '');
  if (system === undefined) return token(`${of}code`, code);
  return token(`${of}both`, `${system}|${code}`);
}

function referenceCondition(asked: ReferenceComparison, token: Token, name: number): Condition {
  const { type, id, url, version } = asked;
  if (url !== undefined) return token('url', version === undefined ? url : `${url}|${version}`);
  return { kind: 'refers', names: [name], type, ids: [id ?? ''] };
}

function dateCondition(place: Place, test: RangeTest, context: ConditionContext): Asked {
  if (place.parameter === '_lastUpdated') return exact({ kind: 'updated', test });
  if (!isPersonalDate(place.parameter)) {
    return exact({ kind: 'range', name: nameOf(place, context, 'span'), test });
  }
  const [low, high] = test.bounds;
  const isWithin = low?.operator === '>=' && high?.operator === '<=' && high.end === 'high';
  if (!isWithin || test.isNot || test.combine === 'any') return UNSURE;
  const text = calendarText({ low: low.value, high: high.value });
  if (text === undefined) return UNSURE;
  return exact({ kind: 'tokens', anyOf: [nameOf(place, context, 'within', text)] });
}

function quantityCondition(
  place: Place,
  { test, system, code, canonical }: QuantityComparison,
  context: ConditionContext,
): Asked {
  const of = (kind: string, unit?: string) => nameOf(place, context, kind, unit);
  if (canonical !== undefined) {
    const name = of('in', `${SYSTEM.UCUM}|${canonical.unit}`);
    return exact({ kind: 'range', name, test: canonical.test });
  }
  if (system !== undefined)
    return exact({ kind: 'range', name: of('in', `${system}|${code}`), test });
  return {
    condition: { kind: 'range', name: of('span'), test },
    // A unit in words, or a code of any system.
    isExact: code === undefined,
  };
}

function stringCondition({ match, text }: StringComparison, token: Token): Asked {
  switch (match) {
    case 'exact':
      return exact(token('exact', text));
    case 'contains':
      return { condition: token('present'), isExact: false };
    case 'starts':
      return beginning('starts', text, STRING_BEGINNINGS, token);
    default:
      return match satisfies never;
  }
}

/** By the longest beginning that is indexed. */
function beginning(kind: string, text: string, lengths: readonly number[], token: Token): Asked {
  const length = lengths.findLast((one) => one <= text.length);
  if (length === undefined) return { condition: token('present'), isExact: false };
  return { condition: token(kind, text.slice(0, length)), isExact: length === text.length };
}

function uriCondition(
  { match, uri }: Extract<Comparison, { kind: 'uri' }>,
  token: Token,
): Condition {
  switch (match) {
    case 'equal':
      return token('uri', uri);
    case 'below':
      return token('below', uri.endsWith('/') ? uri.slice(0, -1) : uri);
    case 'above':
      return anyOf(ancestorsOf(uri).map((one) => token('uri', one)));
    default:
      return match satisfies never;
  }
}

/** Each part by itself; whether they are of one element is seen in the document. */
function compositeCondition(
  { type, parameter }: Place,
  parts: readonly Comparison[],
  context: ConditionContext,
): Asked {
  const names = context.partsOf(type, parameter);
  if (names === undefined) return UNSURE;
  const conditions = parts.flatMap((part, index) =>
    anyOf(
      storedAs(type, names[index] ?? '').map(
        (name) => comparisonCondition({ type, parameter: name }, part, context).condition,
      ),
    ),
  );
  return { condition: { kind: 'all', of: conditions }, isExact: false };
}
