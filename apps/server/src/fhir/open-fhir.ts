/** The room's documents, on the database and keys of the server. */
import { type PatientPorts, Patients } from './patients.ts';
import { indexAll, type ReindexPorts } from './reindex.ts';
import { Repository, type RepositoryPorts } from './repository.ts';

interface FhirParts
  extends Omit<RepositoryPorts, 'patients'>,
    Pick<PatientPorts, 'registry' | 'categoryOf'> {
  readonly keys: RepositoryPorts['keys'] & { readonly isShredded: PatientPorts['isShredded'] };
}

/** Beside everything else; a search finds what has come from elsewhere once this has seen it. */
export function indexInBackground(
  repository: Repository,
  ports: Omit<ReindexPorts, 'hashOf' | 'isClosed'> & {
    readonly onProblem: (what: string, error: unknown) => void;
  },
): () => void {
  let isClosed = false;
  const { hashOf } = repository;
  indexAll({ ...ports, hashOf, isClosed: () => isClosed }).catch((error: unknown) => {
    if (!isClosed) ports.onProblem('index documents', error);
  });
  return () => {
    isClosed = true;
  };
}

export function openFhir({ registry, categoryOf, keys, ...ports }: FhirParts): Repository {
  const patients = new Patients({ registry, categoryOf, isShredded: keys.isShredded });
  return new Repository({ ...ports, keys, patients });
}
