/** A search as it was asked for over HTTP. */
import type { SearchQuery } from '@ausculta/fhir/search-query';
import { emptyResult } from '@ausculta/fhir/search-result';
import type { OrganisationId } from '@ausculta/vitals/identity';

export interface SearchAsked {
  readonly organisationId: OrganisationId;
  /** Undefined: of the types that `_type` names. */
  readonly type: string | undefined;
  readonly parameters: readonly (readonly [string, string])[];
  readonly isStrict: boolean;
  readonly baseUrl: string;
  /** Told of whom the answer is, before it is given. */
  readonly note: (subjectIds: readonly string[]) => void;
  /** Of this search, for whoever asks it again. */
  readonly selfUrl: string;
  /** Of the page that begins there. */
  readonly nextUrl: (cursor: string) => string;
}

/** For operations, which bring conditions of their own. */
export function emptyQuery(types: readonly string[]): SearchQuery {
  return { types, filters: [], ...emptyResult(), ignored: [] };
}

const LAST_UPDATED = '_lastUpdated';

/** Whoever asks so goes on, the next time, from the latest that was told. */
export function isByChange({ filters, sort }: SearchQuery): boolean {
  return [...filters, ...sort].some((one) => 'parameter' in one && one.parameter === LAST_UPDATED);
}

/** What has no such time, such as a patient whom the registry alone knows, passes. */
export function upTo(untilMs: number, query: SearchQuery): SearchQuery {
  const later = { end: 'low', operator: '>', value: untilMs } as const;
  const test = { combine: 'all', bounds: [later], isNot: false } as const;
  const comparisons = [{ kind: 'date', test }] as const;
  const filter = { kind: 'value', parameter: LAST_UPDATED, comparisons, isNot: true } as const;
  return { ...query, filters: [...query.filters, filter] };
}
