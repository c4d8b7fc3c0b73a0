/** What a search cannot find: documents that are yet to be indexed, and those that do not open. */
import type { Filter, SearchQuery } from '@ausculta/fhir/search-query';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { Sql } from '../database/pool.ts';
import type { ReadAs } from '../database/readers.ts';
import { indexMark } from './index-entries.ts';
import * as store from './index-store.ts';
import type { Hash } from './search-hash.ts';

/** So many are named; that there are more is said. */
const NAMED_MAX = 20;

/** By organisation, in memory: nearly always there is nothing to say, and nobody asks the database. */
export class IndexState {
  readonly #read: ReadAs;
  readonly #unfinished = new Set<OrganisationId>();
  readonly #damaged = new Set<OrganisationId>();

  constructor(read: ReadAs) {
    this.#read = read;
  }

  /** As the last start has left it. */
  async begin(sql: Sql, hashOf: (organisationId: OrganisationId) => Hash): Promise<void> {
    for (const id of await store.organisationsWithDocuments(sql)) {
      const isWhole = await store.isIndexWhole(sql, id, indexMark(hashOf(id)));
      if (!isWhole) this.#unfinished.add(id);
    }
  }

  noteDamaged(organisationId: OrganisationId): void {
    this.#damaged.add(organisationId);
  }

  finish(): void {
    this.#unfinished.clear();
  }

  /** Whoever decides by what is found, rather than tells it, waits until this is over. */
  isPartial(organisationId: OrganisationId): boolean {
    return this.#unfinished.has(organisationId);
  }

  async missingFrom(
    organisationId: OrganisationId,
    types: readonly string[],
  ): Promise<OperationOutcomeIssue[]> {
    const issues = this.isPartial(organisationId) ? [NOT_INDEXED] : [];
    if (!this.#damaged.has(organisationId)) return issues;
    const limit = NAMED_MAX + 1;
    const found = await this.#read(organisationId, (tx) =>
      store.readDamaged(tx, organisationId, { types, limit }),
    );
    if (found.length === 0) return issues;
    const names = found.slice(0, NAMED_MAX).map(({ type, id }) => `${type}/${id}`);
    const more = found.length > NAMED_MAX ? ' and others' : '';
    const text = `These do not open, and are found by their id alone: ${names.join(', ')}${more}.`;
    return [...issues, { severity: 'warning', code: 'incomplete', details: { text } }];
  }
}

const NOT_INDEXED: OperationOutcomeIssue = {
  severity: 'warning',
  code: 'incomplete',
  details: { text: 'Documents are being indexed: some may be missing. Ask again in a while.' },
};

/** All types that an answer depends on. */
export function typesAskedBy({ types, filters, reverseIncludes }: SearchQuery): string[] {
  const others = [...reverseIncludes.map(({ type }) => type), ...filters.flatMap(typesIn)];
  return [...new Set([...types, ...others])];
}

function typesIn(filter: Filter): string[] {
  if (filter.kind === 'has') return [filter.type, ...typesIn(filter.filter)];
  if (filter.kind !== 'chain') return [];
  return filter.targets.flatMap((one) => [one.type, ...typesIn(one.filter)]);
}
