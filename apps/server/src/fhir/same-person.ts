/**
 * A search for what is of a patient also finds what was written of the records that were merged into
 * that one. The documents stay as they are, so taking the records apart leaves nothing behind.
 */
import type { Comparison, Filter, SearchQuery } from '@ausculta/fhir/search-query';
import type { SubjectId } from '@ausculta/vitals/identity';

/** The ids of the records behind this one: those merged into it, and into them. */
export type RecordsBehind = (id: string) => readonly SubjectId[];

const MERGED_MAX = 100;

export function recordsBehind(
  id: string,
  mergedInto: (id: SubjectId) => readonly SubjectId[],
): readonly SubjectId[] {
  const found = new Set<SubjectId>(mergedInto(id as SubjectId));
  for (const one of found) {
    if (found.size >= MERGED_MAX) break;
    for (const next of mergedInto(one)) found.add(next);
  }
  return [...found];
}

/** The very same where nobody is meant whose records were merged. */
export function withRecordsBehind(query: SearchQuery, behind: RecordsBehind): SearchQuery {
  const filters = query.filters.map((filter) => filterWith(filter, behind));
  return filters.every((one, at) => one === query.filters[at]) ? query : { ...query, filters };
}

function filterWith(filter: Filter, behind: RecordsBehind): Filter {
  switch (filter.kind) {
    case 'missing':
      return filter;
    case 'value': {
      // Between the records themselves each is meant alone.
      if (filter.parameter === 'link') return filter;
      const more = filter.comparisons.flatMap((one) => othersOf(one, behind));
      if (more.length === 0) return filter;
      return { ...filter, comparisons: [...filter.comparisons, ...more] };
    }
    case 'has': {
      const inner = filterWith(filter.filter, behind);
      return inner === filter.filter ? filter : { ...filter, filter: inner };
    }
    case 'chain': {
      const targets = filter.targets.map((target) => {
        const inner = filterWith(target.filter, behind);
        return inner === target.filter ? target : { ...target, filter: inner };
      });
      const isSame = targets.every((one, at) => one === filter.targets[at]);
      return isSame ? filter : { ...filter, targets };
    }
    default:
      return filter satisfies never;
  }
}

/** One of several: an `isNot` then is of none of them. */
function othersOf(one: Comparison, behind: RecordsBehind): Comparison[] {
  if (one.kind !== 'reference' || one.id === undefined) return [];
  // Of another server, or of something else.
  if (one.url !== undefined || (one.type !== undefined && one.type !== 'Patient')) return [];
  return behind(one.id).map((id) => ({ ...one, id }));
}
