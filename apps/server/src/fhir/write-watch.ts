/** Who is told of what is written, before it is and in the transaction that writes it. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Transaction } from '../database/pool.ts';
import type { Act, Asker } from './acts.ts';
import type { Answer } from './answer.ts';
import type { FhirDocument } from './document.ts';

/** A version that is being written, and under whose key it is; undefined: the organisation's. */
export interface WrittenDocument {
  readonly document: FhirDocument;
  readonly subjectId: SubjectId | undefined;
}

export interface WriteWatch {
  /** The acts as they are to be done; or why they are not. */
  readonly prepare: (
    organisationId: OrganisationId,
    acts: readonly Act[],
    asker: Asker,
  ) => Promise<Answer<readonly Act[]>>;
  /** Whether it has to be told of these: true where it might have to be. */
  readonly isConcerned: (
    organisationId: OrganisationId,
    documents: readonly WrittenDocument[],
  ) => boolean;
  /** All that the transaction writes, asked once; what is returned is called once it is durable. */
  readonly written: (
    tx: Transaction,
    organisationId: OrganisationId,
    requests: readonly WrittenRequest[],
  ) => Promise<() => void>;
}

export interface WrittenRequest {
  readonly documents: readonly WrittenDocument[];
  readonly asker: Asker;
}

export const NOBODY_WATCHES: WriteWatch = {
  prepare: (_organisationId, acts) => Promise.resolve({ ok: true, value: acts }),
  isConcerned: () => false,
  written: () => Promise.resolve(() => undefined),
};

interface Written {
  readonly document: FhirDocument;
  readonly row: { readonly subject_id: SubjectId | null };
}

/** What one request makes. */
export interface Creation<One extends Written> {
  readonly prepared: readonly One[];
  readonly asker: Asker;
}

export function writtenOf({ document, row }: Written): WrittenDocument {
  return { document, subjectId: row.subject_id ?? undefined };
}

/** Of several requests that one transaction writes. */
export function requestsOf(parts: readonly Creation<Written>[]): WrittenRequest[] {
  return parts.map(({ prepared, asker }) => ({ documents: prepared.map(writtenOf), asker }));
}
