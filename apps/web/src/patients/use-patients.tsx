import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { subjectsQuery } from '../api/queries.ts';
import { EmptyState, ErrorState } from '../frame/list-states.tsx';

interface Patients {
  /** Undefined while they are being loaded. */
  readonly subjects: readonly SubjectView[] | undefined;
  /** What stands in place of the screen: they cannot be loaded, or there are none. */
  readonly instead: ReactNode | undefined;
}

const FIRST_PATIENT_COMMANDS = [
  // Without a category no limit watches over the patient.
  'npx ausculta subject add "Rivera, Ana" --category adult',
  'npx ausculta device add patch-1 --subject ID',
];

/** All patients, for a screen that is about all of them; `whenEmpty` says how to get the first. */
export function usePatients(whenEmpty: {
  readonly title: string;
  readonly text: string;
}): Patients {
  const { data: subjects, error, refetch } = useQuery(subjectsQuery);
  if (subjects === undefined && error !== null) {
    const retry = () => void refetch();
    const title = 'The patients cannot be loaded';
    return { subjects, instead: <ErrorState title={title} error={error} retry={retry} /> };
  }
  if (subjects?.length === 0) {
    return { subjects, instead: <EmptyState {...whenEmpty} commands={FIRST_PATIENT_COMMANDS} /> };
  }
  return { subjects, instead: undefined };
}
