import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { emergenciesQuery } from '../api/access-queries.ts';
import { subjectsQuery } from '../api/queries.ts';
import { useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import { Icon } from '../theme/icon.tsx';
import { nameText } from '../vitals/identity-text.ts';
import { durationText } from '../vitals/number-text.ts';
import classes from './emergency-banner.module.css';

/** For as long as a record is open by emergency access, on every page. */
export function EmergencyBanner() {
  const { data: open } = useQuery(emergenciesQuery);
  const { data: subjects } = useQuery(subjectsQuery);
  const nowMs = useNow(1_000);
  const lasting = open?.filter(({ until }) => Date.parse(until) > nowMs) ?? [];
  return lasting.map(({ subjectId, until }) => {
    const subject = subjects?.find(({ id }) => id === subjectId);
    const untilMs = Date.parse(until);
    return (
      <section
        key={`${subjectId} ${until}`}
        className={classes.banner}
        aria-label="Emergency access"
      >
        <Icon name="triangle-alert" size={16} />
        <p>
          <b>Emergency access</b> to{' '}
          <Link to="/patients/$id" params={{ id: subjectId }}>
            {subject === undefined ? 'this record' : nameText(subject.identity)}
          </Link>
          {subject !== undefined && ` (${subject.identity.recordNumber})`} until{' '}
          {momentWords(untilMs)}, {durationText(untilMs - nowMs)} left. It is reviewed.
        </p>
      </section>
    );
  });
}
