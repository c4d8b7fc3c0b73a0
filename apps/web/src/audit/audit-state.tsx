import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import parts from '../access/access-page.module.css';
import { auditHeadsQuery } from '../api/audit-queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import classes from './audit-entries.module.css';
import { stateOf } from './audit-words.ts';

/** Whether the audit is whole, signed, and elsewhere; loud where it is not, or nobody knows. */
export function AuditState({ leadsOn = false }: { readonly leadsOn?: boolean }) {
  const { data: heads, error, refetch } = useQuery(auditHeadsQuery);
  // What was told minutes ago is not what is: a server that does not answer is said to.
  const isStale = heads !== undefined && error !== null;
  return (
    <section className={`card ${parts.part}`} aria-label="State of the audit">
      {heads === undefined && error === null && <div className={`skeleton ${parts.bone}`} />}
      {error !== null && (
        <ErrorState
          title={isStale ? 'The state of the audit is not known now' : 'The state cannot be loaded'}
          error={error}
          retry={() => void refetch()}
          forWhom="Auditors see in what state the audit is."
        />
      )}
      {heads !== undefined && !isStale && <Told state={stateOf(heads)} found={heads.verified} />}
      {leadsOn && (
        <Link to="/audit/entries" className={classes.on}>
          Look through all acts and looks
        </Link>
      )}
    </section>
  );
}

interface ToldProps {
  readonly state: ReturnType<typeof stateOf>;
  readonly found: { readonly found: readonly { what: string; id: string; why: string }[] } | null;
}

function Told({ state: { tone, title, problems, calm }, found }: ToldProps) {
  return (
    <div
      className={classes.state}
      data-tone={tone}
      data-testid="audit-state"
      role={tone === 'wrong' ? 'alert' : undefined}
    >
      <h2>{title}</h2>
      {problems.map((one) => (
        <p key={one} className={classes.problem}>
          {one}
        </p>
      ))}
      {found !== null && found.found.length > 0 && (
        <ul className={classes.faults}>
          {found.found.map(({ what, id, why }) => (
            <li key={`${what} ${id} ${why}`}>
              <b>{what}</b> {id}: {why}
            </li>
          ))}
        </ul>
      )}
      {calm.map((one) => (
        <p key={one}>{one}</p>
      ))}
    </div>
  );
}
