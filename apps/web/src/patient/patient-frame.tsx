import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ClosedRecord } from '../access/closed-record.tsx';
import { myAccessQuery } from '../api/access-queries.ts';
import { subjectsQuery } from '../api/queries.ts';
import { ErrorState, MissingState } from '../frame/list-states.tsx';
import { useSubjectLive } from '../live/live-context.tsx';
import { PatientHeader } from './patient-header.tsx';
import classes from './patient-page.module.css';
import { PatientTabs } from './patient-tabs.tsx';

interface PatientFrameProps {
  readonly children: (subject: SubjectView) => ReactNode;
}

/** Every page of one patient: who it is stands above, and a record that is closed says so. */
export function PatientFrame({ children }: PatientFrameProps) {
  const { id = '' } = useParams({ strict: false });
  const { data: subjects, error, refetch } = useQuery(subjectsQuery);
  const { data: access } = useQuery(myAccessQuery(id));
  const subject = subjects?.find((one) => one.id === id);
  if (subjects === undefined && error !== null) {
    return (
      <ErrorState
        title="The patient cannot be loaded"
        forWhom="Whoever treats this patient sees the record."
        error={error}
        retry={() => void refetch()}
      />
    );
  }
  if (subjects === undefined || (subject === undefined && access === undefined)) {
    return <main className={classes.page} aria-busy="true" />;
  }
  if (subject !== undefined) {
    const into = subjects.find((one) => one.id === subject.mergedInto);
    return (
      <Present key={subject.id} subject={subject} into={into}>
        {children}
      </Present>
    );
  }
  if (access?.opensInEmergency === true) return <ClosedRecord subjectId={id} />;
  return (
    <MissingState
      title="There is no such patient"
      text="Nobody with this id, or nobody whom you may see."
    >
      <Link to="/patients">All patients</Link>
    </MissingState>
  );
}

interface PresentProps extends PatientFrameProps {
  readonly subject: SubjectView;
  /** The record that goes on for this one. */
  readonly into: SubjectView | undefined;
}

function Present({ subject, into, children }: PresentProps) {
  useSubjectLive(subject.id);
  return (
    <main className={classes.page}>
      <PatientHeader subject={subject} into={into} />
      <PatientTabs subject={subject} />
      {children(subject)}
    </main>
  );
}
