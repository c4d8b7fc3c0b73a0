/**
 * The audit: who did what to whom, written in the transaction of the act itself, so that there is no
 * act without its entry and no entry without its act. An entry stands alone: it has a salt and no
 * predecessor, and nothing waits for it. Ordering, chaining and signing come afterwards.
 */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';
import { insertLeaf } from './audit-store.ts';
import type { Seal } from './seal.ts';

export type AuditAct =
  | 'subject-erased'
  | 'legal-hold-placed'
  | 'legal-hold-released'
  | 'keys-rotated'
  | 'device-assigned'
  | 'device-unassigned'
  | 'device-described'
  | 'device-token-renewed'
  | 'device-disabled'
  | 'device-claim-made'
  | 'device-certified'
  | 'device-certificate-revoked'
  | 'device-refused'
  | 'device-in-two-places'
  | 'device-grant-given'
  | 'device-grant-withdrawn'
  | 'assignment-corrected'
  | 'patient-admitted'
  | 'patient-transferred'
  | 'patient-discharged'
  | 'patient-updated'
  | 'admission-cancelled'
  | 'transfer-cancelled'
  | 'discharge-cancelled'
  | 'identity-exported'
  | 'organisation-exported'
  | 'records-exported'
  | 'records-imported'
  | 'patients-merged'
  | 'merge-undone'
  | 'write-back-begun'
  | 'write-back-ended'
  | 'summary-sent'
  | 'erasure-owed-by'
  | 'database-restored'
  | 'account-made'
  | 'account-roles-changed'
  | 'account-disabled'
  | 'account-enabled'
  | 'sign-in-link-made'
  | 'sign-in-link-used'
  | 'signed-in'
  | 'session-ended'
  | 'password-reset'
  | 'password-changed'
  | 'second-factor-set'
  | 'second-factor-removed'
  | 'recovery-codes-made'
  | 'passkey-added'
  | 'provider-linked'
  | 'provider-unlinked'
  | 'client-added'
  | 'client-disabled'
  | 'app-let-in'
  | 'app-withdrawn'
  | 'app-opened'
  | 'passkey-removed'
  | 'admin-token-renewed'
  | 'subscription-written'
  | 'relation-begun'
  | 'relation-ended'
  | 'shift-begun'
  | 'shift-ended'
  | 'grant-given'
  | 'grant-withdrawn'
  | 'glass-broken'
  | 'glass-reviewed';

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
