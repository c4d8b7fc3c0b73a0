import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import { teamQuery, useMayOf } from '../api/access-queries.ts';
import { useMay } from '../api/use-may.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { PatientFrame } from '../patient/patient-frame.tsx';
import classes from './access-page.module.css';
import { AddToTeam } from './add-to-team.tsx';
import { GrantForm } from './grant-form.tsx';
import { Houses } from './houses.tsx';
import { TeamList } from './team-list.tsx';

export const Route = createLazyRoute('/workspace/patients/$id/team')({ component: CareTeamPage });

function CareTeamPage() {
  return <PatientFrame>{(subject) => <CareTeam subject={subject} />}</PatientFrame>;
}

/** Who treats a patient, who speaks for them, and which other houses the record is opened to. */
function CareTeam({ subject: { id } }: { readonly subject: SubjectView }) {
  const { data, error, refetch } = useQuery(teamQuery(id));
  const mayOf = useMayOf(id);
  const may = useMay();
  if (data === undefined && error !== null) {
    return (
      <ErrorState
        title="The care team cannot be loaded"
        error={error}
        retry={() => void refetch()}
        forWhom="Whoever treats this patient sees the care team."
      />
    );
  }
  const isGranting = may('administer policy');
  return (
    <div className={classes.body}>
      <div className={classes.column}>
        <section className={`card ${classes.part}`} aria-label="Care team">
          <h2>Care team</h2>
          {data === undefined ? (
            <div className={`skeleton ${classes.bone}`} />
          ) : (
            <TeamList
              subjectId={id}
              team={data.team}
              mayEnd={(kind) =>
                kind === 'self' || kind === 'proxy' ? isGranting : mayOf('change placement')
              }
            />
          )}
          <p className={classes.quiet}>
            Whoever is on shift where the patient lies treats them as well, and stands in no list.
          </p>
        </section>
        {mayOf('change placement') && <AddToTeam subjectId={id} team={data?.team ?? []} />}
      </div>
      <div className={classes.column}>
        <section className={`card ${classes.part}`} aria-label="Other houses">
          <h2>Other houses</h2>
          {data === undefined ? (
            <div className={`skeleton ${classes.bone}`} />
          ) : (
            <Houses subjectId={id} grants={data.houses} mayWithdraw={isGranting} />
          )}
          {!isGranting && <p className={classes.quiet}>An administrator opens a record to them.</p>}
        </section>
        {isGranting && <GrantForm subjectId={id} />}
      </div>
    </div>
  );
}
