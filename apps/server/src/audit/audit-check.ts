/** Is the audit what was written? The database by itself, and the database against the heads outside of it. */
import type { Sql, Transaction } from '../database/pool.ts';
import type { SigningKey } from '../vault/receipt-proof.ts';
import * as store from './check-store.ts';
import { organisationOfNote, readHead, type SignedHead } from './heads.ts';
import { headLines } from './heads-file.ts';
import { type Found, TreeCheck } from './tree-check.ts';

export interface AuditCheckPorts {
  readonly sql: Sql | Transaction;
  readonly key: Pick<SigningKey, 'public'>;
  /** As long as it was before the moment that is read. Undefined: the database alone. */
  readonly headsFile: { readonly path: string; readonly length: number } | undefined;
  readonly onFound: (found: Found) => void;
  readonly onProgress: (what: string) => void;
  /** Of an organisation, how many entries have their place. */
  readonly onSize?: (organisationId: string, placed: number) => void;
  /** After each piece of work, for whoever has others to serve. */
  readonly rest?: () => Promise<void>;
}

export interface AuditChecked {
  readonly organisations: number;
  /** Entries that have their place. */
  readonly placed: number;
  /** Entries of the last moment, which have none yet. */
  readonly waiting: number;
  readonly headsInFile: number;
  /** Of which it was said, by whoever did it, that the database was put back. */
  readonly restorations: readonly SignedHead[];
}

/**
 * What was there when it began with an organisation, a stretch at a time: each question is put by itself, and holds
 * by itself, so that no moment of the database need be held for as long as all of it takes.
 */
export async function checkAudit(ports: AuditCheckPorts): Promise<AuditChecked> {
  const { sql, onProgress } = ports;
  const sizes = new Map<string, number>();
  let waiting = 0;
  for (const organisationId of await store.auditedOrganisations(sql)) {
    onProgress(`organisation ${organisationId}`);
    sizes.set(organisationId, await checkOrganisation(ports, organisationId));
    waiting += await store.countWaiting(sql, organisationId);
  }
  const placed = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const inFile = await checkFile(ports, sizes);
  return { organisations: sizes.size, placed, waiting, ...inFile };
}

/** How many entries have a place. */
async function checkOrganisation(ports: AuditCheckPorts, organisationId: string): Promise<number> {
  const { sql, key, onFound, rest = atOnce } = ports;
  const told = (found: Omit<Found, 'organisationId'>) => onFound({ organisationId, ...found });
  const end = await store.endOf(sql, organisationId);
  const size = await TreeCheck.run(
    { organisationId, key, onFound: told },
    {
      leaves: eased(store.placedLeaves(sql, organisationId, end), rest),
      heads: store.storedHeads(sql, organisationId, end),
    },
  );
  ports.onSize?.(organisationId, size);
  for await (const ids of store.strayLeaves(sql, organisationId)) {
    const why = 'it has no place and waits for none: it was put there past the audit';
    for (const id of ids) told({ what: 'inserted', id, why });
    await rest();
  }
  for (const id of await store.strayWaiting(sql, organisationId)) {
    told({ what: 'missing', id, why: 'it waits for a place, and is not there as it was' });
  }
  for await (const some of store.unlistedAccesses(sql, organisationId, end)) {
    const why = 'it is not listed that entries there name the subject';
    for (const one of some) told({ what: 'missing', id: accessId(one), why });
    await rest();
  }
  for await (const some of store.unnamedAccesses(sql, organisationId)) {
    const why = 'no entry there names the subject';
    for (const one of some) told({ what: 'inserted', id: accessId(one), why });
    await rest();
  }
  return size;
}

const atOnce = (): Promise<void> => Promise.resolve();

const accessId = ({ subject_id, size }: store.StrayAccess): string =>
  `access to ${subject_id} under head of ${size}`;

/** A few milliseconds' work. */
const LEAVES_A_PIECE = 200;

async function* eased<T>(leaves: AsyncIterable<T>, rest: () => Promise<void>): AsyncGenerator<T> {
  let count = 0;
  for await (const leaf of leaves) {
    yield leaf;
    count += 1;
    if (count % LEAVES_A_PIECE === 0) await rest();
  }
}

interface FileHead extends SignedHead {
  readonly line: number;
  readonly note: string;
}

const HEADS_AT_ONCE = 1_000;

async function checkFile(
  ports: AuditCheckPorts,
  sizes: ReadonlyMap<string, number>,
): Promise<Pick<AuditChecked, 'headsInFile' | 'restorations'>> {
  const { headsFile } = ports;
  if (headsFile === undefined) return { headsInFile: 0, restorations: [] };
  const restorations: FileHead[] = [];
  for await (const head of fileHeads(ports, headsFile, () => undefined))
    if (head.isRestored) restorations.push(head);
  /** What was lost by a restoration is no more in the database, and that was said. */
  const isGivenUp = ({ organisationId, line, size }: FileHead): boolean =>
    restorations.some(
      (one) => one.organisationId === organisationId && one.line > line && one.size < size,
    );
  let headsInFile = 0;
  const ahead = new Map<string, FileHead>();
  let batch: FileHead[] = [];
  for await (const head of fileHeads(ports, headsFile, ports.onFound)) {
    headsInFile += 1;
    if (isGivenUp(head) || head.size === 0) continue;
    if (head.size > (sizes.get(head.organisationId) ?? 0)) ahead.set(head.organisationId, head);
    else batch.push(head);
    if (batch.length < HEADS_AT_ONCE) continue;
    await compare(ports, batch);
    await ports.rest?.();
    batch = [];
  }
  await compare(ports, batch);
  for (const { organisationId, size, atMs } of ahead.values()) {
    const here = sizes.get(organisationId) ?? 0;
    const why = `it was signed ${new Date(atMs).toISOString()}, and the database ends at ${here} entries: it was put back, and nobody has said so`;
    ports.onFound({ organisationId, what: 'rolled back', id: `head of ${size}`, why });
  }
  return { headsInFile, restorations };
}

async function* fileHeads(
  { key }: AuditCheckPorts,
  { path, length }: NonNullable<AuditCheckPorts['headsFile']>,
  onFound: AuditCheckPorts['onFound'],
): AsyncGenerator<FileHead> {
  for await (const { number: line, note } of headLines(path, length)) {
    const organisationId = note === undefined ? '' : (organisationOfNote(note) ?? '');
    const head = note === undefined ? undefined : readHead(note, organisationId, key);
    if (note === undefined || head === undefined) {
      const why = 'it is not as it was signed';
      onFound({ organisationId, what: 'file', id: `line ${line} of the file of heads`, why });
      continue;
    }
    yield { ...head, line, note };
  }
}

async function compare({ sql, key, onFound }: AuditCheckPorts, heads: readonly FileHead[]) {
  for (const [organisationId, own] of Map.groupBy(heads, (head) => head.organisationId)) {
    const sizes = own.map(({ size }) => size);
    const stored = await store.notesOfSizes(sql, organisationId, sizes);
    for (const { size, note, root, line } of own) {
      const here = stored.get(size);
      if (here === note) continue;
      const head = here === undefined ? undefined : readHead(here, organisationId, key);
      if (head !== undefined && Buffer.from(head.root).equals(root)) continue;
      const why = `the database has not this head, which line ${line} of the file has`;
      onFound({ organisationId, what: 'rolled back', id: `head of ${size}`, why });
    }
  }
}
