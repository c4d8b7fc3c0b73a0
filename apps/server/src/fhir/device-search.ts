/**
 * Devices, and what they measure, are of two kinds: documents, and those of the registry. A search that
 * names some by their identifier, their id, who wears them or what measures is answered from both, those of
 * the registry first, in the order of their ids. Any other is answered from documents alone, and says so.
 */

import { passesFilter } from '@ausculta/fhir/search-match';
import type { Filter, RowFilter, SearchQuery } from '@ausculta/fhir/search-query';
import { ok, type Result } from '@ausculta/vitals/fault';
import { type OrganisationId, parseSubjectId } from '@ausculta/vitals/identity';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { DEVICE, type DevicesById, isSeenAtAll, METRIC, type ToldDevice } from './devices-by-id.ts';
import { fhirKnowledge } from './knowledge.ts';
import type { Repository } from './repository.ts';
import { includedIn, type SearchPage } from './search.ts';
import { isShown } from './shown-by-registry.ts';

export type DevicePage = SearchPage & { readonly issues: readonly OperationOutcomeIssue[] };

/** A page that begins behind this device of the registry. */
const BEHIND = /^device\.([0-9a-f]{16}(?:\.[a-z0-9-]{1,30})?)$/;

export class DeviceSearch {
  readonly #repository: Repository;
  readonly #devices: DevicesById;

  constructor(repository: Repository, devices: DevicesById) {
    this.#repository = repository;
    this.#devices = devices;
  }

  async search(
    organisationId: OrganisationId,
    type: ToldType,
    query: SearchQuery,
  ): Promise<Result<DevicePage>> {
    const told = await this.#told(organisationId, type, query);
    if (told === undefined) {
      const page = await this.#repository.search(organisationId, query);
      return page.ok ? ok({ ...page.value, issues: [notOfTheRegistry(type)] }) : page;
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
    type: ToldType,
    { filters, sort }: SearchQuery,
  ): Promise<readonly ToldDevice[] | undefined> {
    if (!isSeenAtAll(type)) return [];
    const named = filters.map((one) => this.#named(organisationId, type, one)).find((one) => one);
    if (named === undefined || sort.length > 0 || !filters.every(isOfRows)) return undefined;
    const { rowsOf } = await fhirKnowledge();
    return [...new Map(named.map((one) => [one.id, one])).values()]
      .filter(isShown)
      .filter(({ resource }) => {
        const rows = rowsOf(resource);
        return filters.every((filter) => isOfRows(filter) && passesFilter(filter, rows));
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Undefined where the filter does not say which. */
  #named(organisationId: OrganisationId, type: ToldType, filter: Filter): ToldDevice[] | undefined {
    if (filter.kind !== 'value' || filter.isNot || !NAMING[type].includes(filter.parameter))
      return undefined;
    const { parameter, comparisons } = filter;
    return comparisons.flatMap((one) => {
      if (one.kind === 'token' && parameter === '_id')
        return this.#devices.told(organisationId, { type, id: one.code ?? '' }) ?? [];
      if (one.kind === 'token') return this.#ofName(organisationId, type, one.code ?? '');
      if (one.kind !== 'reference') return [];
      if (type === METRIC) return this.#of(type, this.#devices.byTag(organisationId, one.id ?? ''));
      const worn = parseSubjectId(one.id ?? '');
      const devices = worn === undefined ? [] : this.#devices.wornBy(organisationId, worn);
      return devices.map((device) => this.#devices.tell(device));
    });
  }

  /** What it measures has its name before it, and a slash between. */
  #ofName(organisationId: OrganisationId, type: ToldType, name: string): ToldDevice[] {
    const [own = '', measured] = name.split('/', 2);
    const isWhole = (type === METRIC) === (measured !== undefined);
    return isWhole ? this.#of(type, this.#devices.byName(organisationId, own)) : [];
  }

  #of(type: ToldType, device: RegisteredDevice | undefined): ToldDevice[] {
    if (device === undefined) return [];
    return type === METRIC ? this.#devices.metricsOf(device) : [this.#devices.tell(device)];
  }
}

type ToldType = typeof DEVICE | typeof METRIC;

const NAMING: Readonly<Record<ToldType, readonly string[]>> = {
  [DEVICE]: ['identifier', '_id', 'patient'],
  [METRIC]: ['identifier', '_id', 'source'],
};

function isOfRows(filter: Filter): filter is RowFilter {
  return filter.kind === 'value' || filter.kind === 'missing';
}

function notOfTheRegistry(type: ToldType): OperationOutcomeIssue {
  const names = NAMING[type].join(', ');
  const text = `What the registry knows is found by one of ${names}, without _sort. This answer has none of it.`;
  return { severity: 'warning', code: 'incomplete', details: { text } };
}
