/**
 * What of an entry is hashed. Anybody who has the row makes the same bytes of it, with any program: a JSON
 * array of texts. The salt of the row is in it, so that nobody guesses from a hash what the rest says; what
 * is sealed is in it by its hash, so that it is still the same when its key is destroyed.
 */
import { createHash } from 'node:crypto';
import { type Hash, hashOfLeaf } from '@ausculta/audit-tree/merkle-tree';

export const sha256: Hash = (bytes) => createHash('sha256').update(bytes).digest();

/** An entry of an act, as its row says it. */
export interface ActLeaf {
  readonly organisation_id: string;
  readonly id: string;
  /** As text: whatever was put there, it is told and never rounded. */
  readonly at: string;
  readonly account_id: string | null;
  readonly act: string;
  readonly target: string;
  readonly salt: Uint8Array;
  /** SHA-256 of what is sealed. */
  readonly detail: Uint8Array | null;
}

const ACT_FORM = 'ausculta audit act 1';

export function hashOfAct(leaf: ActLeaf): Uint8Array {
  const { organisation_id, id, at, account_id, act, target, salt, detail } = leaf;
  return hashOfRecord([
    ...[ACT_FORM, organisation_id, id, at, account_id ?? '', act, target],
    ...[hex(salt), detail === null ? '' : hex(detail)],
  ]);
}

/** Entries of reads, as their row says it. */
export interface ReadsLeaf {
  readonly organisation_id: string;
  readonly id: string;
  readonly at: string;
  readonly until: string;
  readonly count: string;
  /** As PostgreSQL tells an array. */
  readonly subjects: string;
  readonly salt: Uint8Array;
  readonly entries: Uint8Array;
}

const READS_FORM = 'ausculta audit reads 1';

export function hashOfReads(leaf: ReadsLeaf): Uint8Array {
  const { organisation_id, id, at, until, count, subjects, salt, entries } = leaf;
  return hashOfRecord([
    ...[READS_FORM, organisation_id, id, at, until, count, subjects],
    ...[hex(salt), hex(sha256(entries))],
  ]);
}

export const hashOf = (leaf: ActLeaf | ReadsLeaf): Uint8Array =>
  'act' in leaf ? hashOfAct(leaf) : hashOfReads(leaf);

function hashOfRecord(record: readonly string[]): Uint8Array {
  return hashOfLeaf(sha256, new TextEncoder().encode(JSON.stringify(record)));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
