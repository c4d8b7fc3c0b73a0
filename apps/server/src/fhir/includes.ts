/** What comes with the matches of a search: what they refer to, and what refers to them. */
import { correctionsIn } from '@ausculta/fhir/coincident-time';
import type { Include, SearchQuery } from '@ausculta/fhir/search-query';
import type { Condition } from './conditions.ts';
import type { DocumentName } from './document.ts';
import { tokenText } from './index-entries.ts';
import type { Knowledge } from './knowledge.ts';
import { ByteBudget, PAGE_BYTES_MAX } from './page-budget.ts';
import { PATIENT } from './patients.ts';
import { documentOf, type FoundDocument, type SearchSession, TooWide } from './search-session.ts';

/** More would no longer be a page. */
const INCLUDED_MAX = 2_000;
const ROUNDS_MAX = 5;
/** Some milliseconds of looking into them. */
const AT_ONCE = 25;

const keyOf = ({ type, id }: DocumentName): string => `${type}/${id}`;

export async function includedWith(
  session: SearchSession,
  query: SearchQuery,
  matches: readonly FoundDocument[],
  knowledge: Knowledge,
): Promise<FoundDocument[]> {
  const known = new Set(matches.map(keyOf));
  const included: FoundDocument[] = [];
  const budget = new ByteBudget(PAGE_BYTES_MAX);
  let from = matches;
  for (let round = 0; round < ROUNDS_MAX && from.length > 0; round++) {
    const asked = (one: Include): boolean => round === 0 || one.iterate;
    const found = [
      ...(await referredTo(session, query.includes.filter(asked), from, known)),
      ...(await referring(session, query.reverseIncludes.filter(asked), from, knowledge)),
    ];
    from = found.filter((one) => !known.has(keyOf(one)) && known.add(keyOf(one)));
    included.push(...from);
    for (const { text } of from) budget.spend(text);
    if (included.length > INCLUDED_MAX || budget.isSpent) throw new TooWide();
  }
  return included;
}

async function referredTo(
  session: SearchSession,
  includes: readonly Include[],
  from: readonly FoundDocument[],
  known: ReadonlySet<string>,
): Promise<FoundDocument[]> {
  if (includes.length === 0) return [];
  const wanted = new Map<string, DocumentName>();
  for (const [at, { type, text }] of from.entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await session.pause();
    const own = includes.filter((include) => include.type === type);
    if (own.length === 0) continue;
    // No search parameter names it.
    const isAll = own.some(
      ({ parameter, target }) => parameter === '*' && (target ?? type) === type,
    );
    for (const id of isAll ? correctionsIn(text) : []) {
      const name = { type, id };
      if (!known.has(keyOf(name))) wanted.set(keyOf(name), name);
    }
    for (const { parameter, value } of session.rowsOf(text)) {
      if (value.kind !== 'reference' || value.url !== `${value.type}/${value.id}`) continue;
      const name = { type: value.type ?? '', id: value.id ?? '' };
      const isAsked = own.some(
        (include) =>
          (include.parameter === '*' || include.parameter === parameter) &&
          (include.target === undefined || include.target === name.type),
      );
      if (isAsked && !known.has(keyOf(name))) wanted.set(keyOf(name), name);
    }
  }
  return await readAll(session, [...wanted.values()]);
}

async function readAll(
  session: SearchSession,
  names: readonly DocumentName[],
): Promise<FoundDocument[]> {
  if (names.length > INCLUDED_MAX) throw new TooWide();
  const found: FoundDocument[] = [];
  for (const [type, ofType] of Map.groupBy(names, (name) => name.type)) {
    const ids = ofType.map(({ id }) => id);
    if (type === PATIENT) {
      found.push(...(await patientsOf(session, ids)));
      continue;
    }
    const told = ofType.flatMap((name) => session.told(name) ?? []);
    found.push(...told);
    const toldIds = new Set(told.map(({ id }) => id));
    const stored = ids.filter((id) => !toldIds.has(id));
    if (stored.length > 0)
      found.push(...(await storedWith(session, type, { kind: 'ids', ids: stored })));
  }
  return found;
}

async function patientsOf(
  session: SearchSession,
  ids: readonly string[],
): Promise<FoundDocument[]> {
  const entries = await session.shelvedWithIds(ids);
  return entries.map(({ document }) => document);
}

async function storedWith(
  session: SearchSession,
  type: string,
  condition: Condition,
): Promise<FoundDocument[]> {
  const found: FoundDocument[] = [];
  const filter = { kind: 'missing', parameter: '_id', isMissing: false } as const;
  const budget = new ByteBudget(PAGE_BYTES_MAX);
  const asked = [{ filter, asked: { condition, isExact: true } }];
  const question = { types: [type], sort: [], after: undefined };
  for await (const one of session.stored(question, asked, INCLUDED_MAX + 1)) {
    found.push(documentOf(one));
    budget.spend(one.text);
    if (found.length > INCLUDED_MAX || budget.isSpent) throw new TooWide();
  }
  return found;
}

async function referring(
  session: SearchSession,
  includes: readonly Include[],
  from: readonly FoundDocument[],
  { definitions }: Knowledge,
): Promise<FoundDocument[]> {
  const found: FoundDocument[] = [];
  for (const { type, parameter, target } of includes) {
    const parameters = [...(definitions.searchParameters.get(type)?.values() ?? [])]
      .filter((one) => one.type === 'reference' && (parameter === '*' || one.code === parameter))
      .map(({ code }) => code);
    const targets = from.filter((one) => target === undefined || one.type === target);
    const names = parameters.map((code) => session.hash(tokenText(type, code, 'to')));
    if (names.length === 0) continue;
    for (const [ofType, ones] of Map.groupBy(targets, (one) => one.type)) {
      const own = ones.map(({ id }) => id);
      const ids = ofType === PATIENT ? session.withBehind(own) : own;
      const referred = { kind: 'refers', names, type: ofType, ids } as const;
      const documents = await storedWith(session, type, referred);
      const referring = documents.map(({ id }) => id);
      found.push(...(type === PATIENT ? await patientsOf(session, referring) : documents));
    }
  }
  return found;
}
