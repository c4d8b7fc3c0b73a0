import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { subjectsQuery } from '../api/queries.ts';
import { useMay } from '../api/use-may.ts';
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

const NOT_LOADED = {
  title: 'The patients cannot be loaded',
  forWhom: 'Patients are shown to whoever treats them.',
};
const NOBODY_SHOWN = {
  title: 'No patient is shown to you',
  text: 'Patients are shown to whoever treats them: to their care team, and to who is on shift where they lie.',
};

/** All patients, for a screen that is about all of them; `whenEmpty` says how to get the first. */
export function usePatients(whenEmpty: {
  readonly title: string;
  readonly text: string;
}): Patients {
  const may = useMay();
  const { data: subjects, error, refetch } = useQuery(subjectsQuery);
  if (subjects === undefined && error !== null) {
    const retry = () => void refetch();
    return { subjects, instead: <ErrorState {...NOT_LOADED} error={error} retry={retry} /> };
  }
  if (subjects?.length === 0) {
    if (!may('search identity')) return { subjects, instead: <EmptyState {...NOBODY_SHOWN} /> };
    return { subjects, instead: <EmptyState {...whenEmpty} commands={FIRST_PATIENT_COMMANDS} /> };
  }
  return { subjects, instead: undefined };
}
