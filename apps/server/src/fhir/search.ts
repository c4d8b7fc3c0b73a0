/** One page of a search: what matches, in its order, and what comes with it. */

import type { Filter, SearchQuery, SortRule } from '@ausculta/fhir/search-query';
import type { SearchRow } from '@ausculta/fhir/search-rows';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SearchParameter } from '@medplum/fhirtypes';
import { viewing } from '../database/viewing.ts';
import type { Asked, Condition } from './conditions.ts';
import { positionOf } from './found-rows.ts';
import { includedWith } from './includes.ts';
import { tokenText } from './index-entries.ts';
import type { Knowledge } from './knowledge.ts';
import { ANSWER_BYTES_MAX, ByteBudget, PAGE_BYTES_MAX } from './page-budget.ts';
import type { ShelfEntry } from './patient-shelf.ts';
import { PATIENT } from './patients.ts';
import { type Cursor, cursorText, readCursor } from './search-cursor.ts';
import { inOrder } from './search-order.ts';
import {
  COMPARED_MAX,
  documentOf,
  type Found,
  type FoundDocument,
  type SearchSession,
  TooWide,
} from './search-session.ts';
import type { SortColumn } from './search-store.ts';

export interface SearchPage {
  readonly matches: readonly FoundDocument[];
  readonly included: readonly FoundDocument[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
  readonly total: number | undefined;
  /** Whether something that was found does not open. */
  readonly isUnreadable: boolean;
}

export async function runSearch(
  session: SearchSession,
  query: SearchQuery,
  knowledge: Knowledge,
): Promise<Result<SearchPage>> {
  const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
  if (query.cursor !== undefined && cursor === undefined)
    return fail('QUERY_INVALID', '_cursor is of a next link');
  return await unlessTooWide(async () => {
    const searching = await prepare(session, query, knowledge);
    const isCountOnly = query.summary === 'count' || query.count === 0;
    const total = isCountOnly || query.total !== 'none' ? await totalOf(searching) : undefined;
    if (isCountOnly) return { ...EMPTY, total };
    const { found, next } = await pageOf(searching, cursor);
    const included = await includedWith(session, query, found, knowledge);
    return {
      matches: found,
      included,
      next: next && cursorText(next),
      total,
      isUnreadable: session.unreadable > 0,
    };
  });
}

/** What comes with a page that others have made. */
export async function includedIn(
  session: SearchSession,
  query: SearchQuery,
  matches: readonly FoundDocument[],
  knowledge: Knowledge,
): Promise<Result<Pick<SearchPage, 'included' | 'isUnreadable'>>> {
  return await unlessTooWide(async () => {
    const included = await includedWith(session, query, matches, knowledge);
    return { included, isUnreadable: session.unreadable > 0 };
  });
}

async function unlessTooWide<T>(look: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await look());
  } catch (error) {
    if (error instanceof TooWide)
      return fail('QUERY_TOO_WIDE', 'too many resources would have to be compared one by one');
    throw error;
  }
}

const EMPTY = { matches: [], included: [], next: undefined, isUnreadable: false } as const;

interface Searching {
  readonly session: SearchSession;
  readonly query: SearchQuery;
  /** What is not in memory. */
  readonly storedTypes: readonly string[];
  readonly asked: readonly { readonly filter: Filter; readonly asked: Asked }[];
  /** The patients that pass, where patients are searched for. */
  readonly shelved: readonly ShelfEntry[];
  /** Undefined where the index cannot put the documents in this order. */
  readonly columns: readonly SortColumn[] | undefined;
}

async function prepare(
  session: SearchSession,
  query: SearchQuery,
  { definitions }: Knowledge,
): Promise<Searching> {
  const storedTypes = query.types.filter((type) => type !== PATIENT);
  const asked: { filter: Filter; asked: Asked }[] = [];
  // A search of several types asks the same of each: their names for it differ.
  for (const filter of query.filters) {
    const perType: Asked[] = [];
    for (const type of storedTypes) perType.push(await session.conditionOf(type, filter));
    const ofTypes = perType.map(({ condition }, at): Condition => {
      const type = storedTypes[at] ?? '';
      return { kind: 'all', of: [{ kind: 'type', type }, condition] };
    });
    const condition = { kind: 'any', of: ofTypes } as const;
    const [only] = perType;
    const isExact = perType.every((one) => one.isExact);
    asked.push({
      filter,
      asked: only !== undefined && perType.length === 1 ? only : { condition, isExact },
    });
  }
  const isPatients = query.types.includes(PATIENT);
  const parameters = definitions.searchParameters.get(storedTypes[0] ?? '') ?? new Map();
  return {
    ...{ session, query, storedTypes, asked },
    shelved: isPatients ? await shelvedPassing(session, query.filters) : [],
    columns: isPatients || storedTypes.length > 1 ? ownColumns(query.sort) : undefined,
    ...(!isPatients &&
      storedTypes.length === 1 && {
        columns: sortColumns(session, storedTypes[0] ?? '', query.sort, parameters),
      }),
  };
}

async function shelvedPassing(
  session: SearchSession,
  filters: readonly Filter[],
): Promise<readonly ShelfEntry[]> {
  let passing = await session.candidates(filters);
  for (const filter of filters) passing = passing.filter(await session.predicateOf(filter));
  return passing;
}

/** Without an order the patients come first, then the documents in theirs. */
function ownColumns(sort: readonly SortRule[]): readonly SortColumn[] | undefined {
  return sort.length === 0 ? [] : undefined;
}

function sortColumns(
  { hash }: SearchSession,
  type: string,
  sort: readonly SortRule[],
  parameters: ReadonlyMap<string, SearchParameter>,
): readonly SortColumn[] | undefined {
  const columns: SortColumn[] = [];
  for (const { parameter, descending } of sort) {
    const kind = parameters.get(parameter)?.type ?? '';
    if (parameter === '_lastUpdated') columns.push({ by: 'updated', descending });
    else if (parameter === '_id') columns.push({ by: 'id', descending });
    else if (!isInIndex(type, parameter, kind)) return undefined;
    else columns.push({ by: { range: hash(tokenText(type, parameter, 'span')) }, descending });
  }
  return columns;
}

/** Days that tell a person are not kept in clear, nor is what is asked for under two names. */
function isInIndex(type: string, parameter: string, kind: string): boolean {
  if (parameter === 'birthdate' || parameter === 'death-date') return false;
  if (type === 'Observation' && parameter.startsWith('combo-')) return false;
  return ['date', 'number', 'quantity'].includes(kind);
}

async function totalOf({
  session,
  storedTypes,
  asked,
  shelved,
}: Searching): Promise<number | undefined> {
  if (storedTypes.length === 0) return shelved.length;
  const isCounted = !storedTypes.some((type) => viewing()?.scopes?.isByResource(type));
  if (isCounted && asked.every((one) => one.asked.isExact)) {
    const conditions = asked.map((one) => one.asked.condition);
    const question = { types: storedTypes, conditions };
    return shelved.length + (await session.count(question));
  }
  let count = shelved.length;
  const question = { types: storedTypes, sort: [], after: undefined };
  for await (const _found of session.stored(question, asked, COMPARED_MAX)) {
    count += 1;
    if (count > COMPARED_MAX) throw new TooWide();
  }
  return count;
}

interface Page {
  readonly found: readonly FoundDocument[];
  readonly next: Cursor | undefined;
}

async function pageOf(searching: Searching, cursor: Cursor | undefined): Promise<Page> {
  const { query, columns } = searching;
  if (columns === undefined) return await orderedPage(searching, cursor);
  const { count } = query;
  const found: FoundDocument[] = [];
  const budget = new ByteBudget(PAGE_BYTES_MAX);
  if (cursor === undefined || 'after' in cursor) {
    const rest = searching.shelved.filter(({ id }) => cursor === undefined || id > cursor.after);
    for (const { document } of rest.slice(0, count)) {
      if (budget.isSpent) break;
      found.push(document);
      budget.spend(document.text);
    }
    const last = found.at(-1);
    if (rest.length > found.length && last !== undefined)
      return { found, next: { after: last.id } };
  }
  if (searching.storedTypes.length === 0) return { found, next: undefined };
  const after = cursor !== undefined && 'stored' in cursor ? cursor.stored : undefined;
  return await storedPage(searching, { found, budget, after, columns });
}

async function storedPage(
  { session, query, storedTypes, asked }: Searching,
  from: {
    found: FoundDocument[];
    budget: ByteBudget;
    after: Extract<Cursor, { stored: unknown }>['stored'] | undefined;
    columns: readonly SortColumn[];
  },
): Promise<Page> {
  const { found, budget, after, columns } = from;
  const wanted = query.count + 1 - found.length;
  let last: Found | undefined;
  const question = { types: storedTypes, sort: columns, after };
  for await (const one of session.stored(question, asked, wanted)) {
    if (found.length === query.count || budget.isSpent) {
      // There is one more: the page ends before it, wherever that is.
      const stored = last === undefined ? START : positionOf(last.row, columns.length);
      return { found, next: { stored } };
    }
    found.push({ ...documentOf(one), place: positionOf(one.row, columns.length) });
    budget.spend(one.text);
    last = one;
  }
  return { found, next: undefined };
}

/** Where a page ends with the last patient, which has no order but its own. */
const START = { values: [], doc: 0 };

interface Ordered {
  readonly document: FoundDocument;
  readonly rows: readonly SearchRow[];
}

/** An order that the index does not keep, such as that of names: everything is put in it at once. */
async function orderedPage(searching: Searching, cursor: Cursor | undefined): Promise<Page> {
  const { session, query, storedTypes, asked, shelved } = searching;
  const all: Ordered[] = shelved.map(({ document, rows }) => ({ document, rows: rows() }));
  if (storedTypes.length > 0) {
    const question = { types: storedTypes, sort: [], after: undefined };
    const budget = new ByteBudget(ANSWER_BYTES_MAX);
    for await (const found of session.stored(question, asked, COMPARED_MAX)) {
      if (all.length >= COMPARED_MAX || budget.isSpent) throw new TooWide();
      budget.spend(found.text);
      all.push({ document: documentOf(found), rows: session.rowsOf(found.text) });
    }
  }
  const sorted = inOrder(all, query.sort);
  const told = cursor !== undefined && 'told' in cursor ? cursor.told : 0;
  const budget = new ByteBudget(PAGE_BYTES_MAX);
  const found: FoundDocument[] = [];
  for (const { document } of sorted.slice(told, told + query.count)) {
    if (budget.isSpent) break;
    found.push(document);
    budget.spend(document.text);
  }
  const until = told + found.length;
  return { found, next: until < sorted.length ? { told: until } : undefined };
}
