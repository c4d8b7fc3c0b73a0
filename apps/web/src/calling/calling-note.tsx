import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { callingQuery } from '../api/calling-queries.ts';
import classes from './calling-note.module.css';

/** Said beside the alarms: an alarm must never seem to be escalated when it is not. */
export function CallingNote() {
  const { data } = useQuery(callingQuery);
  return (
    <p className={classes.note} data-testid="calling-note">
      {data === undefined ? '' : WORDS[data.unreached > 0 ? 'unreached' : data.state]}{' '}
      <Link to="/on-call">Who is on call</Link>
    </p>
  );
}

const WORDS = {
  nobody: 'Nobody is called beyond screens.',
  calling: 'Unanswered alarms are called by the policy of the house.',
  unreached: 'An alarm reaches nobody that the policy names.',
} as const;
