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
  /** Of this search, for whoever asks it again. */
  readonly selfUrl: string;
}

/** For operations, which bring conditions of their own. */
export function emptyQuery(types: readonly string[]): SearchQuery {
  return { types, filters: [], ...emptyResult(), ignored: [] };
}
