/** The trees as the database has them, held against the heads that were signed and told outside. */
import { GrowingTree, type PartAt } from '@ausculta/audit-tree/merkle-tree';
import { expect } from '@ausculta/vitals/expect';
import type { Sql } from '../database/pool.ts';
import type { SigningKey } from '../vault/receipt-proof.ts';
import { readHead, type SignedHead } from './heads.ts';
import type { HeadsFile } from './heads-file.ts';
import { sha256 } from './leaf-record.ts';
import * as store from './store.ts';

const HASH_BYTES = 32;

export interface OpenTree {
  readonly organisationId: string;
  readonly tree: GrowingTree;
  /** A head that the database has and the file has not: the server stopped in between. */
  readonly untold: string | undefined;
}

interface Opening {
  readonly sql: Sql;
  readonly key: Pick<SigningKey, 'public'>;
  readonly file: Pick<HeadsFile, 'lastOf'>;
}

/** Undefined where the database is not what was signed, or has been put back: somebody must say why first. */
export async function openTree(
  { sql, key, file }: Opening,
  organisationId: string,
): Promise<OpenTree | undefined> {
  const last = await store.lastHead(sql, organisationId);
  const told = file.lastOf(organisationId);
  const toldHead = told === undefined ? EMPTY : readHead(told, organisationId, key);
  if (toldHead === undefined || !(await isStored(sql, organisationId, toldHead, key)))
    return undefined;
  // What was placed was signed in the same transaction.
  if ((await store.placesAt(sql, organisationId, [last?.size ?? 0])).length > 0) return undefined;
  if (last === undefined)
    return { organisationId, tree: new GrowingTree(sha256), untold: undefined };
  const head = readHead(last.note, organisationId, key);
  const tree = await loadTree(sql, organisationId, last.size);
  if (head?.size !== last.size || tree === undefined || !isRoot(head, tree)) return undefined;
  return { organisationId, tree, untold: toldHead.size < last.size ? last.note : undefined };
}

const EMPTY = { size: 0, root: sha256(new Uint8Array()) };

/** Whether the database has this very head. */
async function isStored(
  sql: Sql,
  organisationId: string,
  { size, root }: Pick<SignedHead, 'size' | 'root'>,
  key: Opening['key'],
): Promise<boolean> {
  if (size === 0) return true;
  const row = await store.headOfSize(sql, organisationId, size);
  const head = row && readHead(row.note, organisationId, key);
  return head?.size === size && Buffer.from(head.root).equals(root);
}

function isRoot({ root }: SignedHead, tree: GrowingTree): boolean {
  return Buffer.from(root).equals(tree.root());
}

/** Undefined where rows of it are missing. */
async function loadTree(
  sql: Sql,
  organisationId: string,
  size: number,
): Promise<GrowingTree | undefined> {
  const wanted = completedBy(size);
  const rows = await store.placesAt(sql, organisationId, wanted);
  if (rows.length < wanted.length) return undefined;
  const hashes = new Map(rows.map((row) => [row.place, row.hashes]));
  const partAt: PartAt = (level, place) => {
    const parts = hashes.get((place + 1) * 2 ** level - 1);
    expect(parts !== undefined, 'a part lies with the leaf that completes it');
    return parts.subarray(level * HASH_BYTES, (level + 1) * HASH_BYTES);
  };
  const isWhole = wanted.every(
    (place) => hashes.get(place)?.length === partsAt(place) * HASH_BYTES,
  );
  return isWhole ? GrowingTree.of(sha256, size, partAt) : undefined;
}

/** The leaves that complete what a tree of this size is put together of. */
function completedBy(size: number): number[] {
  const places: number[] = [];
  for (let left = size, at = 0; left > 0; ) {
    const leaves = 2 ** Math.floor(Math.log2(left));
    at += leaves;
    left -= leaves;
    places.push(at - 1);
  }
  return places;
}

/** How many parts the leaf of this place completes, itself among them. */
export function partsAt(place: number): number {
  let parts = 1;
  for (let after = place + 1; after % 2 === 0; after /= 2) parts += 1;
  return parts;
}
