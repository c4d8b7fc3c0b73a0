/**
 * The audit: who did what to whom, written in the transaction of the act itself, so that there is no
 * act without its entry and no entry without its act. An entry stands alone: it has a salt and no
 * predecessor, and nothing waits for it. Ordering, chaining and signing come afterwards.
 */
import type { AuditAct } from '@ausculta/vitals/audit-act';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';
import { insertLeaf } from './audit-store.ts';
import type { Seal } from './seal.ts';

export type { AuditAct };

/** What was acted upon, by its pseudonymous id: a name has no place here. */
export type AuditTarget =
  | `subject/${string}`
  | `device/${string}`
  | `organisation/${string}`
  | `account/${string}`
  | `client/${string}`
  | `subscription/${string}`
  | `destination/${string}`
  | 'keys';

export interface AuditEntry {
  readonly organisationId: OrganisationId;
  /** The account that acted; undefined for a program under none. */
  readonly actor: string | undefined;
  readonly act: AuditAct;
  readonly target: AuditTarget;
  readonly atMs: number;
  /** Whatever names a person, quotes a value or gives a reason, under the key of its subject. */
  readonly detail?: { readonly seal: Seal; readonly value: unknown };
}

/** The sealed form names its place: a detail that is moved to another entry does not open. */
export const auditContext = (
  entry: Pick<AuditEntry, 'organisationId' | 'act' | 'target' | 'atMs'>,
): string => `audit/${entry.organisationId}/${entry.act}/${entry.target}/${entry.atMs}`;

export async function appendAudit(sql: Sql | Transaction, entry: AuditEntry): Promise<void> {
  const { organisationId, actor, act, target, atMs, detail } = entry;
  const clear = detail && new TextEncoder().encode(JSON.stringify(detail.value));
  await insertLeaf(sql, {
    organisation_id: organisationId,
    at_ms: atMs,
    account_id: actor ?? null,
    act,
    target,
    detail_sealed:
      detail === undefined || clear === undefined
        ? null
        : detail.seal.seal(clear, auditContext(entry)),
  });
}
