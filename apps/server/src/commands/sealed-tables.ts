/** Every place where something sealed lies, whose key opens it, and what it must hold. */

import { decodeReadings } from '@ausculta/blocks/readings-block';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { bedDeviceContext, stayContext } from '../admissions/stays.ts';
import { alarmContext } from '../alarms/alarm-row.ts';
import { identityContext } from '../devices/identity-seal.ts';
import { holdContext } from '../erasure/holds.ts';
import { documentContext, unpackText } from '../fhir/document.ts';
import { filtersContext } from '../fhir/operations/export-kept-filters.ts';
import { untoldContext } from '../fhir/untold.ts';
import { parkedContext } from '../parked/parking.ts';
import { authorityContext } from '../pki/authorities.ts';
import { overrideContext } from '../protocols/library.ts';

import { subscriptionContext } from '../subscriptions/book.ts';
import { eventContext as subscriptionEventContext } from '../subscriptions/event-content.ts';
import { chunkContext, summaryContext } from '../telemetry/chunk-row.ts';
import { eventContext } from '../telemetry/events.ts';
import { detectorContext } from '../telemetry/flush.ts';
import { zstd } from '../telemetry/zstd.ts';
import { type AuditEntry, auditContext } from '../vault/audit.ts';
import type { Seal } from '../vault/seal.ts';
import { optInContext } from '../write-back/opt-ins.ts';
import { sentContext } from '../write-back/sending.ts';
import { jsonFault, number, type SealedKind, type SealedRow, text } from './sealed-kind.ts';
import { SEALED_OF_PEOPLE } from './sealed-of-people.ts';

const placeOfDocument = (row: SealedRow): string =>
  documentContext(text(row['organisation_id']), {
    type: text(row['type']),
    id: text(row['id']),
    version: number(row['version']),
  });

const nameOfDocument = (row: SealedRow): string =>
  `${row['type']}/${row['id']}/_history/${row['version']}`;

const ofColumn = (row: SealedRow): string => text(row['subject_id']);

export const SEALED_KINDS: readonly SealedKind[] = [
  ...SEALED_OF_PEOPLE,
  {
    what: 'name',
    table: 'subject',
    key: ['organisation_id', 'id'],
    columns: [],
    sealed: 'identity_sealed',
    contextOf: (row) => identityContext(text(row['organisation_id']), text(row['id'])),
    subjectOf: (row) => text(row['id']),
    nameOf: (row) => text(row['id']),
    faultOf: jsonFault,
  },
  {
    what: 'chunk',
    table: 'chunk',
    key: ['partition', 'subject_id', 'series_id', 'first_ms', 'generation'],
    columns: ['kind', 'last_ms', 'count'],
    sealed: 'sealed',
    contextOf: (row) =>
      chunkContext(number(row['series_id']), number(row['generation']), number(row['first_ms'])),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['series_id']}/${row['generation']}/${row['first_ms']}`,
    faultOf: chunkFault,
  },
  {
    what: 'chunk summary',
    table: 'chunk',
    key: ['partition', 'subject_id', 'series_id', 'first_ms', 'generation'],
    columns: [],
    sealed: 'summary',
    contextOf: (row) =>
      summaryContext(number(row['series_id']), number(row['generation']), number(row['first_ms'])),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['series_id']}/${row['generation']}/${row['first_ms']}`,
    faultOf: () => undefined,
  },
  {
    what: 'event',
    table: 'event',
    key: ['subject_id', 'id'],
    columns: [],
    sealed: 'sealed',
    contextOf: (row) => eventContext(text(row['subject_id']), text(row['id'])),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['subject_id']}/${row['id']}`,
    faultOf: jsonFault,
  },
  {
    what: 'alarm',
    table: 'alarm',
    key: ['subject_id', 'id'],
    columns: [],
    sealed: 'detail_sealed',
    contextOf: (row) => alarmContext(text(row['subject_id']), text(row['id'])),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['subject_id']}/${row['id']}`,
    faultOf: jsonFault,
  },
  {
    what: 'detector state',
    table: 'detector_state',
    key: ['partition', 'subject_id'],
    columns: [],
    sealed: 'sealed',
    contextOf: (row) => detectorContext(text(row['subject_id'])),
    subjectOf: ofColumn,
    nameOf: (row) => text(row['subject_id']),
    faultOf: jsonFault,
  },
  {
    what: 'legal hold',
    table: 'legal_hold',
    key: ['subject_id', 'id'],
    columns: [],
    sealed: 'reason_sealed',
    contextOf: (row) => holdContext(text(row['subject_id']), text(row['id'])),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['subject_id']}/${row['id']}`,
    faultOf: () => undefined,
  },
  {
    what: 'override',
    table: 'protocol_override',
    key: ['subject_id', 'id'],
    columns: [],
    sealed: 'sealed',
    contextOf: (row) => overrideContext(text(row['subject_id']), text(row['id'])),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['subject_id']}/${row['id']}`,
    faultOf: jsonFault,
  },
  {
    what: 'stay',
    table: 'stay',
    key: ['subject_id'],
    columns: [],
    sealed: 'sealed',
    contextOf: (row) => stayContext(text(row['subject_id'])),
    subjectOf: ofColumn,
    nameOf: (row) => text(row['subject_id']),
    faultOf: jsonFault,
  },
  {
    what: 'bed of a device',
    table: 'bed_device',
    key: ['device_id'],
    columns: ['organisation_id'],
    sealed: 'bed_sealed',
    contextOf: (row) => bedDeviceContext(text(row['device_id'])),
    subjectOf: () => null,
    nameOf: (row) => text(row['device_id']),
    faultOf: jsonFault,
  },
  {
    what: 'parked message',
    table: 'parked',
    key: ['id'],
    columns: ['organisation_id', 'subject_id', 'device_id', 'message_id', 'received_ms'],
    sealed: 'message_sealed',
    contextOf: (row) => parkedContext(text(row['device_id']), text(row['message_id'])),
    subjectOf: (row) => row['subject_id'] as string | null,
    nameOf: (row) => text(row['id']),
    faultOf: () => undefined,
  },
  {
    what: 'document',
    table: 'fhir_document',
    key: ['organisation_id', 'type', 'id'],
    columns: ['version', 'subject_id'],
    sealed: 'sealed',
    contextOf: placeOfDocument,
    subjectOf: (row) => row['subject_id'] as string | null,
    nameOf: nameOfDocument,
    faultOf: documentFault,
  },
  {
    what: 'earlier version of a document',
    table: 'fhir_history',
    key: ['organisation_id', 'type', 'id', 'version'],
    columns: ['subject_id'],
    sealed: 'sealed',
    contextOf: placeOfDocument,
    subjectOf: (row) => row['subject_id'] as string | null,
    nameOf: nameOfDocument,
    faultOf: documentFault,
  },
  {
    what: 'copy of a document',
    table: 'fhir_copy',
    key: ['subject_id', 'type', 'id', 'version'],
    columns: ['organisation_id'],
    sealed: 'sealed',
    contextOf: placeOfDocument,
    subjectOf: ofColumn,
    nameOf: nameOfDocument,
    faultOf: documentFault,
  },
  {
    what: 'finding yet to be told',
    table: 'fhir_untold',
    key: ['id'],
    columns: ['subject_id'],
    sealed: 'sealed',
    contextOf: (row) => untoldContext(text(row['subject_id']), text(row['id'])),
    subjectOf: ofColumn,
    nameOf: (row) => text(row['id']),
    faultOf: jsonFault,
  },
  {
    what: 'filters of an export',
    table: 'fhir_export',
    key: ['organisation_id', 'id'],
    columns: [],
    sealed: 'filters',
    contextOf: (row) => filtersContext(text(row['organisation_id']), text(row['id'])),
    subjectOf: () => null,
    nameOf: (row) => text(row['id']),
    faultOf: documentFault,
  },
  {
    what: 'subscription',
    table: 'subscription',
    key: ['organisation_id', 'id'],
    columns: ['version'],
    sealed: 'sealed',
    contextOf: (row) =>
      subscriptionContext(text(row['organisation_id']), text(row['id']), number(row['version'])),
    subjectOf: () => null,
    nameOf: (row) => text(row['id']),
    faultOf: jsonFault,
  },
  {
    what: 'event of a subscription',
    table: 'subscription_event',
    key: ['organisation_id', 'subscription_id', 'number'],
    columns: ['subject_id'],
    sealed: 'sealed',
    contextOf: (row) =>
      subscriptionEventContext(
        text(row['organisation_id']),
        text(row['subscription_id']),
        number(row['number']),
      ),
    subjectOf: (row) => row['subject_id'] as string | null,
    nameOf: (row) => `${row['subscription_id']}/${row['number']}`,
    faultOf: jsonFault,
  },
  {
    what: 'write-back of a patient',
    table: 'write_back_patient',
    key: ['subject_id', 'destination'],
    columns: [],
    sealed: 'sealed',
    contextOf: (row) => optInContext(text(row['subject_id']), text(row['destination'])),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['subject_id']}/${row['destination']}`,
    faultOf: jsonFault,
  },
  {
    what: 'summary that was sent',
    table: 'write_back_sent',
    key: ['subject_id', 'destination', 'day', 'metric'],
    columns: [],
    sealed: 'sealed',
    contextOf: (row) =>
      sentContext({
        subject_id: text(row['subject_id']) as SubjectId,
        destination: text(row['destination']),
        day: text(row['day']),
        metric: text(row['metric']),
      }),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['subject_id']}/${row['destination']}/${row['day']}/${row['metric']}`,
    faultOf: jsonFault,
  },
  {
    what: 'key of an authority for devices',
    table: 'device_authority',
    key: ['organisation_id'],
    columns: [],
    sealed: 'key_sealed',
    contextOf: (row) => authorityContext(text(row['organisation_id'])),
    subjectOf: () => null,
    nameOf: (row) => text(row['organisation_id']),
    // PKCS #8 begins as all of DER's sequences do.
    faultOf: (opened) => (opened[0] === 0x30 ? undefined : 'it opens, and is no key'),
  },
  {
    what: 'audit entry',
    table: 'audit_leaf',
    key: ['organisation_id', 'id'],
    columns: ['act', 'target', 'at_ms'],
    sealed: 'detail_sealed',
    contextOf: (row) =>
      auditContext({
        organisationId: text(row['organisation_id']) as OrganisationId,
        act: text(row['act']) as AuditEntry['act'],
        target: text(row['target']) as AuditEntry['target'],
        atMs: number(row['at_ms']),
      }),
    subjectOf: (row) => /^subject\/(.+)$/.exec(text(row['target']))?.[1] ?? null,
    nameOf: (row) => text(row['id']),
    faultOf: jsonFault,
  },
];

/** What opens it, or seals it: a key of its subject, of its day, or of the organisation. */
export function sealOfRow<S extends Seal | undefined>(
  keys: {
    readonly sealOf: (subjectId: string) => Seal | undefined;
    readonly organisationSeal: (organisationId: string) => S;
    readonly parkedSeal: (organisationId: string, receivedMs: number) => S;
  },
  kind: SealedKind,
  row: SealedRow,
): Seal | undefined {
  const owner = kind.subjectOf(row);
  if (owner !== null) return keys.sealOf(owner);
  const organisationId = text(row['organisation_id']);
  return kind.table === 'parked'
    ? keys.parkedSeal(organisationId, number(row['received_ms']))
    : keys.organisationSeal(organisationId);
}

function documentFault(opened: Uint8Array): string | undefined {
  return jsonFault(new TextEncoder().encode(unpackText(opened)));
}

/** The block decodes, and holds what the row says of it in clear. */
function chunkFault(block: Uint8Array, row: SealedRow): string | undefined {
  const decoded =
    row['kind'] === 'waveform' ? decodeRuns(block, zstd) : decodeReadings(block, zstd);
  if (!decoded.ok) return `${decoded.fault.code}: ${decoded.fault.detail ?? ''}`;
  const count = Array.isArray(decoded.value)
    ? decoded.value.reduce((sum, run) => sum + run.samples.length, 0)
    : (decoded.value as { stampsMs: Float64Array }).stampsMs.length;
  return count === row['count'] ? undefined : `it holds ${count} values instead of ${row['count']}`;
}
