/** The room's documents, on the database and keys of the server. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type PatientPorts, Patients } from './patients.ts';
import { ReadingsById } from './reading-by-id.ts';
import { indexAll, type ReindexPorts } from './reindex.ts';
import { Repository, type RepositoryPorts } from './repository.ts';

interface FhirParts
  extends Omit<RepositoryPorts, 'patients' | 'readings'>,
    Pick<PatientPorts, 'registry' | 'categoryOf'> {
  readonly telemetry: Pick<Telemetry, 'range'>;
  readonly keys: RepositoryPorts['keys'] & PatientPorts['keys'];
}

/** Beside everything else; a search finds what has come from elsewhere once this has seen it. */
export function indexInBackground(
  repository: Repository,
  ports: Omit<ReindexPorts, 'hashOf' | 'onIndexed' | 'isClosed'> & {
    readonly onProblem: (what: string, error: unknown) => void;
  },
): () => void {
  let isClosed = false;
  const { hashOf } = repository;
  const onIndexed = (organisationId: OrganisationId) => repository.noteChange(organisationId);
  indexAll({ ...ports, hashOf, onIndexed, isClosed: () => isClosed }).catch((error: unknown) => {
    if (!isClosed) ports.onProblem('index documents', error);
  });
  return () => {
    isClosed = true;
  };
}

export function openFhir(parts: FhirParts): Repository {
  const { registry, categoryOf, telemetry, keys, ...ports } = parts;
  const patients = new Patients({ registry, categoryOf, keys });
  const readings = new ReadingsById({ registry, telemetry });
  return new Repository({ ...ports, keys, patients, readings });
}
