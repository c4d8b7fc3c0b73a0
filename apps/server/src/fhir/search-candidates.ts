/**
 * Which documents may pass, by the tokens that they must have, in the order of documents and a piece at a
 * time: whoever wants a page of what most have reads its first rows, and what few have is found at once.
 */
import type { Condition } from './conditions.ts';
import { type BlocksAsked, DOCS_OF_BLOCK, type TokenBlock } from './token-store.ts';

/** One of each must be there. */
export type TokenLists = readonly (readonly number[])[];

export interface CandidatePorts {
  /** Of each token the first blocks, from one on, in which some document has it. */
  readonly blocks: (
    asked: BlocksAsked,
  ) => Promise<readonly (TokenBlock & { readonly token: number })[]>;
  /** Of these blocks those in which some document has one of the tokens. */
  readonly within: (asked: {
    readonly tokens: readonly number[];
    readonly blocks: readonly number[];
  }) => Promise<readonly TokenBlock[]>;
}

/** Rows of one token that are read first; each time they are not enough, twice as many. */
const BLOCKS_AT_ONCE = 200;
/** Rows of one list that are read at once. */
const ROWS_AT_ONCE = 10_000;
/** Of a hundred tokens that all have this is half a million documents, of a few all that there can be. */
const ROUNDS_MAX = 100;
/** Whatever else is asked, each document is asked for itself. */
const LISTS_MAX = 8;
const TOKENS_MAX = 100;

/** What all that pass must have; undefined where nothing of the kind is asked, or their ids are. */
export function tokenLists(conditions: readonly Condition[]): TokenLists | undefined {
  const all = allOf(conditions);
  if (all.some(({ kind }) => kind === 'ids')) return undefined;
  const lists = all.flatMap((one) => (one.kind === 'tokens' ? [one.anyOf] : []));
  const few = lists.filter(({ length }) => length <= TOKENS_MAX).slice(0, LISTS_MAX);
  return few.length === 0 ? undefined : few;
}

/** To whom all that pass must refer. */
export function referencesIn(
  conditions: readonly Condition[],
): Extract<Condition, { kind: 'refers' }> | undefined {
  const all = allOf(conditions);
  if (all.some(({ kind }) => kind === 'ids')) return undefined;
  return all.find((one) => one.kind === 'refers');
}

function allOf(conditions: readonly Condition[]): readonly Condition[] {
  return conditions.flatMap((one) => {
    if (one.kind === 'all') return allOf(one.of);
    const [only] = one.kind === 'any' && one.of.length === 1 ? one.of : [];
    return only === undefined ? [one] : allOf([only]);
  });
}

/** Documents that may pass; or the last that was looked at, behind which any may. */
export type Candidates = { readonly docs: readonly number[] } | { readonly lastDoc: number };

/** In the order of documents, after one, a piece at a time. */
export async function* candidates(
  ports: CandidatePorts,
  lists: TokenLists,
  afterDoc: number,
): AsyncGenerator<Candidates> {
  let from = Math.floor((afterDoc + 1) / DOCS_OF_BLOCK);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const heads = await Promise.all(
      lists.map((tokens) => headOf(ports, { tokens, from, limit: limitOf(tokens, round) })),
    );
    const rarest = heads.reduce((best, one) => (isRarer(one, best) ? one : best));
    const passing = await meeting(ports, lists, { heads, rarest });
    const docs = docsIn(passing).filter((doc) => doc > afterDoc);
    if (docs.length > 0) yield { docs };
    if (rarest.until === Number.POSITIVE_INFINITY) return;
    from = rarest.until;
  }
  yield { lastDoc: Math.max(afterDoc, from * DOCS_OF_BLOCK - 1) };
}

function limitOf({ length }: readonly number[], round: number): number {
  return Math.min(BLOCKS_AT_ONCE * 2 ** round, Math.floor(ROWS_AT_ONCE / length));
}

interface Head {
  /** By block, in their order. */
  readonly blocks: ReadonlyMap<number, number>;
  /** All before this block are among them. */
  readonly until: number;
}

async function headOf({ blocks }: CandidatePorts, asked: BlocksAsked): Promise<Head> {
  const all = await blocks(asked);
  const told = new Map<number, { count: number; last: number }>();
  for (const { token, block } of all) {
    const { count = 0, last = 0 } = told.get(token) ?? {};
    told.set(token, { count: count + 1, last: Math.max(last, block) });
  }
  // Of a token that has more rows, those behind its last are not known.
  const ends = [...told.values()].flatMap(({ count, last }) =>
    count < asked.limit ? [] : [last + 1],
  );
  const until = Math.min(...ends, Number.POSITIVE_INFINITY);
  const rows = all.filter(({ block }) => block < until);
  return { blocks: united(rows.sort((a, b) => a.block - b.block)), until };
}

/** By how far its rows reach, then by how few they are. */
function isRarer(one: Head, than: Head): boolean {
  if (one.until !== than.until) return one.until > than.until;
  return one.blocks.size < than.blocks.size;
}

/** The blocks of the rarest, with the documents that have one of every list. */
async function meeting(
  { within }: CandidatePorts,
  lists: TokenLists,
  { heads, rarest }: { readonly heads: readonly Head[]; readonly rarest: Head },
): Promise<ReadonlyMap<number, number>> {
  let passing = rarest.blocks;
  for (const [at, head] of heads.entries()) {
    if (head === rarest || passing.size === 0) continue;
    const isRead = head.until >= rarest.until;
    const tokens = lists[at] ?? [];
    const asked = { tokens, blocks: [...passing.keys()] };
    const theirs = isRead ? head.blocks : united(await within(asked));
    passing = new Map(
      [...passing].flatMap(([block, docs]) => {
        const both = sharedBits(docs, theirs.get(block) ?? 0);
        return both === 0 ? [] : [[block, both] as const];
      }),
    );
  }
  return passing;
}

function united(rows: readonly TokenBlock[]): ReadonlyMap<number, number> {
  const byBlock = new Map<number, number>();
  for (const { block, docs } of rows) byBlock.set(block, eitherBits(byBlock.get(block) ?? 0, docs));
  return byBlock;
}

/** Bits beyond the 32nd are lost to the operators of numbers. */
const sharedBits = (a: number, b: number): number => Number(BigInt(a) & BigInt(b));
const eitherBits = (a: number, b: number): number => (a === 0 ? b : Number(BigInt(a) | BigInt(b)));

function docsIn(blocks: ReadonlyMap<number, number>): number[] {
  const docs: number[] = [];
  for (const [block, bits] of blocks) {
    for (let bit = 0, rest = bits; rest > 0; bit += 1, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) docs.push(block * DOCS_OF_BLOCK + bit);
    }
  }
  return docs;
}
