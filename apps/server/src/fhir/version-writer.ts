/** Writes versions: sealed for those they are about, with the rows of their index. A few sentences for any number. */
import { writePrecise } from '@ausculta/fhir/precise-json';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Resource } from '@medplum/fhirtypes';
import type { Sql, Transaction } from '../database/pool.ts';
import { viewing } from '../database/viewing.ts';
import { type Answer, refuse } from './answer.ts';
import type { DocNames } from './doc-names.ts';
import {
  type DocumentKeys,
  type DocumentName,
  documentContext,
  type FhirDocument,
  packText,
} from './document.ts';
import type { EntriesOf } from './document-index.ts';
import { type IndexEntries, indexMark } from './index-entries.ts';
import { namedIn } from './owners.ts';
import type { Hash } from './search-hash.ts';
import * as store from './store.ts';
import { addTokens, lockTokens } from './token-store.ts';
import type { Untold } from './untold.ts';
import { insertUntold } from './untold-store.ts';
import { type WrittenDocument, writtenOf } from './write-watch.ts';

/** A version that is to be: the resource as it was given, or its end. */
export interface Draft extends DocumentName {
  readonly resource: Resource | undefined;
  readonly hasPrecise: boolean;
  /** The one before it; undefined for what is new. */
  readonly head: store.HeadRow | undefined;
  readonly updatedMs: number;
}

export interface WriterPorts {
  readonly keys: DocumentKeys;
  readonly docNames: DocNames;
  readonly hash: Hash;
  readonly entriesOf: EntriesOf;
  /** A subject of the organisation, whose key there is. */
  readonly isSubject: (organisationId: OrganisationId, id: SubjectId) => boolean;
  /** What somebody has to be told of it, beside whoever asks. */
  readonly judge: (resource: Resource, atMs: number) => Untold | undefined;
  readonly pause: () => Promise<void>;
  /** In their transaction. */
  readonly onWritten: (written: readonly WrittenDocument[]) => Promise<void>;
}

/** Some milliseconds of work. */
export const AT_ONCE = 25;

export async function writeVersions(
  tx: Transaction,
  organisationId: OrganisationId,
  drafts: readonly Draft[],
  ports: WriterPorts,
): Promise<Answer<Prepared[]>> {
  const prepared = await prepareVersions(tx, organisationId, drafts, ports);
  if (!prepared.ok) return prepared;
  await storePrepared(tx, organisationId, prepared.value, indexMark(ports.hash));
  await ports.onWritten(prepared.value.map(writtenOf));
  return prepared;
}

/** All that can be done without the transaction that writes them. */
export async function prepareVersions(
  sql: Sql | Transaction,
  organisationId: OrganisationId,
  drafts: readonly Draft[],
  ports: Omit<WriterPorts, 'onWritten'>,
): Promise<Answer<Prepared[]>> {
  const fresh = drafts.filter(({ head }) => head === undefined);
  const docs = await ports.docNames.take(sql, fresh.length);
  const prepared: Prepared[] = [];
  let taken = 0;
  for (const [index, draft] of drafts.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await ports.pause();
    const doc = draft.head?.doc ?? (docs[taken++] as number);
    const made = prepare(organisationId, { draft, doc }, ports);
    if (!made.ok) return made;
    prepared.push(made.value);
  }
  return { ok: true, value: prepared };
}

/** A version as it will be stored. */
export interface Prepared {
  readonly isNew: boolean;
  readonly document: FhirDocument;
  readonly row: store.WrittenRow;
  readonly entries: IndexEntries;
  readonly copies: readonly store.CopyRow[];
  readonly untold?: Untold | undefined;
}

const NO_ENTRIES: IndexEntries = { tokens: [], ranges: [], references: [] };

function prepare(
  organisationId: OrganisationId,
  { draft, doc }: { readonly draft: Draft; readonly doc: number },
  { keys, entriesOf, isSubject, judge }: Omit<WriterPorts, 'onWritten'>,
): Answer<Prepared> {
  const { type, id, head, updatedMs, hasPrecise } = draft;
  const version = (head?.version ?? 0) + 1;
  const name = { type, id, version };
  const isNew = head === undefined;
  const common = { ...name, doc, updated_ms: updatedMs };
  if (draft.resource === undefined) {
    if (!mayWrite(draft, ofHead(head))) return NOT_ALLOWED;
    const row = { ...common, subject_id: null, sealed: null, tokens: [] };
    const document = {
      type,
      id,
      versionId: String(version),
      updatedMs,
      text: undefined,
      subjectIds: [],
    };
    return { ok: true, value: { isNew, document, row, entries: NO_ENTRIES, copies: [] } };
  }
  const resource = withMeta(draft.resource, { id, version, updatedMs });
  const named = namedIn(resource);
  const isOurs = (id: SubjectId): boolean => isSubject(organisationId, id);
  if (!named.here.every(isOurs)) {
    const text = 'It names a patient by an id that nobody here has.';
    return refuse(422, { code: 'not-found', text, at: type });
  }
  const owners = [...new Set([...named.here, ...named.byAddress.filter(isOurs)])].sort();
  if (!mayWrite(draft, [...owners, ...ofHead(head)])) return NOT_ALLOWED;
  const text = writePrecise(resource, hasPrecise);
  const packed = packText(text);
  const context = documentContext(organisationId, name);
  const sealFor = (owner: SubjectId): Uint8Array | undefined =>
    keys.sealOf(owner)?.seal(packed, context);
  const [first, ...others] = owners;
  const sealed =
    first === undefined
      ? keys.organisationSeal(organisationId).seal(packed, context)
      : sealFor(first);
  // Erased since it was looked up: what would be sealed for it is let go.
  if (sealed === undefined)
    return refuse(409, { code: 'conflict', text: 'The patient is erased.' });
  const entries = entriesOf(resource);
  return {
    ok: true,
    value: {
      isNew,
      document: { type, id, versionId: String(version), updatedMs, text, subjectIds: owners },
      row: { ...common, subject_id: first ?? null, sealed, tokens: entries.tokens },
      entries,
      untold: judge(resource, updatedMs),
      copies: others.flatMap((owner) => {
        const copy = sealFor(owner);
        return copy === undefined ? [] : [{ ...name, subject_id: owner, sealed: copy }];
      }),
    },
  };
}

/** Whom the version before it was about. */
function ofHead(head: store.HeadRow | undefined): string[] {
  return head?.subject_id == null ? [] : [head.subject_id];
}

function mayWrite({ type, head, resource }: Draft, subjectIds: readonly string[]): boolean {
  const isThere = head !== undefined && !head.is_deleted;
  const kind = resource === undefined ? 'delete' : isThere ? 'change' : 'create';
  const write = { kind, type, subjectIds: [...new Set(subjectIds)], resource } as const;
  return viewing()?.mayWrite(write) ?? true;
}

const NOT_ALLOWED = refuse(403, { code: 'forbidden', text: 'The caller may not write this.' });

/** In the order in which FHIR's own examples have them. */
export function withMeta(
  resource: Resource,
  { id, version, updatedMs }: { id: string; version: number; updatedMs: number },
): Resource {
  const { resourceType, id: _given, meta, ...rest } = resource as Resource & { meta?: object };
  return {
    resourceType,
    id,
    meta: {
      ...meta,
      versionId: String(version),
      lastUpdated: new Date(updatedMs).toISOString(),
    },
    ...rest,
  } as Resource;
}

export async function storePrepared(
  tx: Transaction,
  organisationId: OrganisationId,
  prepared: readonly Prepared[],
  mark: number,
): Promise<void> {
  const replacing = prepared.filter(({ isNew }) => !isNew).map(({ row }) => row);
  // Tokens are locked after documents: of a name that somebody else is taking, a document waits for them.
  await store.insertDocuments(tx, organisationId, newIn(prepared), mark);
  // The rows of an old version go before those of the new one come.
  await store.replaceDocuments(tx, organisationId, replacing, mark);
  await Promise.all(sendIndex(tx, organisationId, prepared));
}

const newIn = (prepared: readonly Prepared[]): store.WrittenRow[] =>
  prepared.filter(({ isNew }) => isNew).map(({ row }) => row);

/** Sent at once: one after the other on one connection, none waiting for the one before. */
function sendIndex(
  tx: Transaction,
  organisationId: OrganisationId,
  prepared: readonly Prepared[],
): readonly Promise<void>[] {
  const ofDoc = <Entry>(of: (entries: IndexEntries) => readonly Entry[]) =>
    prepared.flatMap(({ row: { doc }, entries }) => of(entries).map((one) => ({ ...one, doc })));
  const ranges = ofDoc((entries) => entries.ranges);
  const references = ofDoc((entries) => entries.references);
  const copies = prepared.flatMap((one) => one.copies);
  const docs = prepared.map(({ row }) => row.doc);
  const untold = prepared.flatMap((one) => one.untold?.row ?? []);
  return [
    lockTokens(tx, organisationId),
    addTokens(tx, organisationId, docs),
    store.insertRanges(tx, organisationId, ranges),
    store.insertReferences(tx, organisationId, references),
    store.insertCopies(tx, organisationId, copies),
    insertUntold(tx, untold),
  ];
}
