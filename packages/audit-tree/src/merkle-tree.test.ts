import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  consistencyProof,
  GrowingTree,
  hashOfLeaf,
  hashOfNode,
  inclusionProof,
  type PartAt,
  rootOf,
} from './merkle-tree.ts';
import { isGrown, isIncluded } from './proofs.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Leaves and roots that implementations of Certificate Transparency are held to. */
const LEAVES = [
  ...['', '00', '10', '2021', '3031', '40414243', '5051525354555657'],
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

function grown(leaves: readonly Uint8Array[]) {
  const tree = new GrowingTree(sha256);
  const parts = new Map<string, Uint8Array>();
  const roots = [tree.root()];
  for (const leaf of leaves) {
    for (const { level, place, hash } of tree.append(hashOfLeaf(sha256, leaf)))
      parts.set(`${level}/${place}`, hash);
    roots.push(tree.root());
  }
  const partAt: PartAt = (level, place) => {
    const part = parts.get(`${level}/${place}`);
    assert.ok(part, `${level}/${place} is complete`);
    return part;
  };
  return { tree, roots, partAt, parts };
}

/** As the standard says it, over all leaves again: section 2.1. */
function plainRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return hashOfLeaf(sha256, first);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return hashOfNode(sha256, plainRoot(leaves.slice(0, split)), plainRoot(leaves.slice(split)));
}

const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new TextEncoder().encode(`leaf ${i}`));

/** Another byte in another place. */
function altered(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << (at % 8));
  return copy;
}

test('roots are those of Certificate Transparency', () => {
  const { roots, partAt } = grown(LEAVES.map((leaf) => Buffer.from(leaf, 'hex')));
  assert.deepEqual(roots.map(hex), ROOTS);
  for (const [size, root] of ROOTS.entries()) assert.equal(hex(rootOf(sha256, size, partAt)), root);
});

test('proofs are those of Certificate Transparency', () => {
  const { partAt } = grown(LEAVES.map((leaf) => Buffer.from(leaf, 'hex')));
  assert.deepEqual(inclusionProof(sha256, { place: 5, size: 8 }, partAt).map(hex), [
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  assert.deepEqual(consistencyProof(sha256, { earlier: 1, size: 8 }, partAt).map(hex), [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ]);
  assert.deepEqual(consistencyProof(sha256, { earlier: 6, size: 8 }, partAt).map(hex), [
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
});

test('a tree that grows has the root of all its leaves, and goes on from its complete parts', () => {
  const leaves = leavesOf(130);
  const { roots, partAt } = grown(leaves);
  for (const [size, root] of roots.entries()) {
    assert.equal(hex(root), hex(plainRoot(leaves.slice(0, size))));
    const resumed = GrowingTree.of(sha256, size, partAt);
    assert.equal(hex(resumed.root()), hex(root));
    const next = leaves[size];
    if (next === undefined) continue;
    resumed.append(hashOfLeaf(sha256, next));
    assert.equal(hex(resumed.root()), hex(roots[size + 1] ?? new Uint8Array()));
  }
});

test('every leaf is proved in every tree that has it, and nowhere else', () => {
  const leaves = leavesOf(70);
  const { roots, partAt } = grown(leaves);
  for (let size = 1; size <= leaves.length; size += 1) {
    const head = { size, root: roots[size] ?? new Uint8Array() };
    for (let place = 0; place < size; place += 1) {
      const leafHash = hashOfLeaf(sha256, leaves[place] ?? new Uint8Array());
      const proof = inclusionProof(sha256, { place, size }, partAt);
      assert.ok(isIncluded(sha256, { leafHash, place, proof }, head));
      const other = (place + 1) % size;
      assert.equal(isIncluded(sha256, { leafHash, place: other, proof }, head), size === 1);
      assert.ok(!isIncluded(sha256, { leafHash: sha256(leafHash), place, proof }, head));
      assert.ok(!isIncluded(sha256, { leafHash, place, proof: [...proof, leafHash] }, head));
      if (size > 1)
        assert.ok(!isIncluded(sha256, { leafHash, place, proof: proof.slice(1) }, head));
    }
  }
});

test('every tree is proved to have grown out of every earlier one', () => {
  const { roots, partAt } = grown(leavesOf(70));
  for (const [size, root] of roots.entries()) {
    for (const [earlier, before] of roots.slice(0, size + 1).entries()) {
      const heads = { earlier: { size: earlier, root: before }, later: { size, root } };
      const proof = consistencyProof(sha256, { earlier, size }, partAt);
      assert.ok(isGrown(sha256, heads, proof), `${earlier} → ${size}`);
      assert.ok(!isGrown(sha256, heads, [...proof, root]), `${earlier} → ${size}, and one more`);
      const backwards = { earlier: heads.later, later: heads.earlier };
      assert.equal(isGrown(sha256, backwards, proof), earlier === size);
    }
  }
});

test('whatever is altered of leaves, heads or proofs is found', () => {
  const { roots, partAt } = grown(leavesOf(100));
  const changed = grown(leavesOf(100).map((leaf, i) => (i === 41 ? altered(leaf, 3) : leaf)));
  fc.assert(
    fc.property(
      fc.record({ size: fc.integer({ min: 2, max: 100 }), seed: fc.nat(), at: fc.nat() }),
      ({ size, seed, at }) => {
        const earlier = 1 + (seed % (size - 1));
        const place = seed % size;
        const [before, root] = [roots[earlier], roots[size]] as [Uint8Array, Uint8Array];
        const proof = consistencyProof(sha256, { earlier, size }, partAt);
        const heads = { earlier: { size: earlier, root: before }, later: { size, root } };
        const wrong = proof.map((part, i) => (i === at % proof.length ? altered(part, at) : part));
        assert.ok(!isGrown(sha256, heads, wrong));
        const otherRoot = { ...heads, later: { size, root: altered(root, at) } };
        assert.ok(!isGrown(sha256, otherRoot, proof));
        const otherStart = { ...heads, earlier: { size: earlier, root: altered(before, at) } };
        assert.ok(!isGrown(sha256, otherStart, proof));
        // A leaf was altered behind the earlier head, or before it, and everything made anew.
        const rewritten = { size, root: changed.roots[size] as Uint8Array };
        const anew = consistencyProof(sha256, { earlier, size }, changed.partAt);
        const isSame = isGrown(sha256, { ...heads, later: rewritten }, anew);
        assert.equal(isSame, earlier <= 41, 'what the earlier head had is as it was');
        const leafHash = partAt(0, place);
        const path = inclusionProof(sha256, { place, size }, partAt);
        const wrongPath = path.map((part, i) =>
          i === at % path.length ? altered(part, at) : part,
        );
        assert.ok(!isIncluded(sha256, { leafHash, place, proof: wrongPath }, { size, root }));
      },
    ),
  );
});

test('a tree of billions is proved by its complete parts alone', () => {
  const part = (level: number, place: number) =>
    sha256(new TextEncoder().encode(`${level}/${place}`));
  const size = 2 ** 40 + 2 ** 33 + 5;
  const earlier = 2 ** 40 + 1;
  // Parts that are made up are no tree: what is looked at is how many are asked for.
  let asked = 0;
  const partAt: PartAt = (level, place) => {
    asked += 1;
    assert.ok((place + 1) * 2 ** level <= size, 'the part is complete');
    return part(level, place);
  };
  assert.ok(inclusionProof(sha256, { place: size - 2, size }, partAt).length <= 42);
  assert.ok(consistencyProof(sha256, { earlier, size }, partAt).length <= 42);
  assert.ok(asked < 400, `${asked} parts`);
});

test('around each power of two a tree has as many leaves as its parts', () => {
  for (let level = 1; level <= 42; level += 1) {
    for (const size of [2 ** level - 1, 2 ** level, 2 ** level + 1]) {
      if (size > 2 ** 42) continue;
      let leaves = 0;
      rootOf(sha256, size, (of, place) => {
        assert.equal(place * 2 ** of, leaves, 'one begins where the one before it ends');
        leaves += 2 ** of;
        return new Uint8Array(32);
      });
      assert.equal(leaves, size);
    }
  }
});

for (const [what, ask] of [
  ['a leaf behind the end', () => inclusionProof(sha256, { place: 3, size: 3 }, neverAsked)],
  ['a leaf before the beginning', () => inclusionProof(sha256, { place: -1, size: 3 }, neverAsked)],
  [
    'a tree out of a larger one',
    () => consistencyProof(sha256, { earlier: 4, size: 3 }, neverAsked),
  ],
  ['a size that is no number', () => rootOf(sha256, Number.NaN, neverAsked)],
  ['half a leaf', () => rootOf(sha256, 1.5, neverAsked)],
  ['a leaf that is no hash', () => new GrowingTree(sha256).append(new Uint8Array(31))],
] as const) {
  test(`nothing is proved of ${what}`, () => {
    assert.throws(ask);
  });
}

function neverAsked(): Uint8Array {
  throw new Error('no part is asked for');
}
