/** A FHIR resource as it is kept: its text, sealed for its place, under the keys of those it is about. */
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { zstd } from '../telemetry/zstd.ts';
import type { Seal } from '../vault/seal.ts';
import type { SubjectKeys } from '../vault/vault.ts';

export interface DocumentName {
  readonly type: string;
  readonly id: string;
}

/** One version, as it is answered. */
export interface FhirDocument extends DocumentName {
  /** Whom it is about, for the audit of who read it. */
  readonly subjectIds: readonly string[];
  readonly versionId: string;
  /** Undefined for what the platform itself tells, which has no such time. */
  readonly updatedMs: number | undefined;
  /** The resource in JSON, as it was sent, with its id and version; undefined once it is deleted. */
  readonly text: string | undefined;
}

export interface DocumentKeys extends Pick<SubjectKeys, 'sealOf'> {
  /** For what is about no subject. */
  readonly organisationSeal: (organisationId: string) => Seal;
}

/** A version that is moved to another place does not open there. */
export function documentContext(
  organisationId: string,
  { type, id, version }: DocumentName & { readonly version: number },
): string {
  return `fhir/${organisationId}/${type}/${id}/${version}`;
}

const PLAIN = 0;
const COMPRESSED = 1;
/** Below it, squeezing takes longer than to write what it saves. */
const COMPRESSED_FROM_BYTES = 1_500;
/** More than any resource that was let in; a seal keeps others from writing more. */
const TEXT_BYTES_MAX = 1 << 28;

export function packText(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  const isLong = bytes.length >= COMPRESSED_FROM_BYTES;
  const body = isLong ? zstd.compress(bytes) : bytes;
  const packed = new Uint8Array(body.length + 1);
  packed[0] = isLong ? COMPRESSED : PLAIN;
  packed.set(body, 1);
  return packed;
}

export function unpackText(packed: Uint8Array): string {
  const body = packed.subarray(1);
  const bytes = packed[0] === COMPRESSED ? zstd.decompress(body, TEXT_BYTES_MAX) : body;
  return Buffer.from(bytes).toString('utf8');
}

/** Whose record it is in, and whom it names besides. */
export function subjectsOf(owner: string | null, text: string): string[] {
  const named = owner === null ? [] : [owner];
  for (const [, id = ''] of text.matchAll(PATIENT_NAMED)) if (!named.includes(id)) named.push(id);
  return named;
}

export function openedDocument(
  known: Pick<FhirDocument, 'type' | 'id' | 'versionId' | 'updatedMs'>,
  owner: string | null,
  text: string,
): FhirDocument {
  return { ...known, text, subjectIds: subjectsOf(owner, text) };
}

const PATIENT_NAMED = /Patient\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/g;

export interface SealedVersion extends DocumentName {
  readonly version: number;
  readonly subject_id: string | null;
  readonly sealed: Uint8Array;
}

export function openVersion(
  keys: DocumentKeys,
  organisationId: OrganisationId,
  row: SealedVersion,
): Result<string> {
  const owner = row.subject_id;
  const seal = owner === null ? keys.organisationSeal(organisationId) : keys.sealOf(owner);
  if (seal === undefined) return fail('SEAL_BROKEN', 'its key is destroyed');
  const opened = seal.open(row.sealed, documentContext(organisationId, row));
  return opened.ok ? ok(unpackText(opened.value)) : opened;
}
