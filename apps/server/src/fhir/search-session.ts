/**
 * What one search works with: the transaction, whose it is, and how its filters are asked of the
 * index and of what is in memory. A filter over patients is answered from memory, whatever it hangs on.
 */

import { passesFilter } from '@ausculta/fhir/search-match';
import type { Filter } from '@ausculta/fhir/search-query';
import type { SearchRow } from '@ausculta/fhir/search-rows';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Resource } from '@medplum/fhirtypes';
import type { Reader } from '../database/readers.ts';
import { viewing } from '../database/viewing.ts';
import {
  type Asked,
  type ChainFilter,
  type Condition,
  type ConditionContext,
  conditionOf,
} from './conditions.ts';
import type { DevicesById } from './devices-by-id.ts';
import {
  type DocumentKeys,
  type DocumentName,
  type FhirDocument,
  openVersion,
  packText,
  subjectsOf,
  unpackText,
} from './document.ts';
import { type Counted, countRows, foundRows } from './found-rows.ts';
import { tokenText } from './index-entries.ts';
import type { Knowledge } from './knowledge.ts';
import type { PatientShelf, ShelfEntry } from './patient-shelf.ts';
import { PATIENT } from './patients.ts';
import type { Hash } from './search-hash.ts';
import {
  type FoundRow,
  type PagePosition,
  referredIds,
  type searchDocuments,
} from './search-store.ts';
import { isShown } from './shown-by-registry.ts';

/** So many are compared one by one, where the index cannot tell; a search that needs more is refused. */
export const COMPARED_MAX = 5_000;
/** Of a question that asks several such things: of whom it is chained to, of how many there are. */
const COMPARED_IN_ALL_MAX = 4 * COMPARED_MAX;
const BATCH = 250;
/** Opened or compared at once: a few milliseconds, then whoever waits is served. */
const AT_ONCE = 25;

export interface SessionPorts {
  readonly knowledge: Knowledge;
  readonly keys: DocumentKeys;
  readonly shelf: PatientShelf;
  readonly devices: Pick<DevicesById, 'told'>;
  readonly pause: () => Promise<void>;
}

/** Thrown within a search, and answered as a fault of the question. */
export class TooWide extends Error {}

export interface PlaceSeal {
  readonly seal: (text: string) => Uint8Array;
  readonly open: (sealed: Uint8Array) => string | undefined;
}

export type Predicate = (entry: ShelfEntry) => boolean;

export interface Found {
  readonly row: FoundRow;
  readonly text: string;
}

export type FoundDocument = FhirDocument & {
  readonly text: string;
  /** Of what the store put in order: where it stands, and by what. */
  readonly place?: PagePosition;
};

export function documentOf({ row, text }: Found): FoundDocument {
  const { type, id, version, updated_ms: updatedMs } = row;
  const subjectIds = subjectsOf(row.subject_id, text);
  return { type, id, versionId: String(version), updatedMs, text, subjectIds };
}

/** What a text that is kept for a while is sealed for. */
export const sealedAt = (place: string, organisationId: string): string =>
  `${place}/${organisationId}`;

export class SearchSession {
  readonly tx: Reader;
  readonly organisationId: OrganisationId;
  readonly hash: Hash;
  readonly #ports: SessionPorts;
  readonly #context: ConditionContext;
  /** Documents that were found and do not open. */
  unreadable = 0;
  #compared = 0;

  constructor(on: { tx: Reader; organisationId: OrganisationId; hash: Hash }, ports: SessionPorts) {
    this.tx = on.tx;
    this.organisationId = on.organisationId;
    this.hash = on.hash;
    this.#ports = ports;
    const { definitions } = ports.knowledge;
    this.#context = {
      hash: on.hash,
      partsOf: (type, parameter) => {
        const own = definitions.searchParameters.get(type);
        const parts = own
          ?.get(parameter)
          ?.component?.map(
            ({ definition }) => definitions.searchParametersByUrl.get(definition ?? '')?.code ?? '',
          );
        return parts?.every((part) => own?.has(part)) ? parts : undefined;
      },
      chained: (type, filter) => this.#chained(type, filter),
    };
  }

  conditionOf(type: string, filter: Filter): Promise<Asked> {
    return conditionOf(type, filter, this.#context);
  }

  /** Of the reference by which a type's documents are followed. */
  referenceName(type: string, parameter: string): number {
    return this.hash(tokenText(type, parameter, 'to'));
  }

  open(row: FoundRow): string | undefined {
    const opened = openVersion(this.#ports.keys, this.organisationId, row);
    if (!opened.ok) {
      this.unreadable += 1;
      return undefined;
    }
    const { type, id, subject_id: subjectId } = row;
    const isSeen = viewing()?.seesDocument({ type, id, subjectId, text: opened.value }) ?? true;
    return isSeen ? opened.value : undefined;
  }

  /** Of what is kept for a while about no subject; `place` is where it is kept. */
  organisationSeal(place: string): PlaceSeal {
    const seal = this.#ports.keys.organisationSeal(this.organisationId);
    const context = sealedAt(place, this.organisationId);
    return {
      seal: (text) => seal.seal(packText(text), context),
      open: (sealed) => {
        const opened = seal.open(sealed, context);
        return opened.ok ? unpackText(opened.value) : undefined;
      },
    };
  }

  rowsOf(text: string): SearchRow[] {
    return this.#ports.knowledge.rowsOf(JSON.parse(text) as Resource);
  }

  pause(): Promise<void> {
    return this.#ports.pause();
  }

  /** What the registry knows under this name. */
  told(name: DocumentName): FoundDocument | undefined {
    const told = this.#ports.devices.told(this.organisationId, name);
    return told !== undefined && isShown(told) ? told : undefined;
  }

  /** What is of these patients is also what was written of the records merged into theirs. */
  withBehind(ids: readonly string[]): string[] {
    return this.#ports.shelf.withBehind(ids);
  }

  shelved(): Promise<readonly ShelfEntry[]> {
    return this.#ports.shelf.entries(this.tx, this.organisationId);
  }

  shelvedWithIds(ids: Iterable<string>): Promise<readonly ShelfEntry[]> {
    return this.#ports.shelf.withIds(this.tx, this.organisationId, ids);
  }

  /** The patients who may pass all of these: everybody, where none of them tells who it is. */
  async candidates(filters: readonly Filter[]): Promise<readonly ShelfEntry[]> {
    for (const parameter of ['_id', 'identifier'] as const) {
      const values = filters.map((filter) => codesOf(filter, parameter)).find((one) => one);
      if (values === undefined) continue;
      if (parameter === '_id') return await this.shelvedWithIds(values);
      return await this.#ports.shelf.withIdentifiers(this.tx, this.organisationId, values);
    }
    return await this.shelved();
  }

  /**
   * Documents of these types that pass, a batch at a time, in the order of the question. Where a
   * filter is not exact each is compared, up to a limit.
   */
  async *stored(
    question: Omit<Parameters<typeof searchDocuments>[2], 'limit' | 'conditions'>,
    asked: readonly { readonly filter: Filter; readonly asked: Asked }[],
    wanted: number,
  ): AsyncGenerator<Found> {
    const conditions = asked.map((one) => one.asked.condition);
    const unsure = asked.flatMap(({ filter, asked: { isExact } }) => (isExact ? [] : [filter]));
    const limit = unsure.length === 0 ? wanted : BATCH;
    let seen = 0;
    for await (const rows of foundRows(this, { ...question, conditions, limit })) {
      for (const row of rows) {
        if (unsure.length > 0) this.#compare(seen);
        seen += 1;
        if (seen % AT_ONCE === 0) await this.#ports.pause();
        const text = this.open(row);
        if (text !== undefined && this.#passes(unsure, text)) yield { row, text };
      }
    }
  }

  /** How many pass, where all of it is exact. */
  count(question: Counted): Promise<number> {
    return countRows(this, question);
  }

  /** One more, after so many of the same question. */
  #compare(before: number): void {
    this.#compared += 1;
    if (before >= COMPARED_MAX || this.#compared > COMPARED_IN_ALL_MAX) throw new TooWide();
  }

  #passes(filters: readonly Filter[], text: string): boolean {
    if (filters.length === 0) return true;
    const rows = this.rowsOf(text);
    return filters.every(
      (filter) => filter.kind !== 'chain' && filter.kind !== 'has' && passesFilter(filter, rows),
    );
  }

  /** The ids of a type's resources that pass. */
  async idsOf(type: string, filter: Filter): Promise<string[]> {
    if (type === PATIENT) {
      const passes = await this.predicateOf(filter);
      const found = (await this.candidates([filter])).filter(passes).map(({ id }) => id);
      return this.#ports.shelf.withBehind(found);
    }
    const asked = await this.conditionOf(type, filter);
    const ids: string[] = [];
    const question = { types: [type], sort: [], after: undefined };
    for await (const { row } of this.stored(question, [{ filter, asked }], COMPARED_MAX)) {
      ids.push(row.id);
      if (ids.length >= COMPARED_MAX) throw new TooWide();
    }
    return ids;
  }

  /** Whether a patient passes. */
  async predicateOf(filter: Filter): Promise<Predicate> {
    if (filter.kind === 'has') {
      const { condition } = await this.#chained(PATIENT, filter);
      if (condition.kind !== 'has') throw new Error('broken invariant: a has is asked as one');
      const asked = { from: filter.type, type: PATIENT, limit: COMPARED_MAX * 20 };
      const { name, passing } = condition;
      const ids = new Set(
        await referredIds(this.tx, this.organisationId, { ...asked, name, passing }),
      );
      return ({ id }) => ids.has(id);
    }
    if (filter.kind !== 'chain') return ({ rows }) => passesFilter(filter, rows());
    const targets = new Set<string>();
    for (const target of filter.targets) {
      for (const id of await this.idsOf(target.type, target.filter))
        targets.add(`${target.type}/${id}`);
    }
    return ({ rows }) =>
      rows().some(
        ({ parameter, value }) =>
          parameter === filter.parameter &&
          value.kind === 'reference' &&
          targets.has(value.url ?? ''),
      );
  }

  async #chained(type: string, filter: ChainFilter): Promise<Asked> {
    if (filter.kind === 'has') {
      const name = this.referenceName(filter.type, filter.parameter);
      const passing = await this.#passing(filter.type, filter.filter);
      return { condition: { kind: 'has', name, type: filter.type, passing }, isExact: true };
    }
    const name = this.referenceName(type, filter.parameter);
    const any: Condition[] = [];
    for (const target of filter.targets) {
      const passing = await this.#passing(target.type, target.filter);
      if (passing.kind === 'ids')
        any.push({ kind: 'refers', names: [name], type: target.type, ids: passing.ids });
      else any.push({ kind: 'chain', name, type: target.type, passing });
    }
    return {
      condition: any.length === 1 && any[0] ? any[0] : { kind: 'any', of: any },
      isExact: true,
    };
  }

  /** As a condition that is exact: by their ids, where the index alone cannot tell. */
  async #passing(type: string, filter: Filter): Promise<Condition> {
    if (type !== PATIENT) {
      const asked = await this.conditionOf(type, filter);
      if (asked.isExact) return asked.condition;
    }
    return { kind: 'ids', ids: await this.idsOf(type, filter) };
  }
}

/** The codes of which one must be there; undefined where something else may be as well. */
function codesOf(filter: Filter, parameter: string): readonly string[] | undefined {
  if (filter.kind !== 'value' || filter.parameter !== parameter || filter.isNot) return undefined;
  const codes = filter.comparisons.flatMap((one) =>
    one.kind === 'token' && one.code !== undefined ? [one.code] : [],
  );
  return codes.length === filter.comparisons.length ? codes : undefined;
}
