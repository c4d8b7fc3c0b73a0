/** Resources in the order that a search asks for, by the rows of their index. */
import type { SortRule } from '@ausculta/fhir/search-query';
import type { SearchRow } from '@ausculta/fhir/search-rows';
import type { SearchValue } from '@ausculta/fhir/search-value';

interface Sortable {
  readonly rows: readonly SearchRow[];
}

type Key = string | number | undefined;

/** Equal ones stay as they were; what has nothing to go by comes last. */
export function inOrder<T extends Sortable>(all: readonly T[], sort: readonly SortRule[]): T[] {
  const keyed = all.map((one) => ({ one, keys: sort.map((rule) => keyOf(one, rule)) }));
  keyed.sort((a, b) => {
    for (const [at, { descending }] of sort.entries()) {
      const difference = compare(a.keys[at], b.keys[at], descending);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return keyed.map(({ one }) => one);
}

/** Of several values the one that puts the resource first. */
function keyOf({ rows }: Sortable, { parameter, descending }: SortRule): Key {
  let best: Key;
  for (const row of rows) {
    if (row.parameter !== parameter) continue;
    const key = sortValue(row.value);
    if (compare(key, best, descending) < 0) best = key;
  }
  return best;
}

function compare(a: Key, b: Key, descending: boolean): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a < b === descending ? 1 : -1;
}

function sortValue(value: SearchValue): Key {
  switch (value.kind) {
    case 'token':
      return value.code;
    case 'string':
    case 'words':
      return value.normal;
    case 'uri':
      return value.uri;
    case 'reference':
      return value.url;
    case 'date':
    case 'number':
    case 'quantity':
      return Number.isFinite(value.low) ? value.low : undefined;
    case 'composite':
      return undefined;
    default:
      return value satisfies never;
  }
}
