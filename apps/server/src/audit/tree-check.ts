/**
 * Holds one organisation's audit against its tree, and the tree against its signed heads, from the first
 * entry to the last. The tree is made twice: of what was written down when a leaf was placed, and of the
 * leaves as they are now. Where either is what was signed, the other tells which entry is not.
 */
import { GrowingTree } from '@ausculta/audit-tree/merkle-tree';
import type { SigningKey } from '../vault/receipt-proof.ts';
import { readHead } from './heads.ts';
import { sha256 } from './leaf-record.ts';

export interface Found {
  readonly organisationId: string;
  readonly what: 'altered' | 'missing' | 'inserted' | 'head' | 'file' | 'rolled back';
  /** Names the entry or the head. */
  readonly id: string;
  readonly why: string;
}

export interface PlacedLeaf {
  /** As texts: whatever was put there, it is told and never rounded. */
  readonly place: string;
  readonly leafId: string;
  readonly hashes: Uint8Array;
  /** The hash of the entry as it is; undefined where there is none. */
  readonly hash: Uint8Array | undefined;
}

export interface StoredHead {
  readonly size: string;
  readonly note: string;
}

interface Checking {
  readonly organisationId: string;
  readonly key: Pick<SigningKey, 'public'>;
  readonly onFound: (found: Omit<Found, 'organisationId'>) => void;
}

const HASH_BYTES = 32;

export class TreeCheck {
  readonly #on: Checking;
  readonly #heads: AsyncIterator<StoredHead>;
  #next: StoredHead | undefined;
  readonly #written = new GrowingTree(sha256);
  readonly #present = new GrowingTree(sha256);
  #expected = 0;
  /** Of the last head. */
  #after = 0;
  /** From here on neither tree is what was signed, or what was written down: each is said once. */
  #isSignedLost = false;
  #isWrittenLost = false;

  private constructor(on: Checking, heads: AsyncIterator<StoredHead>) {
    this.#on = on;
    this.#heads = heads;
  }

  /** How many entries have a place. */
  static async run(
    on: Checking,
    rows: { readonly leaves: AsyncIterable<PlacedLeaf>; readonly heads: AsyncIterable<StoredHead> },
  ): Promise<number> {
    const check = new TreeCheck(on, rows.heads[Symbol.asyncIterator]());
    await check.#takeHead();
    for await (const leaf of rows.leaves) await check.#take(leaf);
    await check.#end();
    return check.#expected;
  }

  async #take({ place, leafId, hashes, hash }: PlacedLeaf): Promise<void> {
    const { onFound } = this.#on;
    if (place !== String(this.#expected)) {
      const why = `place ${place} follows, and what stood between is gone`;
      onFound({ what: 'missing', id: `place ${this.#expected}`, why });
      this.#expected = Number(place);
    }
    const written = hashes.length < HASH_BYTES ? NOTHING : hashes.subarray(0, HASH_BYTES);
    if (hash === undefined) {
      onFound({ what: 'missing', id: leafId, why: `the entry of place ${place} is gone` });
    } else if (!isEqual(hash, written)) {
      const why = `it is not what got place ${place}: it was altered, or stands where another stood`;
      onFound({ what: 'altered', id: leafId, why });
    }
    const parts = [this.#written.append(written), this.#present.append(hash ?? written)];
    if (!this.#isWrittenLost && !parts.some((made) => isEqual(joined(made), hashes))) {
      this.#isWrittenLost = true;
      const why = `the parts of the tree at place ${place} are not made of its entries`;
      onFound({ what: 'altered', id: `place ${place}`, why });
    }
    this.#expected += 1;
    while (this.#next !== undefined && Number(this.#next.size) <= this.#expected)
      await this.#checkHead(this.#next);
  }

  async #checkHead({ size, note }: StoredHead): Promise<void> {
    await this.#takeHead();
    const { organisationId, key, onFound } = this.#on;
    const fault = (why: string): void => onFound({ what: 'head', id: `head of ${size}`, why });
    const head = readHead(note, organisationId, key);
    if (head === undefined) return fault('it is not as it was signed');
    if (String(head.size) !== size || head.isRestored)
      return fault(`it was signed for ${head.size} entries, or for something else`);
    if (head.after !== this.#after)
      fault(`the head of ${head.after} stood before it, and here stands that of ${this.#after}`);
    const after = this.#after;
    this.#after = head.size;
    const trees = [this.#written, this.#present];
    if (trees.some((tree) => tree.size === head.size && isEqual(tree.root(), head.root))) return;
    if (this.#isSignedLost) return;
    this.#isSignedLost = true;
    fault(`the entries from place ${after} to ${head.size - 1} are not those that were signed`);
  }

  async #takeHead(): Promise<void> {
    const { value, done } = await this.#heads.next();
    this.#next = done === true ? undefined : value;
  }

  async #end(): Promise<void> {
    const { onFound } = this.#on;
    if (this.#expected > this.#after) {
      const why = `the places from ${this.#after} on have no signed head`;
      onFound({ what: 'missing', id: `head of ${this.#expected}`, why });
    }
    for (; this.#next !== undefined; await this.#takeHead()) {
      const id = `head of ${this.#next.size}`;
      onFound({ what: 'missing', id, why: `only ${this.#expected} entries have places` });
    }
  }
}

const NOTHING = new Uint8Array(HASH_BYTES);

function joined(parts: readonly { readonly hash: Uint8Array }[]): Uint8Array {
  return Buffer.concat(parts.map(({ hash }) => hash));
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);
