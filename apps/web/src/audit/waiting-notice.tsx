import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { waitingQuery } from '../api/oversight-queries.ts';
import { useMay } from '../api/use-may.ts';
import classes from '../patients/refused-admissions.module.css';
import { Icon } from '../theme/icon.tsx';
import { waitingWords } from './unusual-words.ts';

/** To whoever keeps the audit, on every page but that of the audit. A row of its own: it covers nothing. */
export function WaitingNotice() {
  const mayReview = useMay()('search audit');
  const { data } = useQuery({ ...waitingQuery, enabled: mayReview });
  const path = useLocation({ select: ({ pathname }) => pathname });
  const words = data && waitingWords(data);
  if (words === undefined || path === '/audit') return null;
  return (
    <section className={classes.notice} aria-label="To be reviewed" role="status">
      <Icon name="scroll-text" size={16} />
      <p>{words}</p>
      <Link to="/audit">Review</Link>
    </section>
  );
}
