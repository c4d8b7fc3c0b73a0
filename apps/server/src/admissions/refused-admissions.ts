/**
 * What admission systems said and was refused: the sender was told, and whoever is at the bed has to
 * see it as well, for until it is settled a bed may be another's than it seems. It is read again from
 * where it is parked; what has been taken since, or overtaken by newer news of the patient, is settled.
 */
import { decodeHl7 } from '@ausculta/codecs/hl7';
import type { AdtAction, AdtPerson, Hl7Adt } from '@ausculta/codecs/hl7-adt';
import type { RefusedAdmission } from '@ausculta/contract/admissions';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { ReadAs } from '../database/readers.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { parkedContext } from '../parked/parking.ts';
import type { Vault } from '../vault/vault.ts';
import { isBed } from './bed.ts';
import type { Census, Stay } from './census.ts';
import { recordNumbers } from './person.ts';
import { type RefusedRow, readRefused } from './store.ts';

/** An admission system that is mended after that has been mended on paper long ago. */
const SHOWN_MS = 3 * 24 * 3_600_000;

/** More at once is a broken interface, and no list to be worked through at a bed. */
const ROWS_MAX = 200;

/** Whom nobody here knows is nobody's matter here unless they come: a house tells of all that it has. */
const COMES_HERE: ReadonlySet<AdtAction> = new Set(['transfer', 'swap', 'cancel-discharge']);

export interface RefusedPorts {
  readonly read: ReadAs;
  readonly keys: Pick<Vault, 'sealOf' | 'parkedSeal'>;
  readonly registry: Pick<Registry, 'subjects' | 'subjectByNumber'>;
  readonly census: Pick<Census, 'of' | 'usedFor' | 'admittedTo'>;
  readonly nowMs: () => number;
}

export async function refusedAdmissions(
  ports: RefusedPorts,
  organisationId: OrganisationId,
): Promise<RefusedAdmission[]> {
  const page = { sinceMs: ports.nowMs() - SHOWN_MS, limit: ROWS_MAX };
  const rows = await ports.read(organisationId, (sql) => readRefused(sql, organisationId, page));
  const told = new Map<string, RefusedAdmission>();
  for (const row of rows) {
    const read = readRow(ports, organisationId, row);
    if (read === undefined) continue;
    // Said again under another control id, it is one: the newest.
    const { what, recordNumber, bed } = read;
    const key = JSON.stringify([what, recordNumber, bed]);
    if (!told.has(key)) told.set(key, read);
  }
  return [...told.values()];
}

/** Undefined where it is settled, or is of somebody who is erased. */
function readRow(
  ports: RefusedPorts,
  organisationId: OrganisationId,
  row: RefusedRow,
): RefusedAdmission | undefined {
  const adt = openAdt(ports, organisationId, row);
  const [person] = adt?.persons ?? [];
  if (adt === undefined || person === undefined) return undefined;
  if (row.fault === 'PATIENT_UNKNOWN' && !COMES_HERE.has(adt.action)) return undefined;
  const { registry, census } = ports;
  const [recordNumber = ''] = recordNumbers(person.patient.identifiers);
  const subject = usedOf(ports, registry.subjectByNumber(organisationId, recordNumber));
  const stay = subject && census.of(subject.id);
  if (settledMs(stay) > row.received_ms) return undefined;
  const place = person.visit?.location;
  const bed = isBed(place) ? place : undefined;
  const inBed = bed && census.admittedTo(organisationId, bed)?.subjectId;
  return {
    id: row.id,
    receivedAt: new Date(row.received_ms).toISOString(),
    sender: row.device_id,
    what: adt.action,
    fault: row.fault,
    detail: row.detail === '' ? null : row.detail,
    name: nameOf(person),
    recordNumber,
    subjectId: subject?.id ?? null,
    bed: bed ? { ward: bed.unit, bed: bed.bed } : null,
    inBed: inBed ?? null,
  };
}

function openAdt(
  { keys }: RefusedPorts,
  organisationId: OrganisationId,
  { subject_id: subjectId, device_id, message_id, received_ms, message_sealed }: RefusedRow,
): Hl7Adt | undefined {
  const seal =
    subjectId === null ? keys.parkedSeal(organisationId, received_ms) : keys.sealOf(subjectId);
  const opened = seal?.open(message_sealed, parkedContext(device_id, message_id));
  if (!opened?.ok) return undefined;
  const decoded = decodeHl7(opened.value);
  return decoded.ok && decoded.value.kind === 'patient' ? decoded.value.adt : undefined;
}

function usedOf(
  { registry, census }: RefusedPorts,
  subject: RegisteredSubject | undefined,
): RegisteredSubject | undefined {
  return subject && (registry.subjects.get(census.usedFor(subject.id)) ?? subject);
}

/** When a message about where they lie was taken last. */
function settledMs(stay: Stay | undefined): number {
  return Math.max(stay?.visit?.place?.saidMs ?? 0, stay?.visit?.left?.saidMs ?? 0);
}

function nameOf({ patient: { familyName, givenName } }: AdtPerson): string {
  return [familyName, givenName].filter((part) => part !== '').join(', ');
}
