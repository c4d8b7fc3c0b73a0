/** When the stays were that grants are about: as their Encounters say now, and not as they said when it was given. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Repository } from './repository.ts';
import { type Stay, stayIn, stayOf } from './stay-of.ts';
import type { WriteWatch, WrittenDocument } from './write-watch.ts';

const ENCOUNTER = 'Encounter';

export interface GrantedStay {
  readonly organisationId: OrganisationId;
  readonly encounterId: string;
  readonly subjectId: SubjectId;
}

export interface KeptStays {
  readonly granted: () => readonly GrantedStay[];
  /** Undefined: there is no such stay, so nothing was measured in it. */
  readonly setStay: (of: GrantedStay, stay: Stay | undefined) => void;
}

type Repositories = Pick<Repository, 'read' | 'behind'>;

export async function readStays(repository: Repositories, kept: KeptStays): Promise<void> {
  for (const granted of kept.granted())
    kept.setStay(granted, await stayOf(repository, granted.organisationId, granted));
}

export function keepingStays(
  watch: WriteWatch,
  repository: Repositories,
  kept: KeptStays,
): WriteWatch {
  const grantedBy = (
    organisationId: OrganisationId,
    { document: { type, id } }: WrittenDocument,
  ) =>
    type === ENCOUNTER
      ? kept
          .granted()
          .filter((one) => one.encounterId === id && one.organisationId === organisationId)
      : [];
  return {
    prepare: watch.prepare,
    isConcerned: (organisationId, documents) =>
      documents.some((one) => grantedBy(organisationId, one).length > 0) ||
      watch.isConcerned(organisationId, documents),
    written: async (tx, organisationId, requests) => {
      const done = await watch.written(tx, organisationId, requests);
      return () => {
        done();
        for (const written of requests.flatMap(({ documents }) => documents))
          for (const granted of grantedBy(organisationId, written))
            kept.setStay(granted, stayIn(written.document.text, granted, repository));
      };
    },
  };
}
