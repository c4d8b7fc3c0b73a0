import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import classes from '../access/access-page.module.css';
import { directoryQuery, useMayOf } from '../api/access-queries.ts';
import { consentsQuery } from '../api/consent-queries.ts';
import { EmptyState, ErrorState } from '../frame/list-states.tsx';
import { PatientFrame } from '../patient/patient-frame.tsx';
import { momentWords } from '../patient/time-words.ts';
import { ConsentRow } from './consent-row.tsx';
import { type ConsentRead, readConsent } from './consent-words.ts';
import { KeepBackForm } from './keep-back-form.tsx';

export const Route = createLazyRoute('/workspace/patients/$id/consents')({
  component: ConsentsPage,
});

function ConsentsPage() {
  return <PatientFrame>{(subject) => <Consents subject={subject} />}</PatientFrame>;
}

const FOR_WHOM =
  'Whoever treats this patient, the patient and who speaks for them see what was decided.';

/** What a person has decided on who sees their record; what decides nothing any more stands last. */
function Consents({ subject: { id } }: { readonly subject: SubjectView }) {
  const may = useMayOf(id);
  const { data: consents, error, refetch } = useQuery(consentsQuery(id));
  const nameOf = useNames();
  if (!may('read consents')) {
    return <EmptyState title="This is not for your role" text={FOR_WHOM} />;
  }
  if (consents === undefined && error !== null) {
    return (
      <ErrorState
        title="The decisions cannot be loaded"
        error={error}
        retry={() => void refetch()}
        forWhom={FOR_WHOM}
      />
    );
  }
  const words = { nameOf, moment: momentWords };
  const all = consents?.map((consent) => ({ consent, read: readConsent(consent, words) })) ?? [];
  const isHolding = ({ read }: { read: ConsentRead }) =>
    read.state === 'in-force' || read.state === 'unreadable';
  return (
    <div className={classes.body}>
      <section className={`card ${classes.part}`} aria-label="What was decided">
        <h2>What was decided</h2>
        {consents === undefined && <div className={`skeleton ${classes.bone}`} />}
        {consents !== undefined && !all.some(isHolding) && (
          <p>Nothing is kept back: whoever treats this patient sees what treating them needs.</p>
        )}
        <ul className={classes.rows}>
          {[...all.filter(isHolding), ...all.filter((one) => !isHolding(one))].map((one) => (
            <ConsentRow
              key={one.consent.id}
              subjectId={id}
              {...one}
              mayWithdraw={may('change consents')}
            />
          ))}
        </ul>
        <p className={classes.quiet}>
          Whoever is on shift hears every alarm whatever was decided, and sees whose it is and the
          strip while it waits for an answer.
        </p>
      </section>
      {may('create consents') && <KeepBackForm subjectId={id} />}
    </div>
  );
}

/** By account, of those who treat here; another is named by what stands in the document. */
function useNames(): (reference: string) => string {
  const { data: directory } = useQuery(directoryQuery);
  return (reference) => {
    const [type, id] = reference.split('/');
    const person = directory?.people.find((one) => one.id === id);
    if (person !== undefined) return person.name;
    return type === 'Organization' ? 'another house' : 'somebody who is not in the directory';
  };
}
