import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Link, useParams } from '@tanstack/react-router';
import { subjectsQuery } from '../api/queries.ts';
import { ErrorState, MissingState } from '../frame/list-states.tsx';
import { useSubjectLive } from '../live/live-context.tsx';
import { Findings } from './findings.tsx';
import { PatientHeader } from './patient-header.tsx';
import classes from './patient-page.module.css';
import { Timeline } from './timeline.tsx';

export const Route = createLazyRoute('/workspace/patients/$id')({ component: PatientPage });

function PatientPage() {
  const { id } = useParams({ from: '/workspace/patients/$id' });
  const { data: subjects, error, refetch } = useQuery(subjectsQuery);
  const subject = subjects?.find((one) => one.id === id);
  if (subjects === undefined) {
    if (error !== null) {
      return (
        <ErrorState
          title="The patient cannot be loaded"
          forWhom="Whoever treats this patient sees the record."
          error={error}
          retry={() => void refetch()}
        />
      );
    }
    return <main className={classes.page} aria-busy="true" />;
  }
  if (subject === undefined) {
    return (
      <MissingState
        title="There is no such patient"
        text="Nobody with this id, or nobody whom you may see."
      >
        <Link to="/patients">All patients</Link>
      </MissingState>
    );
  }
  const into = subjects.find((one) => one.id === subject.mergedInto);
  return <Present key={subject.id} subject={subject} into={into} />;
}

interface PresentProps {
  readonly subject: SubjectView;
  /** The record that goes on for this one. */
  readonly into: SubjectView | undefined;
}

function Present({ subject, into }: PresentProps) {
  useSubjectLive(subject.id);
  return (
    <main className={classes.page}>
      <PatientHeader subject={subject} into={into} />
      <div className={classes.body}>
        <Findings subject={subject} />
        <Timeline subject={subject} />
      </div>
    </main>
  );
}
