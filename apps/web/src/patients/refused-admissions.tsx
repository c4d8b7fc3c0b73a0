import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { refusedAdmissionsQuery, subjectsQuery } from '../api/queries.ts';
import { momentWords } from '../patient/time-words.ts';
import { Icon } from '../theme/icon.tsx';
import { admissionWords } from './admission-words.ts';
import classes from './refused-admissions.module.css';

const HERE = 'refused-admissions';

/** On every page but that of the list. A row of its own: it covers nothing. */
export function RefusedAdmissionsNotice() {
  const { data: refused = [] } = useQuery(refusedAdmissionsQuery);
  const path = useLocation({ select: ({ pathname }) => pathname });
  if (refused.length === 0 || path === '/patients') return null;
  const one = refused.length === 1;
  return (
    <section className={classes.notice} aria-label="Refused admissions" role="status">
      <Icon name="triangle-alert" size={16} />
      <p>
        {one ? 'A message' : `${refused.length} messages`} of the admission system{' '}
        {one ? 'was' : 'were'} refused: a bed may be another patient’s.
      </p>
      <Link to="/patients" hash={HERE}>
        See what to do
      </Link>
    </section>
  );
}

/** Each with its reason, and what to do about it; gone when it is settled. */
export function RefusedAdmissions() {
  const { data: refused = [] } = useQuery(refusedAdmissionsQuery);
  const { data: subjects = [] } = useQuery(subjectsQuery);
  if (refused.length === 0) return null;
  return (
    <section id={HERE} className={`card ${classes.card}`} aria-label="Refused admissions">
      <h2>
        <Icon name="triangle-alert" size={20} />
        The admission system contradicts itself
      </h2>
      <ul>
        {refused.map((each) => {
          const { title, why, mend } = admissionWords(each, subjects);
          return (
            <li key={each.id}>
              <details open={refused.length === 1}>
                <summary>{title}</summary>
                <p>{why}</p>
                <p>
                  <b>What to do: </b>
                  {mend}
                </p>
                <small>
                  {momentWords(Date.parse(each.receivedAt))}, from {each.sender}
                </small>
              </details>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
