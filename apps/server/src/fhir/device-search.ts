/**
 * Devices are of two kinds: documents, and those of the registry. A search that names some by their
 * identifier, their id or who wears them is answered from both, those of the registry first, in the order
 * of their ids. Any other is answered from documents alone, and says so.
 */

import { passesFilter } from '@ausculta/fhir/search-match';
import type { Filter, RowFilter, SearchQuery } from '@ausculta/fhir/search-query';
import { ok, type Result } from '@ausculta/vitals/fault';
import { type OrganisationId, parseSubjectId } from '@ausculta/vitals/identity';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { DevicesById, ToldDevice } from './devices-by-id.ts';
import { fhirKnowledge } from './knowledge.ts';
import type { Repository } from './repository.ts';
import { includedIn, type SearchPage } from './search.ts';

export type DevicePage = SearchPage & { readonly issues: readonly OperationOutcomeIssue[] };

/** A page that begins behind this device of the registry. */
const BEHIND = /^device\.([0-9a-f]{16})$/;

export class DeviceSearch {
  readonly #repository: Repository;
  readonly #devices: DevicesById;

  constructor(repository: Repository, devices: DevicesById) {
    this.#repository = repository;
    this.#devices = devices;
  }

  async search(organisationId: OrganisationId, query: SearchQuery): Promise<Result<DevicePage>> {
    const told = await this.#told(organisationId, query);
    if (told === undefined) {
      const page = await this.#repository.search(organisationId, query);
      return page.ok ? ok({ ...page.value, issues: [NOT_OF_THE_REGISTRY] }) : page;
    }
    const behind = BEHIND.exec(query.cursor ?? '')?.[1];
    const isBehindAll = query.cursor !== undefined && behind === undefined;
    const left = isBehindAll ? [] : told.filter(({ id }) => id > (behind ?? ''));
    const isCount = query.summary === 'count';
    const matches = isCount ? [] : left.slice(0, query.count);
    const last = matches.at(-1);
    const isFull = last !== undefined && matches.length === query.count;
    // Of a page that is full already it is only asked whether there is another.
    const asked = { ...query, count: isFull ? 1 : query.count - matches.length };
    const cursor = isBehindAll ? query.cursor : undefined;
    const stored = await this.#repository.search(organisationId, { ...asked, cursor });
    if (!stored.ok) return stored;
    const included = await this.#includedWith(organisationId, query, matches);
    if (!included.ok) return included;
    const { next, total } = stored.value;
    const common = {
      ...{ isUnreadable: stored.value.isUnreadable, issues: [] },
      total: total === undefined ? undefined : total + told.length,
    };
    if (isFull) {
      const isMore = left.length > matches.length || stored.value.matches.length > 0;
      const behindLast = isMore ? `device.${last.id}` : undefined;
      return ok({ ...common, matches, included: included.value.included, next: behindLast });
    }
    const all = [...matches, ...stored.value.matches];
    const comesWith = [...included.value.included, ...stored.value.included];
    return ok({ ...common, matches: all, included: comesWith, next });
  }

  async #includedWith(
    organisationId: OrganisationId,
    query: SearchQuery,
    matches: readonly ToldDevice[],
  ): Promise<Result<Pick<SearchPage, 'included'>>> {
    if (matches.length === 0 || query.includes.length + query.reverseIncludes.length === 0)
      return ok({ included: [] });
    return await this.#repository.look(organisationId, (session, knowledge) =>
      includedIn(session, query, matches, knowledge),
    );
  }

  /** Those that are asked for, in the order of their ids; undefined where nothing says which. */
  async #told(
    organisationId: OrganisationId,
    { filters, sort }: SearchQuery,
  ): Promise<readonly ToldDevice[] | undefined> {
    const named = filters.map((one) => this.#named(organisationId, one)).find((one) => one);
    if (named === undefined || sort.length > 0 || !filters.every(isOfRows)) return undefined;
    const { rowsOf } = await fhirKnowledge();
    return [...new Set(named)]
      .map((device) => this.#devices.tell(device))
      .filter(({ resource }) => {
        const rows = rowsOf(resource);
        return filters.every((filter) => isOfRows(filter) && passesFilter(filter, rows));
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #named(organisationId: OrganisationId, filter: Filter): RegisteredDevice[] | undefined {
    if (filter.kind !== 'value' || filter.isNot) return undefined;
    const { parameter, comparisons } = filter;
    if (!NAMING.includes(parameter)) return undefined;
    return comparisons.flatMap((one) => {
      if (one.kind === 'token' && parameter === 'identifier')
        return this.#devices.byName(organisationId, one.code ?? '') ?? [];
      if (one.kind === 'token') return this.#devices.byTag(organisationId, one.code ?? '') ?? [];
      const worn = one.kind === 'reference' ? parseSubjectId(one.id ?? '') : undefined;
      return worn === undefined ? [] : this.#devices.wornBy(organisationId, worn);
    });
  }
}

const NAMING = ['identifier', '_id', 'patient'];

function isOfRows(filter: Filter): filter is RowFilter {
  return filter.kind === 'value' || filter.kind === 'missing';
}

const NOT_OF_THE_REGISTRY: OperationOutcomeIssue = {
  severity: 'warning',
  code: 'incomplete',
  details: {
    text: 'Devices of the registry are found by identifier, _id and patient, without _sort. This answer has none of them.',
  },
};
