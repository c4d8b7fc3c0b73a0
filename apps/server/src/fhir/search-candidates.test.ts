import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type CandidatePorts,
  type Candidates,
  candidates,
  tokenLists,
} from './search-candidates.ts';
import { DOCS_OF_BLOCK, type TokenBlock } from './token-store.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

type Index = ReadonlyMap<number, readonly number[]>;

/** The rows of the table, kept in memory. */
function portsOn(index: Index) {
  const rows = { read: 0, questions: 0 };
  const blocksOf = (tokens: readonly number[]): TokenBlock[] => {
    const byBlock = new Map<number, bigint>();
    for (const doc of tokens.flatMap((token) => index.get(token) ?? [])) {
      const block = Math.floor(doc / DOCS_OF_BLOCK);
      byBlock.set(block, (byBlock.get(block) ?? 0n) | (1n << BigInt(doc % DOCS_OF_BLOCK)));
    }
    const all = [...byBlock].sort(([a], [b]) => a - b);
    return all.map(([block, docs]) => ({ block, docs: Number(docs) }));
  };
  const ofOne = new Map([...index.keys()].map((token) => [token, blocksOf([token])]));
  const noted = <T>(found: readonly T[]) => {
    rows.read += found.length;
    rows.questions += 1;
    return Promise.resolve(found);
  };
  const ports: CandidatePorts = {
    blocks: ({ tokens, from, limit }) =>
      noted(
        tokens.flatMap((token) =>
          (ofOne.get(token) ?? [])
            .filter(({ block }) => block >= from)
            .slice(0, limit)
            .map((one) => ({ ...one, token })),
        ),
      ),
    within: ({ tokens, blocks }) =>
      noted(blocksOf(tokens).filter(({ block }) => blocks.includes(block))),
  };
  return { ...ports, rows };
}

const docsOf = (piece: Candidates): readonly number[] => ('docs' in piece ? piece.docs : []);

async function found(index: Index, lists: readonly (readonly number[])[], after = -1) {
  const all: number[] = [];
  for await (const piece of candidates(portsOn(index), lists, after)) all.push(...docsOf(piece));
  return all;
}

const DOCS = fc.uniqueArray(fc.integer({ min: 0, max: 40_000 }), { maxLength: 60 });
/** Some tokens nearly all have, some few. */
const HAVING = fc.oneof(
  DOCS,
  fc
    .record({ step: fc.integer({ min: 1, max: 90 }), but: DOCS })
    .map(({ step, but }) =>
      Array.from({ length: Math.floor(40_000 / step) }, (_, n) => n * step).filter(
        (doc) => !but.includes(doc),
      ),
    ),
);

test('those are found that have one token of every list, each once, in their order', async () => {
  const index = fc.array(HAVING, { minLength: 4, maxLength: 4 });
  const lists = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1 }), {
    minLength: 1,
    maxLength: 3,
  });
  const after = fc.integer({ min: -1, max: 40_001 });
  await fc.assert(
    fc.asyncProperty(index, lists, after, async (having, asked, from) => {
      const sets = having.map((docs) => new Set(docs));
      const everything = [...new Set(having.flat())].sort((a, b) => a - b);
      const wanted = everything.filter(
        (doc) => doc > from && asked.every((list) => list.some((one) => sets[one]?.has(doc))),
      );
      assert.deepEqual(await found(new Map(having.entries()), asked, from), wanted);
    }),
    { numRuns: 60 },
  );
});

const everybody = Array.from({ length: 500_000 }, (_, doc) => doc);

test('the first of many are found without reading the rest', async () => {
  const ports = portsOn(new Map([[1, everybody]]));
  for await (const piece of candidates(ports, [[1]], -1)) {
    assert.deepEqual(docsOf(piece).slice(0, 3), [0, 1, 2]);
    break;
  }
  assert.equal(ports.rows.read, 200);
});

test('what few have is found among what all have by the few', async () => {
  const ports = portsOn(
    new Map([
      [1, everybody],
      [2, [3, 499_999]],
    ]),
  );
  const all: number[] = [];
  for await (const piece of candidates(ports, [[1], [2]], -1)) all.push(...docsOf(piece));
  assert.deepEqual(all, [3, 499_999]);
  assert.ok(ports.rows.read < 210, `${ports.rows.read} rows`);
});

/** The odd ones have one token, the even ones the other: nobody has both. */
const halves = [0, 1].map((odd) => everybody.filter((doc) => doc % 2 === odd && doc < 100_000));

test('a list is asked by one question, however many tokens it has, and larger ones when it goes on', async () => {
  const ports = portsOn(new Map(halves.map((docs, token) => [token, docs])));
  const rare = Array.from({ length: 49 }, (_, at) => 100 + at);
  for await (const piece of candidates(
    ports,
    [
      [0, ...rare],
      [1, ...rare],
    ],
    -1,
  ))
    assert.deepEqual(docsOf(piece), []);
  assert.equal(ports.rows.questions, 2 * (2_000 / 200 + 1));
  const few = portsOn(new Map(halves.map((docs, token) => [token, docs])));
  for await (const piece of candidates(few, [[0], [1]], -1)) assert.deepEqual(docsOf(piece), []);
  assert.equal(few.rows.questions, 2 * 4);
});

test('after a hundred rounds the rest is left to whoever walks the documents, from there on', async () => {
  const many = Array.from({ length: 1_100_000 }, (_, doc) => doc).filter((doc) => doc % 50 < 2);
  const [even, odd] = [0, 1].map((half) => many.filter((doc) => doc % 2 === half));
  const ports = portsOn(
    new Map([
      [0, even ?? []],
      [1, odd ?? []],
    ]),
  );
  const rare = Array.from({ length: 99 }, (_, at) => 100 + at);
  const pieces: Candidates[] = [];
  for await (const piece of candidates(
    ports,
    [
      [0, ...rare],
      [1, ...rare],
    ],
    -1,
  ))
    pieces.push(piece);
  assert.deepEqual(pieces, [{ lastDoc: 100 * 100 * DOCS_OF_BLOCK - 1 }]);
  assert.equal(ports.rows.questions, 200);
});

const A = { kind: 'tokens', anyOf: [1] } as const;
const B = { kind: 'tokens', anyOf: [2, 3] } as const;

test('tokens that all must have are looked for, of those that one may have none', () => {
  assert.deepEqual(tokenLists([A, { kind: 'all', of: [B] }]), [[1], [2, 3]]);
  assert.deepEqual(tokenLists([{ kind: 'any', of: [A] }]), [[1]]);
  assert.equal(tokenLists([{ kind: 'any', of: [A, { kind: 'type', type: 'Basic' }] }]), undefined);
  assert.equal(tokenLists([{ kind: 'not', of: A }]), undefined);
  assert.equal(tokenLists([A, { kind: 'ids', ids: ['x'] }]), undefined);
});
