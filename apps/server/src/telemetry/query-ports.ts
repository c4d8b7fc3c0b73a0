/** What questions are made of, and what they need from the rest of the engine. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { Heads } from './heads.ts';
import type { Span } from './merge.ts';

export interface QueryPorts {
  /** For the start alone: it reads for all organisations. */
  readonly sql: Sql;
  /** What people ask sees one organisation, and waits in a line of its own, not in the devices'. */
  readonly read: <T>(
    organisationId: OrganisationId,
    work: (tx: Transaction) => Promise<T>,
  ) => Promise<T>;
  readonly sealOf: SubjectKeys['sealOf'];
  readonly heads: Heads;
  readonly registry: Registry;
  /** `what` names the chunk, never what it holds. */
  readonly onProblem: (what: string, error: unknown) => void;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
}

export interface Question extends Span {
  readonly subjectId: SubjectId;
  readonly metrics: readonly string[];
  /** What is found unreadable is added: whoever asks has to pass it on. */
  readonly unreadable: UnreadablePart[];
}
