/**
 * By which codes of IHE's Basic Audit Log Patterns (BALP 1.1), DICOM (PS3.16, context groups 400 and 401) and
 * ISO 21089 an entry of the audit is known. Each also has the name that the audit itself gives it.
 */
import type { AuditAct, ReadAct } from '@ausculta/vitals/audit-act';
import type { AuditEvent, Coding } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';

export type AuditCodes = Pick<AuditEvent, 'type' | 'subtype' | 'action'>;

const dicom = (code: string, display: string): Coding => ({ system: SYSTEM.DICOM, code, display });
const lifecycle = (code: string, display: string): Coding => ({
  ...{ system: SYSTEM.LIFECYCLE, code, display: `${display} Record Lifecycle Event` },
});
const ofType = (code: string, display: string): Coding => ({
  ...{ system: SYSTEM.AUDIT_EVENT_TYPE, code, display },
});

const OBJECT = ofType('object', 'Object Lifecycle');
const REST = ofType('rest', 'RESTful Operation');
const AUTHENTICATION = dicom('110114', 'User Authentication');
const ALERT = dicom('110113', 'Security Alert');
const EXPORT = dicom('110106', 'Export');

type Shape = readonly [NonNullable<AuditEvent['action']>, Coding, Coding];

const LOGIN: Shape = ['E', AUTHENTICATION, dicom('110122', 'Login')];
const LOGOUT: Shape = ['E', AUTHENTICATION, dicom('110123', 'Logout')];
const CREDENTIAL: Shape = ['U', ALERT, dicom('110137', 'User Security Attributes Changed')];
const ROLES: Shape = ['U', ALERT, dicom('110136', 'Security Roles Changed')];
const EMERGENCY: Shape = ['E', ALERT, dicom('110127', 'Emergency Override Started')];
const NODE_REFUSED: Shape = ['E', ALERT, dicom('110126', 'Node Authentication')];
const MADE: Shape = ['C', OBJECT, lifecycle('originate', 'Originate/Retain')];
const CHANGED: Shape = ['U', OBJECT, lifecycle('amend', 'Amend (Update)')];
const ENDED: Shape = ['U', OBJECT, lifecycle('deprecate', 'Deprecate/Retract')];
const DESTROYED: Shape = ['D', OBJECT, lifecycle('destroy', 'Destroy/Delete')];
const LOOKED: Shape = ['R', OBJECT, lifecycle('access', 'Access/View')];
const EXTRACTED: Shape = ['R', EXPORT, lifecycle('extract', 'Extract')];
const TRANSMITTED: Shape = ['R', EXPORT, lifecycle('transmit', 'Transmit')];
const RECEIVED: Shape = ['C', dicom('110107', 'Import'), lifecycle('receive', 'Receive/Retain')];

const ACTS: Readonly<Record<AuditAct, Shape>> = {
  'signed-in': LOGIN,
  'session-ended': LOGOUT,
  'sign-in-link-made': CREDENTIAL,
  'sign-in-link-used': LOGIN,
  'password-reset': CREDENTIAL,
  'password-changed': CREDENTIAL,
  'second-factor-set': CREDENTIAL,
  'second-factor-removed': CREDENTIAL,
  'recovery-codes-made': CREDENTIAL,
  'passkey-added': CREDENTIAL,
  'passkey-removed': CREDENTIAL,
  'provider-linked': CREDENTIAL,
  'provider-unlinked': CREDENTIAL,
  'admin-token-renewed': CREDENTIAL,
  'watchdog-enrolled': CREDENTIAL,
  'account-made': ROLES,
  'account-roles-changed': ROLES,
  'account-disabled': ROLES,
  'account-enabled': ROLES,
  'relation-begun': ROLES,
  'relation-ended': ROLES,
  'shift-begun': ROLES,
  'shift-ended': ROLES,
  'grant-given': ROLES,
  'grant-withdrawn': ROLES,
  'glass-broken': EMERGENCY,
  'glass-reviewed': LOOKED,
  'record-guarded': ROLES,
  'record-unguarded': ROLES,
  'unusual-access-reviewed': LOOKED,
  'call-policy-written': CHANGED,
  'call-addresses-changed': CHANGED,
  'test-call-made': MADE,
  'duty-begun': ROLES,
  'duty-ended': ROLES,
  'call-answered': CHANGED,
  'app-let-in': ROLES,
  'app-withdrawn': ROLES,
  'app-opened': LOOKED,
  'client-added': ROLES,
  'client-disabled': ROLES,
  'patient-admitted': MADE,
  'patient-transferred': CHANGED,
  'patient-discharged': CHANGED,
  'patient-updated': CHANGED,
  'admission-cancelled': CHANGED,
  'transfer-cancelled': CHANGED,
  'discharge-cancelled': CHANGED,
  'patients-merged': ['U', OBJECT, lifecycle('merge', 'Merge')],
  'merge-undone': ['U', OBJECT, lifecycle('unmerge', 'Unmerge')],
  'protocol-written': MADE,
  'protocol-followed': CHANGED,
  'protocol-assigned': CHANGED,
  'protocol-unassigned': CHANGED,
  'override-made': MADE,
  'override-ended': ENDED,
  'device-assigned': ['U', OBJECT, lifecycle('link', 'Link')],
  'device-unassigned': ['U', OBJECT, lifecycle('unlink', 'Unlink')],
  'assignment-corrected': CHANGED,
  'device-described': CHANGED,
  'device-token-renewed': CREDENTIAL,
  'device-disabled': ENDED,
  'device-claim-made': CREDENTIAL,
  'device-certified': CREDENTIAL,
  'device-certificate-revoked': CREDENTIAL,
  'device-refused': NODE_REFUSED,
  'device-in-two-places': NODE_REFUSED,
  'device-grant-given': ROLES,
  'device-grant-withdrawn': ROLES,
  'identity-exported': EXTRACTED,
  'organisation-exported': EXTRACTED,
  'records-exported': EXTRACTED,
  'records-imported': RECEIVED,
  'write-back-begun': MADE,
  'write-back-ended': ENDED,
  'summary-sent': TRANSMITTED,
  'subscription-written': MADE,
  'subject-erased': DESTROYED,
  'erasure-owed-by': DESTROYED,
  'legal-hold-placed': ['U', OBJECT, lifecycle('hold', 'Add Legal Hold')],
  'legal-hold-released': ['U', OBJECT, lifecycle('unhold', 'Remove Legal Hold')],
  'keys-rotated': ['U', ALERT, dicom('110129', 'Security Configuration')],
  'database-restored': ['E', OBJECT, lifecycle('restore', 'Restore (previously)')],
};

/** BALP: a search is an execution; what is looked at or taken along is read. */
const READS: Readonly<Record<ReadAct, Shape>> = {
  read: ['R', REST, { system: SYSTEM.RESTFUL_INTERACTION, code: 'read' }],
  search: ['E', REST, { system: SYSTEM.RESTFUL_INTERACTION, code: 'search' }],
  export: ['R', EXPORT, lifecycle('extract', 'Extract')],
  subscribe: ['E', REST, { system: SYSTEM.RESTFUL_INTERACTION, code: 'operation' }],
};

export const actCodes = (act: AuditAct | undefined, name: string): AuditCodes =>
  codes(act === undefined ? CHANGED : ACTS[act], name);

export const readCodes = (act: ReadAct): AuditCodes => codes(READS[act], act);

/** BALP's privacy disclosure, as the source of it tells it. */
export const DISCLOSURE_CODES = codes(
  ['R', EXPORT, lifecycle('disclose', 'Disclose')],
  'disclosed',
);

function codes([action, type, subtype]: Shape, name: string): AuditCodes {
  return { type, subtype: [subtype, { system: SYSTEM.AUDIT_ACT, code: name }], action };
}
