/** The room's documents, on the database and keys of the server. */
import type { LinksOf } from '@ausculta/fhir/observation';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { AlarmFlags } from './alarm-flags.ts';
import { type AuditEventPorts, AuditEvents } from './audit-events.ts';
import { DevicesById } from './devices-by-id.ts';
import { IndexState } from './index-state.ts';
import { type PatientPorts, Patients } from './patients.ts';
import { ReadingsById } from './reading-by-id.ts';
import { indexAll, type ReindexPorts } from './reindex.ts';
import { Repository } from './repository.ts';
import type { RepositoryPorts } from './repository-ports.ts';
import { UntoldFindings, type UntoldPorts } from './untold.ts';

interface FhirParts
  extends Omit<
      RepositoryPorts,
      'index' | 'patients' | 'readings' | 'alarmFlags' | 'auditEvents' | 'devices' | 'untold'
    >,
    AuditEventPorts,
    Omit<UntoldPorts, 'keys' | 'recordOf'>,
    Pick<PatientPorts, 'registry' | 'categoryOf' | 'recordsOf'> {
  readonly telemetry: Pick<Telemetry, 'range' | 'waveformsBySeries'>;
  /** The record that is used for this one: another where two were one person's. */
  readonly usedFor: (subjectId: SubjectId) => SubjectId;
  readonly keys: RepositoryPorts['keys'] & PatientPorts['keys'];
}

export interface Fhir {
  readonly repository: Repository;
  readonly index: IndexState;
  readonly devices: DevicesById;
  readonly linksOf: LinksOf;
  readonly alarmFlags: AlarmFlags;
  readonly auditEvents: AuditEvents;
  readonly untold: UntoldFindings;
  /** The other records of the same person: those that were merged with this one. */
  readonly otherRecordsOf: (organisationId: OrganisationId, id: SubjectId) => readonly SubjectId[];
}

export async function openFhir(parts: FhirParts): Promise<Fhir> {
  const { registry, categoryOf, recordsOf, usedFor, telemetry, keys, ...ports } = parts;
  const patients = new Patients({ registry, categoryOf, recordsOf, keys });
  const devices = new DevicesById(registry, parts.nowMs);
  const readings = new ReadingsById({ registry, devices, telemetry });
  // One that the same transaction changes is as it leaves it: the registry knows only what was before.
  const recordOf: UntoldPorts['recordOf'] = (subject) => {
    const used = usedFor(subject.id);
    return used === subject.id ? subject : (registry.subjects.get(used) ?? subject);
  };
  const untold = new UntoldFindings({ ...ports, keys, recordOf });
  const { linksOf } = devices;
  const alarmFlags = new AlarmFlags({ read: parts.read, registry, keys, telemetry, linksOf });
  const auditEvents = new AuditEvents(parts);
  const told = { readings, alarmFlags, auditEvents, devices };
  const index = new IndexState(parts.read);
  const repository = new Repository({ ...ports, index, keys, patients, untold, ...told });
  const otherRecordsOf: Fhir['otherRecordsOf'] = (organisationId, own) => {
    const used = usedFor(own);
    const all = [...patients.all(organisationId)].map(({ id }) => id);
    return all.filter((id) => id !== own && usedFor(id) === used);
  };
  await index.begin(parts.sql, repository.hashOf);
  return { repository, index, devices, linksOf, alarmFlags, auditEvents, untold, otherRecordsOf };
}

/**
 * Beside everything else: tells what was found and not told before the last stop, and makes the index,
 * by which a search finds what has come from elsewhere.
 */
export function workInBackground(
  { repository, index, untold }: Fhir,
  ports: Omit<ReindexPorts, 'hashOf' | 'index' | 'onIndexed' | 'isClosed'>,
): () => void {
  let isClosed = false;
  const { hashOf } = repository;
  const onIndexed = (organisationId: OrganisationId) => repository.noteChange(organisationId);
  void untold.sweep();
  indexAll({ ...ports, hashOf, index, onIndexed, isClosed: () => isClosed }).catch(
    (error: unknown) => {
      if (!isClosed) ports.onProblem('index documents', error);
    },
  );
  return () => {
    isClosed = true;
    untold.close();
  };
}
