/**
 * `_typeFilter` of an export: which resources of a type are wanted, by searches of that type. What one of
 * them finds is in it; of a type that none is about, all are. They are asked of each resource as the
 * export has it, so what is changed meanwhile changes no file.
 */
import { passesFilter } from '@ausculta/fhir/search-match';
import type { RowFilter, SearchQuery } from '@ausculta/fhir/search-query';
import type { SearchRow } from '@ausculta/fhir/search-rows';
import type { Result } from '@ausculta/vitals/fault';
import { type Answer, refuse, refuseFor } from '../answer.ts';

export interface TypeFilter {
  readonly type: string;
  /** As it stands in an address after the question mark. */
  readonly query: string;
}

/** Any of the searches of a type, in each of which all must hold. */
export type TypeFilters = ReadonlyMap<string, readonly (readonly RowFilter[])[]>;

export interface UnderstoodFilters {
  readonly byType: TypeFilters;
  /** Parameters that nobody here knows. */
  readonly ignored: readonly string[];
}

export type ParseSearch = (
  type: string,
  parameters: URLSearchParams,
) => Promise<Result<SearchQuery>>;

const FILTERS_MAX = 50;
/** A comma may also stand in a search. */
const BETWEEN = /,(?=[A-Z][A-Za-z]*\?)/;

/** `types` are those of the export; null for all. */
export function typeFiltersIn(
  texts: readonly string[],
  types: readonly string[] | null,
): Answer<readonly TypeFilter[]> {
  const given = texts.flatMap((text) => text.split(BETWEEN)).filter((text) => text !== '');
  const filters = given.map((text) => {
    const [, type = '', query = ''] = /^([A-Z][A-Za-z]*)\?(.*)$/s.exec(text) ?? [];
    return { type, query };
  });
  if (filters.length > FILTERS_MAX || filters.some(({ type }) => type === '')) return NOT_SEARCHES;
  const isIn = ({ type }: TypeFilter) => types === null || types.includes(type);
  return filters.every(isIn) ? { ok: true, value: filters } : OTHER_TYPE;
}

/** What orders or shapes an answer, and finds nothing. */
const ABOUT_THE_ANSWER =
  /^_(sort|count|total|summary|elements|contained|cursor|include(:.*)?|revinclude(:.*)?)$/;

export async function understand(
  filters: readonly TypeFilter[],
  parse: ParseSearch,
): Promise<Answer<UnderstoodFilters>> {
  const byType = new Map<string, RowFilter[][]>();
  const ignored = new Set<string>();
  for (const { type, query } of filters) {
    const parameters = new URLSearchParams(query);
    if ([...parameters.keys()].some((name) => ABOUT_THE_ANSWER.test(name))) return NOT_SEARCHES;
    const parsed = await parse(type, parameters);
    if (!parsed.ok) return refuseFor(parsed.fault);
    const all = parsed.value.filters.filter(isOfRows);
    if (all.length < parsed.value.filters.length) return NO_CHAINS;
    byType.set(type, [...(byType.get(type) ?? []), all]);
    for (const name of parsed.value.ignored) ignored.add(name);
  }
  return { ok: true, value: { byType, ignored: [...ignored] } };
}

const isOfRows = (filter: SearchQuery['filters'][number]): filter is RowFilter =>
  filter.kind !== 'chain' && filter.kind !== 'has';

export function passes(
  { byType }: Pick<UnderstoodFilters, 'byType'>,
  type: string,
  rows: () => readonly SearchRow[],
): boolean {
  const searches = byType.get(type);
  if (searches === undefined) return true;
  const own = rows();
  return searches.some((all) => all.every((filter) => passesFilter(filter, own)));
}

const NOT_SEARCHES = refuse(400, {
  code: 'value',
  text: `_typeFilter is at most ${FILTERS_MAX} searches such as Observation?status=final, with nothing in them that orders or shapes an answer.`,
});

const OTHER_TYPE = refuse(400, {
  code: 'value',
  text: '_typeFilter is of a type that _type does not name.',
});

const NO_CHAINS = refuse(400, {
  code: 'not-supported',
  text: '_typeFilter has no chains and no _has: what it asks is in the resource itself.',
});
