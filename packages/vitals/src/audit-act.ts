/** What the audit calls the acts that it keeps, and which of them somebody looks for together. */

export const AUDIT_KINDS = [
  'sign-in',
  'account',
  'access',
  'patient',
  'device',
  'outside',
  'keeping',
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

export const AUDIT_ACTS = {
  'signed-in': 'sign-in',
  'session-ended': 'sign-in',
  'sign-in-link-made': 'sign-in',
  'sign-in-link-used': 'sign-in',
  'password-reset': 'sign-in',
  'password-changed': 'sign-in',
  'second-factor-set': 'sign-in',
  'second-factor-removed': 'sign-in',
  'recovery-codes-made': 'sign-in',
  'passkey-added': 'sign-in',
  'passkey-removed': 'sign-in',
  'provider-linked': 'sign-in',
  'provider-unlinked': 'sign-in',
  'admin-token-renewed': 'sign-in',
  'account-made': 'account',
  'account-roles-changed': 'account',
  'account-disabled': 'account',
  'account-enabled': 'account',
  'relation-begun': 'access',
  'relation-ended': 'access',
  'shift-begun': 'access',
  'shift-ended': 'access',
  'grant-given': 'access',
  'grant-withdrawn': 'access',
  'glass-broken': 'access',
  'glass-reviewed': 'access',
  'record-guarded': 'access',
  'record-unguarded': 'access',
  'unusual-access-reviewed': 'access',
  'app-let-in': 'access',
  'app-withdrawn': 'access',
  'app-opened': 'access',
  'client-added': 'access',
  'client-disabled': 'access',
  'patient-admitted': 'patient',
  'patient-transferred': 'patient',
  'patient-discharged': 'patient',
  'patient-updated': 'patient',
  'admission-cancelled': 'patient',
  'transfer-cancelled': 'patient',
  'discharge-cancelled': 'patient',
  'patients-merged': 'patient',
  'merge-undone': 'patient',
  'device-assigned': 'device',
  'device-unassigned': 'device',
  'assignment-corrected': 'device',
  'device-described': 'device',
  'device-token-renewed': 'device',
  'device-disabled': 'device',
  'device-claim-made': 'device',
  'device-certified': 'device',
  'device-certificate-revoked': 'device',
  'device-refused': 'device',
  'device-in-two-places': 'device',
  'device-grant-given': 'device',
  'device-grant-withdrawn': 'device',
  'identity-exported': 'outside',
  'organisation-exported': 'outside',
  'records-exported': 'outside',
  'records-imported': 'outside',
  'write-back-begun': 'outside',
  'write-back-ended': 'outside',
  'summary-sent': 'outside',
  'subscription-written': 'outside',
  'subject-erased': 'keeping',
  'erasure-owed-by': 'keeping',
  'legal-hold-placed': 'keeping',
  'legal-hold-released': 'keeping',
  'keys-rotated': 'keeping',
  'database-restored': 'keeping',
} as const satisfies Record<string, AuditKind>;

export type AuditAct = keyof typeof AUDIT_ACTS;

/** What another version wrote may be of no act that is known here. */
export function isAuditAct(act: string): act is AuditAct {
  return Object.hasOwn(AUDIT_ACTS, act);
}

/** How somebody looked. */
export const READ_ACTS = ['read', 'search', 'export', 'subscribe'] as const;
export type ReadAct = (typeof READ_ACTS)[number];
