/** The keys for a command that only reads: beside a running server, changing nothing of the store. */
import { join } from 'node:path';
import { StartProblem } from '../database/start-problem.ts';
import type { RandomBytes } from '../outside.ts';
import { type MasterKeys, unwrapRoot } from './master-key.ts';
import { AUDIT_HEADS, judgeBy, RECEIPTS, type SigningKey, signingKeyIn } from './receipt-proof.ts';
import { createSeal, openingAlso, type Seal } from './seal.ts';
import { openShredList } from './shred-list.ts';
import { readKeyStore } from './sqlite-key-store.ts';
import {
  LEGACY,
  ofLogTable,
  ofOrganisation,
  ofParkedDay,
  ofSubject,
  wrapContext,
} from './vault.ts';

export interface ReadingVault {
  /** Undefined when it has none, or has been erased. */
  readonly sealOf: (subjectId: string) => Seal | undefined;
  readonly organisationSeal: (organisationId: string) => Seal | undefined;
  /** For what is parked of nobody known. */
  readonly parkedSeal: (organisationId: string, receivedMs: number) => Seal | undefined;
  readonly toRead: (table: string) => Seal | undefined;
  readonly isShredded: (subjectId: string) => boolean;
  /** What receipts are signed with; undefined in a store from before the first of them. */
  readonly signingKey: () => SigningKey | undefined;
  /** What heads of the audit are signed with; undefined before the first of them. */
  readonly auditKey: () => SigningKey | undefined;
  /** The store as it is now: keys may have come, gone, or been wrapped anew meanwhile. */
  readonly refresh: () => Promise<void>;
}

export interface ReadingVaultOptions {
  readonly directory: string;
  readonly masterKeys: MasterKeys;
  readonly randomBytes: RandomBytes;
}

export async function openReadingVault(options: ReadingVaultOptions): Promise<ReadingVault> {
  const { randomBytes } = options;
  let held = await readAll(options);
  const seals = new Map<string, Seal>();
  const find = (owner: string): Seal | undefined => {
    const known = seals.get(owner);
    if (known !== undefined) return known;
    const wrapped = held.keys.get(owner);
    const opened = wrapped && held.root.open(wrapped, wrapContext(owner));
    if (!opened?.ok) return undefined;
    const seal = createSeal(opened.value, randomBytes);
    seals.set(owner, seal);
    return seal;
  };
  const orLegacy = (seal: Seal | undefined): Seal | undefined =>
    seal && openingAlso(seal, find(LEGACY));
  const isShredded = (id: string): boolean => held.shredList.isClosed(ofSubject(id));
  const organisationSeal = (id: string): Seal | undefined => orLegacy(find(ofOrganisation(id)));
  return {
    parkedSeal: (id, receivedMs) => {
      const [day, older] = [find(ofParkedDay(receivedMs)), organisationSeal(id)];
      return day === undefined ? older : openingAlso(day, older);
    },
    sealOf: (id) => (isShredded(id) ? undefined : orLegacy(find(ofSubject(id)))),
    organisationSeal,
    toRead: (table) => find(ofLogTable(table)),
    isShredded,
    signingKey: () => held.signing,
    auditKey: () => held.audit,
    async refresh() {
      held = await readAll(options);
      seals.clear();
    },
  };
}

async function readAll({ directory, masterKeys, randomBytes }: ReadingVaultOptions) {
  const { root: wrapped, keys } = readKeyStore(join(directory, 'keys.sqlite'));
  if (wrapped === undefined) {
    throw new StartProblem(
      'KEY_STORE_UNUSABLE',
      `The key store in ${directory} is empty. Restore it: npx ausculta keys restore.`,
    );
  }
  const opened = await unwrapRoot(wrapped, masterKeys.known);
  const root = createSeal(opened.root, randomBytes);
  const signingKey = (owner: string): SigningKey | undefined =>
    signingKeyIn(keys.get(owner), { root, context: wrapContext(owner) });
  const [signing, audit] = [signingKey(RECEIPTS), signingKey(AUDIT_HEADS)];
  const judge = judgeBy({ key: signing?.public, hasKey: (owner) => keys.has(owner) });
  const shredList = openShredList(join(directory, 'shredded.jsonl'), judge);
  return { keys, root, signing, audit, shredList };
}
