/**
 * The rows that pass, by the way that finds them: among the documents that refer to whom is asked for, among
 * those that have the tokens, or among all. The planner makes one plan for any value, so it cannot choose.
 */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Reader } from '../database/readers.ts';
import type { Condition } from './conditions.ts';
import { candidates, referencesIn, tokenLists } from './search-candidates.ts';
import {
  countDocuments,
  type FoundRow,
  type PagePosition,
  referringDocs,
  type SearchQuestion,
  searchDocuments,
} from './search-store.ts';
import { tokenBlocks, tokensWithin } from './token-store.ts';

export interface RowsOf {
  readonly tx: Reader;
  readonly organisationId: OrganisationId;
}

export type Counted = Pick<SearchQuestion, 'types' | 'conditions'>;

/** Looked at by one question; a page is seldom longer. */
const CANDIDATES_AT_ONCE = 500;
/** Of more the documents themselves are walked, in the order of the question. */
const CANDIDATES_MAX = 20_000;

export async function* foundRows(
  of: RowsOf,
  question: SearchQuestion,
): AsyncGenerator<readonly FoundRow[]> {
  if (question.sort.length > 0) {
    const conditions = [...question.conditions, ...(await amongAll(of, question))];
    yield* pages(of, { ...question, conditions });
    return;
  }
  for await (const { among, after = question.after } of pieces(of, question))
    yield* pages(of, { ...question, after, conditions: [...question.conditions, ...among] });
}

export async function countRows(of: RowsOf, question: Counted): Promise<number> {
  const conditions = [...question.conditions, ...(await amongAll(of, question))];
  return await countDocuments(of.tx, of.organisationId, { ...question, conditions });
}

export function positionOf({ sorted, doc }: FoundRow, sorts: number): PagePosition {
  return { values: sorted.slice(0, sorts), doc };
}

async function* pages(
  { tx, organisationId }: RowsOf,
  question: SearchQuestion,
): AsyncGenerator<readonly FoundRow[]> {
  const { limit, sort } = question;
  let { after } = question;
  for (;;) {
    const { rows, isCut } = await searchDocuments(tx, organisationId, { ...question, after });
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || (rows.length < limit && !isCut)) return;
    after = positionOf(last, sort.length);
  }
}

/** Where to look, or nowhere in particular. */
type Among = readonly Extract<Condition, { kind: 'docs' }>[];

interface Piece {
  readonly among: Among;
  /** Where it begins, unless with the question. */
  readonly after?: PagePosition;
}

/** In the order of documents, as many at a time as one question looks at. */
async function* pieces(
  of: RowsOf,
  { conditions, after }: Pick<SearchQuestion, 'conditions' | 'after'>,
): AsyncGenerator<Piece> {
  const afterDoc = after?.doc ?? -1;
  const referring = await referringTo(of, conditions);
  if (referring !== undefined) {
    yield* sliced(referring.filter((doc) => doc > afterDoc));
    return;
  }
  const lists = tokenLists(conditions);
  if (lists === undefined) {
    yield { among: [] };
    return;
  }
  for await (const piece of candidates(portsOf(of), lists, afterDoc)) {
    if ('docs' in piece) yield* sliced(piece.docs);
    else yield { among: [], after: { values: [], doc: piece.lastDoc } };
  }
}

function* sliced(docs: readonly number[]): Generator<Piece> {
  for (let at = 0; at < docs.length; at += CANDIDATES_AT_ONCE)
    yield { among: [{ kind: 'docs', docs: docs.slice(at, at + CANDIDATES_AT_ONCE) }] };
}

/** For another order, or to be counted: all that may pass, unless they are many. */
async function amongAll(
  of: RowsOf,
  { conditions }: Pick<SearchQuestion, 'conditions'>,
): Promise<Among> {
  const referring = await referringTo(of, conditions);
  if (referring !== undefined) return [{ kind: 'docs', docs: referring }];
  const lists = tokenLists(conditions);
  if (lists === undefined) return [];
  const docs: number[] = [];
  for await (const piece of candidates(portsOf(of), lists, -1)) {
    if ('lastDoc' in piece) return [];
    for (const doc of piece.docs) docs.push(doc);
    if (docs.length > CANDIDATES_MAX) return [];
  }
  return [{ kind: 'docs', docs }];
}

/** In their order; undefined where nobody is asked for, or whom too many refer to. */
async function referringTo(
  { tx, organisationId }: RowsOf,
  conditions: readonly Condition[],
): Promise<readonly number[] | undefined> {
  const asked = referencesIn(conditions);
  if (asked === undefined) return undefined;
  const docs = await referringDocs(tx, organisationId, { ...asked, limit: CANDIDATES_MAX + 1 });
  if (docs.length > CANDIDATES_MAX) return undefined;
  return [...new Set(docs)].sort((a, b) => a - b);
}

function portsOf({ tx, organisationId }: RowsOf): Parameters<typeof candidates>[0] {
  return {
    blocks: (asked) => tokenBlocks(tx, organisationId, asked),
    within: (asked) => tokensWithin(tx, organisationId, asked),
  };
}
