/** Whether a proof holds, for whoever has nothing of the tree but its heads: RFC 9162, sections 2.1.3.2 and 2.1.4.2. */
import { type Hash, hashOfNode } from './merkle-tree.ts';

export interface Head {
  /** Leaves. */
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the tree of this head has this leaf in this place. */
export function isIncluded(
  hash: Hash,
  { leafHash, place, proof }: Leaf,
  { size, root }: Head,
): boolean {
  if (!isCount(place) || !isCount(size) || place >= size) return false;
  let [node, last] = [place, size - 1];
  let made = leafHash;
  for (const part of proof) {
    if (last === 0 || !isHash(part)) return false;
    if (isOdd(node) || node === last) {
      made = hashOfNode(hash, part, made);
      while (!isOdd(node) && node > 0) [node, last] = [half(node), half(last)];
    } else {
      made = hashOfNode(hash, made, part);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && areEqual(made, root);
}

interface Leaf {
  readonly leafHash: Uint8Array;
  readonly place: number;
  readonly proof: readonly Uint8Array[];
}

/** Whether the tree of the later head is that of the earlier one, with leaves added behind it. */
export function isGrown(
  hash: Hash,
  heads: { readonly earlier: Head; readonly later: Head },
  proof: readonly Uint8Array[],
): boolean {
  const { earlier, later } = heads;
  if (!isCount(earlier.size) || !isCount(later.size) || earlier.size > later.size) return false;
  if (earlier.size === later.size) return proof.length === 0 && areEqual(earlier.root, later.root);
  // Every tree begins with the empty one.
  if (earlier.size === 0)
    return proof.length === 0 && areEqual(earlier.root, hash(new Uint8Array()));
  const isPart = Number.isInteger(Math.log2(earlier.size));
  const [first, ...rest] = isPart ? [earlier.root, ...proof] : proof;
  if (first === undefined || !isHash(first)) return false;
  let [node, last] = [earlier.size - 1, later.size - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [old, made] = [first, first];
  for (const part of rest) {
    if (last === 0 || !isHash(part)) return false;
    if (isOdd(node) || node === last) {
      old = hashOfNode(hash, part, old);
      made = hashOfNode(hash, part, made);
      while (!isOdd(node) && node > 0) [node, last] = [half(node), half(last)];
    } else {
      made = hashOfNode(hash, made, part);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && areEqual(old, earlier.root) && areEqual(made, later.root);
}

/** Sizes go beyond what bit operations can do. */
const half = (count: number): number => Math.floor(count / 2);
const isOdd = (count: number): boolean => count % 2 === 1;
const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0;
const isHash = ({ length }: Uint8Array): boolean => length === 32;

/** Roots are public: how long it takes tells nothing. */
function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
