/**
 * Which documents may pass, by the tokens that they must have, in the order of documents and a piece at a
 * time: whoever wants a page of what most have reads its first rows, and what few have is found at once.
 */
import type { Condition } from './conditions.ts';
import { DOCS_OF_BLOCK, type TokenBlock } from './token-store.ts';

/** One of each must be there. */
export type TokenLists = readonly (readonly number[])[];

export interface CandidatePorts {
  /** The first blocks, from one on, in which some document has the token. */
  readonly blocks: (asked: {
    readonly token: number;
    readonly from: number;
    readonly limit: number;
  }) => Promise<readonly TokenBlock[]>;
  /** Of these blocks those in which some document has one of the tokens. */
  readonly within: (asked: {
    readonly tokens: readonly number[];
    readonly blocks: readonly number[];
  }) => Promise<readonly TokenBlock[]>;
}

/** Rows of one token that are read at once. */
const BLOCKS_AT_ONCE = 200;
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

/** Docs in their order, after one, a piece at a time. */
export async function* candidates(
  ports: CandidatePorts,
  lists: TokenLists,
  afterDoc: number,
): AsyncGenerator<readonly number[]> {
  let from = Math.floor((afterDoc + 1) / DOCS_OF_BLOCK);
  for (;;) {
    const heads = await Promise.all(lists.map((tokens) => headOf(ports, tokens, from)));
    const rarest = heads.reduce((best, one) => (isRarer(one, best) ? one : best));
    const passing = await meeting(ports, lists, { heads, rarest });
    const docs = docsIn(passing).filter((doc) => doc > afterDoc);
    if (docs.length > 0) yield docs;
    if (rarest.until === Number.POSITIVE_INFINITY) return;
    from = rarest.until;
  }
}

interface Head {
  /** By block, in their order. */
  readonly blocks: ReadonlyMap<number, number>;
  /** All before this block are among them. */
  readonly until: number;
}

async function headOf(
  { blocks }: CandidatePorts,
  tokens: readonly number[],
  from: number,
): Promise<Head> {
  const ofTokens = await Promise.all(
    tokens.map((token) => blocks({ token, from, limit: BLOCKS_AT_ONCE })),
  );
  const ends = ofTokens.map((rows) =>
    rows.length < BLOCKS_AT_ONCE ? Number.POSITIVE_INFINITY : (rows.at(-1)?.block ?? 0) + 1,
  );
  const until = Math.min(...ends);
  const rows = ofTokens.flat().filter(({ block }) => block < until);
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
