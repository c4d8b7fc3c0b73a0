/**
 * The Merkle tree of RFC 6962, section 2.1 (RFC 9162, section 2.1): whoever holds one signed head of it can
 * tell that a leaf is in it, and that a later head only added to it. SHA-256 comes in as a parameter, for a
 * package has none of its own.
 *
 * A complete part of the tree never changes. Such parts are named by their level and their place in it: level
 * 0 are the leaves, and (level, place) has the leaves from place · 2^level on, 2^level of them.
 */
import { expect } from '@ausculta/vitals/expect';

/** SHA-256. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/** Of a complete part. */
export type PartAt = (level: number, place: number) => Uint8Array;

export interface CompletePart {
  readonly level: number;
  readonly place: number;
  readonly hash: Uint8Array;
}

const HASH_BYTES = 32;
/** So that a leaf is never taken for a node: section 2.1. */
const [LEAF, NODE] = [0, 1];

export function hashOfLeaf(hash: Hash, leaf: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + leaf.length);
  bytes[0] = LEAF;
  bytes.set(leaf, 1);
  return hash(bytes);
}

export function hashOfNode(hash: Hash, left: Uint8Array, right: Uint8Array): Uint8Array {
  expect(left.length === HASH_BYTES && right.length === HASH_BYTES, 'a node joins two hashes');
  const bytes = new Uint8Array(1 + 2 * HASH_BYTES);
  bytes[0] = NODE;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_BYTES);
  return hash(bytes);
}

/** Grows leaf by leaf, and keeps no more of itself than one part a level. */
export class GrowingTree {
  readonly #hash: Hash;
  /** By level, the largest last; a level that is empty is undefined. */
  readonly #parts: (Uint8Array | undefined)[] = [];
  #size = 0;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  /** One of so many leaves, of which the complete parts are known. */
  static of(hash: Hash, size: number, partAt: PartAt): GrowingTree {
    const tree = new GrowingTree(hash);
    tree.#size = expectSize(size);
    for (const { level, place } of completeParts(0, size))
      tree.#parts[level] = partAt(level, place);
    return tree;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes the hash of a leaf; returns the parts that it has completed, the leaf itself first. */
  append(leafHash: Uint8Array): CompletePart[] {
    expect(leafHash.length === HASH_BYTES, 'what is appended is a hash');
    let part: CompletePart = { level: 0, place: this.#size, hash: leafHash };
    const completed = [part];
    for (;;) {
      const left = this.#parts[part.level];
      if (left === undefined) break;
      this.#parts[part.level] = undefined;
      const hash = hashOfNode(this.#hash, left, part.hash);
      part = { level: part.level + 1, place: Math.floor(part.place / 2), hash };
      completed.push(part);
    }
    this.#parts[part.level] = part.hash;
    this.#size += 1;
    return completed;
  }

  root(): Uint8Array {
    const parts = this.#parts.filter((part) => part !== undefined);
    const [smallest, ...larger] = parts;
    if (smallest === undefined) return this.#hash(new Uint8Array());
    return larger.reduce((right, left) => hashOfNode(this.#hash, left, right), smallest);
  }
}

/** Of the first `size` leaves: MTH of section 2.1. */
export function rootOf(hash: Hash, size: number, partAt: PartAt): Uint8Array {
  return expectSize(size) === 0 ? hash(new Uint8Array()) : hashOfRange(hash, [0, size], partAt);
}

/** What proves that the leaf of this place is among the first `size`: PATH of section 2.1.1. */
export function inclusionProof(
  hash: Hash,
  { place, size }: { readonly place: number; readonly size: number },
  partAt: PartAt,
): Uint8Array[] {
  expect(Number.isSafeInteger(place) && place >= 0, 'a place is counted from 0');
  expect(place < expectSize(size), 'the leaf is in the tree');
  const proof: Uint8Array[] = [];
  let [from, until] = [0, size];
  while (until - from > 1) {
    const middle = from + splitOf(until - from);
    const isLeft = place < middle;
    proof.push(hashOfRange(hash, isLeft ? [middle, until] : [from, middle], partAt));
    if (isLeft) until = middle;
    else from = middle;
  }
  return proof.reverse();
}

/** What proves that the first `earlier` of `size` leaves are what they were: PROOF of section 2.1.2. */
export function consistencyProof(
  hash: Hash,
  { earlier, size }: { readonly earlier: number; readonly size: number },
  partAt: PartAt,
): Uint8Array[] {
  expect(expectSize(earlier) <= expectSize(size), 'a tree is consistent with one that has grown');
  if (earlier === 0 || earlier === size) return [];
  const proof: Uint8Array[] = [];
  let [from, until] = [0, size];
  while (until !== earlier) {
    const middle = from + splitOf(until - from);
    const isLeft = earlier <= middle;
    proof.push(hashOfRange(hash, isLeft ? [middle, until] : [from, middle], partAt));
    if (isLeft) until = middle;
    else from = middle;
  }
  // Whoever asks has the root of the earlier tree, unless what they share is a part of it.
  if (from > 0) proof.push(hashOfRange(hash, [from, until], partAt));
  return proof.reverse();
}

function hashOfRange(
  hash: Hash,
  [from, until]: readonly [number, number],
  partAt: PartAt,
): Uint8Array {
  const parts = completeParts(from, until).map(({ level, place }) => partAt(level, place));
  return parts.reduceRight((right, left) => hashOfNode(hash, left, right));
}

/** From the left; `from` is where a part of at least so many leaves begins. */
function completeParts(from: number, until: number): { level: number; place: number }[] {
  const parts: { level: number; place: number }[] = [];
  for (let at = from; at < until; ) {
    const level = Math.floor(Math.log2(until - at));
    const leaves = 2 ** level;
    parts.push({ level, place: at / leaves });
    at += leaves;
  }
  return parts;
}

/** The largest power of two below it. */
function splitOf(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1);
}

/** A million leaves a second for 140 years; logarithms of numbers near a power of two are told apart up to here. */
const SIZE_MAX = 2 ** 42;

function expectSize(size: number): number {
  expect(Number.isSafeInteger(size) && size >= 0 && size <= SIZE_MAX, 'a size is counted');
  return size;
}
