/** What moves between installations, table by table, in the order in which it can be put in place. */

import type { MovedTable } from './move-store.ts';
import { SEALED_KINDS } from './sealed-tables.ts';

const CLEAR_TABLES: readonly MovedTable[] = [
  { table: 'device', key: ['id'] },
  { table: 'device_assignment', key: ['device_id', 'valid_from_ms'] },
  { table: 'clock_epoch', key: ['device_id', 'epoch'] },
  { table: 'clock_offset', key: ['device_id', 'epoch', 'from_stamp_ms'] },
  { table: 'series', key: ['id'] },
  { table: 'reattribution', key: ['device_id', 'id'] },
  { table: 'movement', key: ['subject_id', 'message_id'] },
  { table: 'audit_read', key: ['organisation_id', 'id'] },
  {
    table: 'disclosure',
    key: 'organisation_id subject_id day_ms way recipient purpose basis paper'.split(' '),
  },
  { table: 'protocol_version', key: ['organisation_id', 'key', 'version'] },
  { table: 'protocol_followed', key: ['organisation_id', 'key'] },
  { table: 'protocol_assignment', key: ['id'] },
  { table: 'alarm_transition', key: ['subject_id', 'alarm_id', 'cause'] },
];

const ORDER = [
  'subject',
  'device',
  'device_assignment',
  'clock_epoch',
  'clock_offset',
  'series',
  'chunk',
  'event',
  'alarm',
  'alarm_transition',
  'legal_hold',
  'reattribution',
  'stay',
  'movement',
  'bed_device',
  'fhir_document',
  'fhir_history',
  'fhir_copy',
  'fhir_untold',
  'parked',
  'audit_leaf',
  'audit_read',
  'disclosure',
  'protocol_version',
  'protocol_followed',
  'protocol_assignment',
  'protocol_override',
  'detector_state',
] as const;

/**
 * Of an installation, and not of those who are measured: people, programs, receipts of what is gone,
 * exports that somebody is fetching, the order of its audit (what comes from elsewhere gets its places where it arrives), who was told of what or is to be, and the index of documents, which is made with a key of the installation's own.
 * By what devices prove who they are, their tokens apart: a file that moves is no place for the key of an authority. Nor
 * which device may hear another: somebody there decides.
 */
export const NOT_MOVED = [
  'account',
  'session',
  'sign_in_link',
  'second_factor',
  'recovery_code',
  'passkey',
  'provider_link',
  'oidc_client',
  'oidc_artifact',
  'oidc_key',
  'app_grant',
  'app_launch',
  'api_token',
  'relation',
  'shift',
  'access_grant',
  'broken_glass',
  'unusual_access',
  'guarded_record',
  'account_hour',
  'oversight_place',
  'device_authority',
  'device_certificate',
  'device_claim',
  'device_grant',
  'audit_waiting',
  'audit_place',
  'audit_head',
  'audit_access',
  'audit_told',
  'erasure',
  'fhir_export',
  'fhir_export_file',
  'fhir_range',
  'fhir_reference',
  'fhir_token',
  'subscription',
  'subscription_event',
  'call_policy',
  'duty_turn',
  'call_address',
  'alarm_call',
  'notification',
  'write_back_patient',
  'write_back_day',
  'write_back_sent',
] as const;

export const MOVED_TABLES: readonly MovedTable[] = ORDER.map((name) => {
  const table = [...CLEAR_TABLES, ...SEALED_KINDS].find((known) => known.table === name);
  if (table === undefined) throw new Error(`broken invariant: ${name} is a table that moves`);
  return table;
});
